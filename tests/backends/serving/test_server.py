"""The real processes on real sockets: our server, and label-studio-ml's own."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.backends.files import TOKEN, Files
from tests.backends.servers import ROOT, free_port, serve_backend, wait_for_health

pytestmark = pytest.mark.integration

FOREIGN = "tests.backends.serving.foreign"
AUTH = ("labeler", "s3cret")
CONFIG = (ROOT / "templates" / "labeling" / "garments.xml").read_text()
DEMO_SEGMENTATION = ROOT / "backends" / "segmentation" / "demo"
DEMO_SAM = ROOT / "backends" / "segment_anything_model" / "demo" / "sam_small.safetensors"


def test_health_answers_while_a_real_model_loads_before_its_check_gives_up(tmp_path: Path) -> None:
    """The image's health check waits 3 s; the one of `make demo` does, too."""
    slowest, states = 0.0, []
    environment = {
        "MODEL_CLASS": "backends.segmentation.backend:SegmentationBackend",
        "SEGMENTATION_MODEL": str(DEMO_SEGMENTATION),
    }
    with serve_backend(tmp_path / "log", **environment) as url:
        deadline = time.monotonic() + 120
        while (not states or states[-1] != 200) and time.monotonic() < deadline:
            started = time.monotonic()
            try:
                states.append(requests.get(f"{url}/health", timeout=5).status_code)
            except requests.ConnectionError:
                time.sleep(0.02)
                continue
            slowest = max(slowest, time.monotonic() - started)
            time.sleep(0.02)
    assert states[0] == 503
    assert states[-1] == 200
    assert slowest < 3


def test_a_server_that_is_told_so_ends_when_its_model_cannot_be_loaded(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "MODEL_CLASS": f"{FOREIGN}:Missing",
        "PORT": str(free_port()),
        "EXIT_WITHOUT_MODEL": "true",
    }
    command = [sys.executable, "-m", "backends.serving"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 3
    assert "is not a subclass of label_studio_ml's LabelStudioMLBase" in done.stderr


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our server with somebody else's model."""
    log = tmp_path_factory.mktemp("foreign") / "log"
    environment = {
        "MODEL_CLASS": f"{FOREIGN}:Plain",
        "BASIC_AUTH_USER": AUTH[0],
        "BASIC_AUTH_PASS": AUTH[1],
        "MAX_BODY_MB": "1",
    }
    with serve_backend(log, **environment) as address:
        wait_for_health(address)
        yield address
    assert AUTH[1] not in log.read_text()


class TestOurServerWithAForeignModel:
    def test_it_passes_the_contract(self, url: str) -> None:
        setup = requests.post(f"{url}/setup", json={"schema": CONFIG}, auth=AUTH, timeout=3)
        assert setup.json() == {"model_version": "plain-1"}
        tasks = [{"id": n, "data": {"image": name}} for n, name in enumerate(["a", "bad", "c"])]
        answer = requests.post(f"{url}/predict", json={"tasks": tasks}, auth=AUTH, timeout=5)
        assert [bool(item) for item in answer.json()["results"]] == [True, False, True]
        assert "Traceback" not in answer.text
        webhook = requests.post(f"{url}/webhook", json={"action": "x"}, auth=AUTH, timeout=1)
        assert webhook.status_code == 201
        assert requests.post(f"{url}/predict", json={"tasks": tasks}, timeout=5).status_code == 401

    def test_a_body_over_the_limit_is_refused_also_without_a_declared_length(
        self, url: str
    ) -> None:
        def chunks() -> Iterator[bytes]:
            for _ in range(40):
                yield b"x" * 65536

        try:
            answer = requests.post(f"{url}/predict", data=chunks(), auth=AUTH, timeout=10)
        except requests.ConnectionError:
            return  # The refusal may arrive while the rest is still being sent.
        assert answer.status_code == 413

    def test_slow_senders_do_not_stop_the_others(self, url: str) -> None:
        host, _, port = url.removeprefix("http://").partition(":")
        idle = []
        for _ in range(8):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            idle.append(connection)
        started = time.monotonic()
        assert requests.get(f"{url}/health", timeout=5).status_code == 200
        assert time.monotonic() - started < 1
        for connection in idle:
            connection.close()


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server whose model may be stuck, or lose its device; and its log."""
    log = tmp_path_factory.mktemp("stuck") / "log"
    with serve_backend(log, MODEL_CLASS=f"{FOREIGN}:Stuck") as address:
        wait_for_health(address)
        yield address, log


def test_as_many_stuck_requests_as_are_let_in_stop_neither_health_nor_setup(
    stuck: tuple[str, Path],
) -> None:
    url, _ = stuck
    body = {"tasks": [{"id": 1, "data": {"image": "stuck"}}]}
    statuses: list[int] = []

    def ask() -> None:
        statuses.append(requests.post(f"{url}/predict", json=body, timeout=60).status_code)

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    time.sleep(1)
    started = time.monotonic()
    refused = requests.post(f"{url}/predict", json=body, timeout=60)
    took = [time.monotonic() - started]
    for _ in range(5):
        for method, path in (("GET", "/health"), ("POST", "/setup")):
            started = time.monotonic()
            answer = requests.request(method, url + path, json={"schema": ""}, timeout=5)
            assert answer.status_code == 200
            took.append(time.monotonic() - started)
    still_stuck = not statuses
    for thread in threads:
        thread.join()
    print(f"/health and /setup beside 16 stuck requests: {max(took) * 1000:.0f} ms at most")
    assert still_stuck
    assert statuses == [200] * 16
    assert max(took) < 1
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    assert "16 requests are being answered" in refused.reason


def test_a_worker_whose_device_is_lost_ends_and_another_one_starts(
    stuck: tuple[str, Path],
) -> None:
    url, log = stuck
    before = log.read_text()

    def ask(image: str) -> requests.Response:
        body = {"tasks": [{"id": 1, "data": {"image": image}}]}
        return requests.post(f"{url}/predict", json=body, timeout=10)

    assert ask("lost").status_code == 503
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if ask("a").status_code == 200:
                break
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    assert ask("a").status_code == 200
    said = log.read_text().removeprefix(before)
    assert said.count("Booting worker with pid") == 1
    assert "the device is lost (CUDA error: device-side assert triggered)" in said


def test_nine_users_at_once_over_real_sockets(url: str) -> None:
    wrong: list[str] = []

    def user(name: str) -> None:
        with requests.Session() as session:
            for step in range(5):
                body = {"tasks": [{"id": step, "data": {"image": f"{name}-{step}"}}]}
                answer = session.post(f"{url}/predict", json=body, auth=AUTH, timeout=60).json()
                choice = answer["results"][0]["result"][0]["value"]["choices"][0]
                if choice != f"{name}-{step}":
                    wrong.append(choice)

    users = [threading.Thread(target=user, args=(str(number),)) for number in range(9)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("name", ["segmentation", "segment_anything_model"])
def test_our_backends_answer_under_label_studio_mls_own_server(
    name: str, files: Files, tmp_path: Path
) -> None:
    classes = {
        "segmentation": "backends.segmentation.backend:SegmentationBackend",
        "segment_anything_model": "backends.segment_anything_model.backend:SegmentAnythingBackend",
    }
    module, _, class_name = classes[name].partition(":")
    port = free_port()
    script = tmp_path / "_wsgi.py"
    script.write_text(
        f"from label_studio_ml.api import init_app\nfrom {module} import {class_name}\n"
        f"init_app({class_name}, model_dir={str(tmp_path / 'models')!r})"
        f".run(host='127.0.0.1', port={port}, threaded=True)\n"
    )
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "SEGMENTATION_MODEL": str(DEMO_SEGMENTATION),
        "SAM_CHECKPOINT": str(DEMO_SAM),
        "LABEL_STUDIO_URL": files.url,
        "LABEL_STUDIO_API_KEY": TOKEN,
    }
    image = np.full((96, 64, 3), 230, np.uint8)
    image[30:70, 20:45] = (200, 30, 40)
    task = {"id": 1, "data": {"image": files.put("a.png", image)}}
    prompt = {
        "type": "keypoint",
        "from_name": "point",
        "to_name": "image",
        "value": {"x": 50, "y": 50, "width": 1, "labels": ["dress"]},
    }
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, str(script)], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for_health(url)
        setup = {"project": "1.1", "schema": CONFIG, "hostname": files.url, "access_token": TOKEN}
        assert requests.post(f"{url}/setup", json=setup, timeout=60).status_code == 200
        body = {
            "tasks": [task],
            "project": "1.1",
            "label_config": CONFIG,
            "params": {"login": None, "password": None, "context": {"result": [prompt]}},
        }
        answer = requests.post(f"{url}/predict", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        (prediction,) = answer.json()["results"]
        assert isinstance(prediction["result"], list)
        assert prediction["model_version"].startswith(
            "demo@" if name == "segmentation" else "sam-small@"
        )
        if name == "segment_anything_model":
            painted, named = prediction["result"]
            assert painted["type"] == "brush"
            assert named["value"]["labels"] == ["dress"]
    finally:
        server.terminate()
        server.wait(20)
