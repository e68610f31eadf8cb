"""What is asked of a backend, and what is made of answers like our backend's."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from studio import preparing
from studio.errors import BackendError
from studio.label_studio.records import Task
from studio.preparing import Prepared
from studio.project.project_file import Backend


class Answers(BaseHTTPRequestHandler):
    """Each task is ready when it is asked for a second time, but for those that never are."""

    asked: list[dict[str, Any]]
    status = 200
    on_disk = True

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = [task["id"] for before in self.asked for task in before["tasks"]]
        self.asked.append({**body, "auth": self.headers["Authorization"]})
        states = [self.state(task["id"], known) for task in body["tasks"]]
        answer = json.dumps({"tasks": states, "on_disk": self.on_disk}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def state(self, task: int, known: list[int]) -> dict[str, Any]:
        if task == 3:
            return {"id": 3, "state": "failed", "kind": "cannot", "reason": "is damaged"}
        return {"id": task, "state": "ready" if task in known else "waiting"}

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@contextmanager
def backend(**facts: Any) -> Iterator[tuple[Backend, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []
    handler = type("Handler", (Answers,), {"asked": asked, **facts})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        yield Backend(title="sam", url=url, user="u", password=SecretStr("p")), asked
        server.shutdown()


def tasks(count: int) -> list[Task]:
    return [
        Task(n, {"image": f"/{n}.png", "source": f"{n}.png"}, (), 0, 0, "") for n in range(count)
    ]


def test_all_tasks_are_asked_for_until_they_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "POLL_SECONDS", 0.0)
    prepared, told = Prepared(), []
    with backend() as (sam, asked):
        preparing._prepare_all(
            sam, "<View/>", tasks(100), prepared, lambda: told.append(prepared.ready)
        )
    assert prepared.ready == 99
    assert [task.source for task in prepared.failed["is damaged"]] == ["3.png"]
    assert prepared.exit_status == 4
    assert max(len(one["tasks"]) for one in asked) == preparing.AT_A_TIME
    assert asked[0]["tasks"][1] == {"id": 1, "data": {"image": "/1.png", "source": "1.png"}}
    assert (asked[0]["label_config"], asked[0]["why"]) == ("<View/>", "created")
    assert asked[0]["auth"].startswith("Basic ")
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"status": 404}, "cannot look at images before a click"),
        ({"status": 401}, "refused: 401"),
        ({"on_disk": False}, "start it with SAM_DISK_FOLDER"),
    ],
)
def test_a_backend_that_cannot_is_said(facts: dict[str, Any], said: str) -> None:
    with backend(**facts) as (sam, _), pytest.raises(BackendError, match=said):
        preparing._prepare_all(sam, "<View/>", tasks(1), Prepared(), lambda: None)


def test_one_that_is_not_there_is_said() -> None:
    with backend() as (sam, _):
        pass
    with pytest.raises(BackendError, match="gives no answer"):
        preparing._prepare_all(sam, "<View/>", tasks(1), Prepared(), lambda: None)
