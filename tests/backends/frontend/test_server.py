"""The real Label Studio as `python -m backends.frontend` runs it."""

import ast
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
import requests

from backends.frontend.database import DATABASE_NAME
from backends.frontend.editor.changes import declared
from backends.frontend.empty_database import SQL
from backends.frontend.networks import DEFAULT_BANNED_SUBNETS
from tests.label_studio import (
    PASSWORD,
    ROOT,
    TOKEN,
    LabelStudioServer,
    environment_python,
    serve_backend,
    serve_label_studio,
)

pytestmark = pytest.mark.integration

PICTURE = (Path(__file__).parents[2] / "studio" / "picture.png").read_bytes()
USERS = 9
ANNOTATIONS = 5
CONFIG = """<View><Image name="image" value="$image"/>
<BrushLabels name="tag" toName="image"><Label value="dress"/></BrushLabels></View>"""


def make_tasks(server: LabelStudioServer, title: str, count: int) -> list[int]:
    project = server.request(
        "POST", "/api/projects/", json={"title": title, "label_config": CONFIG}
    ).json()["id"]
    data = [{"data": {"image": f"gs://bucket/{number}.jpg"}} for number in range(count)]
    path = f"/api/projects/{project}/import?return_task_ids=true"
    return server.request("POST", path, json=data).json()["task_ids"]


def annotate(server: LabelStudioServer, task: int) -> int:
    value = {"format": "rle", "rle": [0] * 5000, "brushlabels": ["dress"]}
    region = {"from_name": "tag", "to_name": "image", "type": "brushlabels", "value": value}
    path = f"/api/tasks/{task}/annotations/"
    return server.request("POST", path, json={"result": [region]}).json()["id"]


def test_nine_people_save_at_the_same_moment(server: LabelStudioServer) -> None:
    tasks = make_tasks(server, "nine people", USERS)
    saved: list[int] = []

    def work(task: int) -> None:
        for _ in range(ANNOTATIONS):
            # A database that stays locked is an answer without an id.
            saved.append(annotate(server, task))

    people = [threading.Thread(target=work, args=(task,)) for task in tasks]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert len(set(saved)) == USERS * ANNOTATIONS
    stored = [len(server.get(f"/api/tasks/{task}/annotations/").json()) for task in tasks]
    assert stored == [ANNOTATIONS] * USERS


def test_what_was_saved_survives_a_kill(tmp_path: Path) -> None:
    with serve_label_studio(tmp_path) as server:
        (task,) = make_tasks(server, "killed", 1)
        saved = [annotate(server, task) for _ in range(3)]
        # The whole process group would be the terminal's: the master and its workers, one by one.
        workers = children(server.process.pid)
        for pid in (server.process.pid, *workers):
            os.kill(pid, signal.SIGKILL)
    with serve_label_studio(tmp_path) as again:
        found = again.get(f"/api/tasks/{task}/annotations/").json()
        assert sorted(annotation["id"] for annotation in found) == saved


def children(pid: int) -> list[int]:
    """Processes that `pid` started."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, check=True)
    pairs = [line.split() for line in listed.stdout.decode().splitlines()]
    return [int(child) for child, parent in pairs if int(parent) == pid]


def test_a_second_start_does_not_prepare_the_database_again(server: LabelStudioServer) -> None:
    assert (server.data_dir / "initialised").exists(), "the template was started before"
    assert "preparing the database" not in server.log.read_text()


def test_a_first_start_runs_no_migrations_and_makes_the_secrets_of_its_own(
    server: LabelStudioServer,
) -> None:
    log = (server.data_dir / "first-start.log").read_text()
    assert "preparing the database (some seconds)" in log
    # As label_studio/server.py says before it migrates.
    assert "Initializing database" not in log
    with closing(sqlite3.connect(server.data_dir / DATABASE_NAME)) as connection:
        (invitation,) = connection.execute("SELECT token FROM organization").fetchone()
    assert len(invitation) >= 40
    assert invitation not in SQL.read_text()


def test_the_pages_own_tips_come_from_nowhere_else(server: LabelStudioServer) -> None:
    for path in ("/heidi-tips", "/heidi-tips/"):
        answer = requests.get(server.url + path, timeout=3)
        assert (answer.status_code, answer.json()) == (404, {})


def test_the_page_asks_for_the_changed_files_which_a_browser_may_keep(
    server: LabelStudioServer,
) -> None:
    # Label Studio's own address of the same file shows what is installed.
    installed = requests.get(f"{server.url}/react-app/main.js", timeout=30)
    (change,) = [one for one in declared() if one.file == "main.js"]
    html = requests.get(f"{server.url}/user/login/", timeout=30).text
    addresses = re.findall(r'(?:src|href)="([^"]*/react-app/[^"]*)"', html)
    assert all(re.match("/editor-[0-9a-f]{12}/react-app/", address) for address in addresses)
    assert addresses
    folder = addresses[0].rpartition("/")[0]
    sent = requests.get(f"{server.url}{folder}/main.js", timeout=30)
    expected = installed.content.replace(change.find.encode(), change.replace.encode())
    assert sent.content == expected != installed.content
    assert sent.headers["Content-Type"] == installed.headers["Content-Type"]
    for file in ("main.js", "runtime.js", "main.css", "main.js.map"):
        answer = requests.get(f"{server.url}{folder}/{file}", timeout=30)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable", file
    # A page that was open while the studio was updated.
    old = requests.get(f"{server.url}/editor-0/react-app/main.js", timeout=30)
    assert (old.content, old.headers["Cache-Control"]) == (sent.content, "no-cache")
    outside = requests.get(f"{server.url}{folder}/..%2f..%2f..%2f..%2fREADME.md", timeout=30)
    assert outside.status_code in (400, 404)
    assert requests.get(f"{server.url}{folder}/none.js", timeout=30).status_code == 404
    told = requests.get(f"{server.url}/api/editor-changes/", timeout=30).json()
    assert told == {"changes": {one.name: None for one in declared()}}


def test_a_page_that_was_changed_by_somebody_else_is_served_as_it_is_and_said(
    tmp_path: Path,
) -> None:
    """The file that the change was written for is gone; nobody has to do without a studio."""
    python = str(environment_python("frontend"))
    folder = tmp_path / "web" / "dist" / "apps" / "labelstudio"
    folder.mkdir(parents=True)
    (folder / "main.js").write_text("another version")
    code = (
        "import sys; from pathlib import Path; from backends.frontend import __main__ as frontend;"
        "frontend.say_what_is_not_changed(Path(sys.argv[1]))"
    )
    command = [python, "-c", code, str(tmp_path / "label_studio")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert len(done.stderr.splitlines()) == len(declared())
    assert "main.js is not the file that the change was written for" in done.stderr


def test_no_secret_is_in_a_log_or_a_command_line(server: LabelStudioServer) -> None:
    requests.get(f"{server.url}/user/signup/?token=an-invitation", timeout=30)
    # The line is written after the answer has been sent.
    deadline = time.monotonic() + 10
    while "/user/signup/" not in (log := server.log.read_text()):
        assert time.monotonic() < deadline, "requests are logged"
        time.sleep(0.05)
    pids = ",".join(map(str, (server.process.pid, *children(server.process.pid))))
    shown = subprocess.run(["ps", "-o", "args=", "-p", pids], capture_output=True, check=True)
    assert b"gunicorn" in shown.stdout
    for text in (log, shown.stdout.decode()):
        for secret in (PASSWORD, TOKEN, "an-invitation"):
            assert secret not in text


def test_other_names_of_this_machine_are_not_answered(server: LabelStudioServer) -> None:
    answer = requests.get(f"{server.url}/health", headers={"Host": "rebound.test"}, timeout=30)
    assert answer.status_code == 400


def test_addresses_outside_the_hole_stay_banned(server: LabelStudioServer) -> None:
    (task,) = make_tasks(server, "banned", 1)
    project = server.get(f"/api/tasks/{task}/").json()["project"]
    for url in ("http://169.254.169.254", "http://127.0.0.2:9090", "http://10.0.0.1:9090"):
        with pytest.raises(requests.HTTPError) as caught:
            server.request("POST", "/api/ml", json={"project": project, "url": url})
        answer = caught.value.response
        assert answer is not None
        assert "reserved network address" in answer.text
    assert server.get("/api/ml", params={"project": project}).json() == []


def test_bad_settings_are_refused_before_anything_starts(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backends.frontend"],
        cwd=ROOT,
        env={"LABEL_STUDIO_BASE_DATA_DIR": str(tmp_path / "data"), "PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    for name in ("LABEL_STUDIO_USERNAME", "LABEL_STUDIO_PASSWORD", "PORT"):
        assert name in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_banned_subnets_are_those_of_the_installed_version() -> None:
    code = "import label_studio; print(label_studio.__path__[0])"
    command = [str(environment_python("frontend")), "-c", code]
    folder = subprocess.run(command, capture_output=True, check=True, text=True).stdout.strip()
    source = (Path(folder) / "core" / "utils" / "io.py").read_text()
    lists = [
        ast.literal_eval(node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "default_banned_subnets"
    ]
    assert lists == [list(DEFAULT_BANNED_SUBNETS)]


def test_a_click_that_the_backend_cannot_answer_ends_in_a_status_that_the_page_shows(
    server: LabelStudioServer, tmp_path: Path
) -> None:
    """With 200 and `errors`, Label Studio's own answer, nothing happens on the screen."""
    asked = {"title": "clicks that fail", "label_config": CONFIG}
    project = server.request("POST", "/api/projects/", json=asked).json()["id"]
    data = [{"data": {"image": name}} for name in ("damaged", "later", "fine")]
    path = f"/api/projects/{project}/import?return_task_ids=true"
    tasks = server.request("POST", path, json=data).json()["task_ids"]

    def click(task: int) -> requests.Response:
        return requests.post(
            f"{server.url}/api/ml/{backend}/interactive-annotating",
            json={"task": task, "context": {"result": []}},
            headers={"Authorization": f"Token {server.token}"},
            timeout=60,
        )

    with serve_backend(tmp_path, "tests.backends.serving.foreign:Stuck") as model:
        body = {"project": project, "url": model.url, "title": "m", "is_interactive": True}
        backend = server.request("POST", "/api/ml/", json=body).json()["id"]
        told = [click(task) for task in tasks]
    assert [answer.status_code for answer in told] == [422, 422, 200]
    assert told[0].json()["detail"] == "damaged.jpg: is damaged"
    assert told[1].json()["detail"] == "later.jpg: its server sleeps"
    assert told[0].json()["errors"] == ["damaged.jpg: is damaged"]
    assert told[2].json()["data"]["result"]

    gone = click(tasks[2])
    assert gone.status_code == 422
    assert gone.json()["detail"].startswith("The model gives no answer: its backend is down")
    assert "127.0.0.1" not in gone.text
    # Without an account nobody learns anything.
    url = f"{server.url}/api/ml/{backend}/interactive-annotating"
    assert requests.post(url, json={"task": tasks[0]}, timeout=60).status_code == 401


def test_an_upload_that_is_gone_is_not_found_and_the_others_are_there(
    server: LabelStudioServer,
) -> None:
    """With 500, Label Studio's own answer, a backend would ask for it for ever."""
    asked = {"title": "an upload that is gone", "label_config": CONFIG}
    project = server.request("POST", "/api/projects/", json=asked).json()["id"]
    server.request("POST", f"/api/projects/{project}/import", files={"f": ("a.png", PICTURE)})
    query = {"project": project, "fields": "all"}
    (task,) = server.get("/api/tasks/", params=query).json()["tasks"]
    there = task["data"]["image"]

    def status(path: str, **headers: str) -> int:
        return requests.get(server.url + path, headers=headers, timeout=30).status_code

    with_token = {"Authorization": f"Token {server.token}"}
    assert server.get(there).content == PICTURE
    assert status(f"/data/upload/{project}/none.png", **with_token) == 404
    assert [status(path) for path in (there, f"/data/upload/{project}/none.png")] == [401, 401]
    server.request("DELETE", f"/api/tasks/{task['id']}/")
    server.request("DELETE", f"/api/projects/{project}/file-uploads", json={})
    assert status(there, **with_token) == 404


class Listening(BaseHTTPRequestHandler):
    """A backend that keeps what it is sent and answers with no mask."""

    protocol_version = "HTTP/1.1"
    predict: ClassVar[list[bytes]] = []

    def do_GET(self) -> None:
        self.answer({"status": "UP"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/predict":
            self.predict.append(body)
        self.answer({"results": [{"result": []}], "model_version": "1"})

    def answer(self, content: dict) -> None:
        sent = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_click_sends_the_task_to_the_backend_without_its_masks(
    server: LabelStudioServer,
) -> None:
    """Whatever hangs on the task: what is sent has the size of its data."""
    (task,) = make_tasks(server, "many masks", 1)
    for _ in range(3):
        annotate(server, task)
    project = server.get(f"/api/tasks/{task}/").json()["project"]
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{listening.server_port}"
        body = {"project": project, "url": url, "title": "m", "is_interactive": True}
        backend = server.request("POST", "/api/ml/", json=body).json()["id"]
        drawn = {"result": [{"id": "p", "type": "keypointlabels"}]}
        path = f"/api/ml/{backend}/interactive-annotating"
        server.request("POST", path, json={"task": task, "context": drawn})
    finally:
        listening.shutdown()
        listening.server_close()
    (sent,) = Listening.predict
    assert len(sent) < 2000
    asked = json.loads(sent)
    (item,) = asked["tasks"]
    assert (item["id"], item["project"]) == (task, project)
    assert item["data"] == {"image": "gs://bucket/0.jpg"}
    assert not {"annotations", "predictions", "drafts"} & set(item)
    assert asked["params"]["context"] == drawn
    assert asked["label_config"] == CONFIG
