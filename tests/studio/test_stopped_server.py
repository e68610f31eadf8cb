"""The images' server stops in the middle of `apply`: nothing is called done, and all is made good.

Real Label Studio, the real segmentation backend with the demo's weights, images over HTTP.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from demo.scenes.scene import draw
from tests.label_studio import ROOT, Server, free_port, serve_backend
from tests.studio.conftest import BACKEND_PASSWORD, BACKEND_USER, Workplace, backend_entry

pytestmark = pytest.mark.integration

IMAGES = 5
SERVED_FIRST = 2
# Stops itself as `kill -STOP` would, while a request waits: connections open, nothing answers.
STOPPING = f"""
import http.server, itertools, os, signal, sys, time
asked = itertools.count()
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        if next(asked) == {SERVED_FIRST}:
            os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(1)  # Another thread may take the signal, a moment later.
        super().do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def image_server(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A server of five pictures that stops after two. Its host and port, and its process."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(IMAGES):
        Image.fromarray(draw(number, (192, 128)).image).save(folder / f"{number}.png")
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", STOPPING, str(port)], cwd=folder)
    yield f"127.0.0.1:{port}", process.pid
    process.kill()
    process.wait()


@pytest.fixture
def segmentation(image_server: tuple[str, int], tmp_path: Path) -> Iterator[Server]:
    settings = {
        "SEGMENTATION_MODEL": str(ROOT / "backends" / "segmentation" / "demo"),
        "IMAGE_HOSTS": image_server[0],
        "IMAGE_TIMEOUT_SECONDS": "3",
        "BASIC_AUTH_USER": BACKEND_USER,
        "BASIC_AUTH_PASS": BACKEND_PASSWORD,
    }
    model = "backends.segmentation.backend:SegmentationBackend"
    with serve_backend(tmp_path, model, **settings) as server:
        yield server


def test_a_stopped_image_server_leaves_tasks_open_and_the_next_run_fills_them(
    workplace: Workplace, image_server: tuple[str, int], segmentation: Server
) -> None:
    host, process = image_server
    workplace.content["source"] = {"list": [f"http://{host}/{n}.png" for n in range(IMAGES)]}
    workplace.content["backends"] = [backend_entry("segmentation", segmentation.url)]

    first = workplace.run("apply")
    assert first.exit_code == 3, first.output
    # The second picture is on its way when the third one's request stops the server.
    left = [name for name, count in predictions(workplace).items() if count == 0]
    assert IMAGES - SERVED_FIRST <= len(left) < IMAGES
    assert f"{len(left)} tasks could not be pre-labelled now; run it again" in first.output
    assert "within 3 s" in first.output
    assert "\ndone: " not in first.output
    assert workplace.run("status").exit_code == 3

    os.kill(process, signal.SIGCONT)
    second = workplace.run("apply")
    assert second.exit_code == 0, second.output
    assert "\ndone: " in second.output
    assert predictions(workplace) == {f"http://{host}/{n}.png": 1 for n in range(IMAGES)}
    versions = {
        prediction["model_version"]
        for task in workplace.tasks().values()
        for prediction in task["predictions"]
    }
    assert len(versions) == 1
    assert workplace.run("status").exit_code == 0


def predictions(workplace: Workplace) -> dict[str, int]:
    """How many each task has."""
    return {name: len(task["predictions"]) for name, task in workplace.tasks().items()}
