"""Backends of a project: order, passwords, webhooks, and what is said when one is not there."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.label_studio import Server, free_port
from tests.studio.conftest import Workplace, backend_entry

pytestmark = pytest.mark.integration


def test_backends_are_registered_in_order_and_connected(with_backends: Workplace) -> None:
    with_backends.apply()
    found = [(item["title"], item["is_interactive"]) for item in with_backends.registered()]
    assert found == [("segmentation", False), ("segment-anything", True)]
    assert {item["state"] for item in with_backends.registered()} == {"CO"}
    project = with_backends.project()
    assert project["model_version"] == "segmentation"
    assert project["show_collab_predictions"] is True
    assert project["evaluate_predictions_automatically"] is False


def test_their_webhooks_are_gone_and_others_stay(
    with_backends: Workplace, backends: tuple[Server, Server]
) -> None:
    with_backends.apply()
    number = with_backends.project()["id"]
    hooks = {"project": number}
    assert with_backends.label_studio.get("/api/webhooks/", params=hooks).json() == []
    for url in (f"{backends[0].url}/webhook", f"{backends[0].url}/somebody-elses"):
        with_backends.label_studio.request(
            "POST", "/api/webhooks/", json={"project": number, "url": url}
        )
    assert "remove 1 webhook" in with_backends.apply()
    (left,) = with_backends.label_studio.get("/api/webhooks/", params=hooks).json()
    assert left["url"].endswith("/somebody-elses")


def test_another_order_is_mended(with_backends: Workplace) -> None:
    with_backends.content["backends"].reverse()
    with_backends.apply()
    with_backends.content["backends"].reverse()
    assert "registered in another order" in with_backends.apply()
    titles = [item["title"] for item in with_backends.registered()]
    assert titles == ["segmentation", "segment-anything"]
    assert with_backends.project()["model_version"] == "segmentation"
    assert all(len(task["predictions"]) == 1 for task in with_backends.tasks().values())


def test_a_backend_that_is_not_in_the_file_is_removed(with_backends: Workplace) -> None:
    with_backends.apply()
    del with_backends.content["backends"][1]
    assert "remove backend 'segment-anything'" in with_backends.apply()
    assert [item["title"] for item in with_backends.registered()] == ["segmentation"]


def test_a_new_address_and_password_are_taken_over(
    with_backends: Workplace, backends: tuple[Server, Server]
) -> None:
    with_backends.apply()
    with_backends.content["backends"] = [backend_entry("segmentation", backends[1].url)]
    assert "change backend 'segmentation': its address was" in with_backends.apply()
    (found,) = with_backends.registered()
    assert found["url"] == backends[1].url
    assert "nothing to change" in with_backends.apply()


def test_a_wrong_password_is_said_and_nothing_is_registered(
    workplace: Workplace, backends: tuple[Server, Server]
) -> None:
    entry = {**backend_entry("segmentation", backends[0].url), "password": "wrong-password"}
    workplace.content["backends"] = [entry]
    result = workplace.run("apply")
    assert result.exit_code == 1
    assert "does not accept user 'label-studio' with this password" in result.output
    assert "wrong-password" not in result.output
    assert workplace.registered() == []


def test_a_backend_that_does_not_answer_is_said_after_the_wait(workplace: Workplace) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    workplace.content["backends"] = [backend_entry("segmentation", url)]
    result = workplace.run("apply", "--wait", "1")
    assert result.exit_code == 1
    assert f"backend 'segmentation' at {url} is not up after 1 s" in result.output


class Up(BaseHTTPRequestHandler):
    """Says to everybody that it is up."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "UP"}')

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has 127.0.0.2 without asking")
def test_an_address_that_label_studio_may_not_call_is_said(workplace: Workplace) -> None:
    with ThreadingHTTPServer(("127.0.0.2", 0), Up) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.2:{server.server_port}"
        workplace.content["backends"] = [{"title": "segmentation", "url": url}]
        result = workplace.run("apply")
        server.shutdown()
    assert result.exit_code == 1
    assert f"Label Studio may not call backend 'segmentation' at {url}" in result.output
    assert "ML_BACKEND_ADDRESSES" in result.output
