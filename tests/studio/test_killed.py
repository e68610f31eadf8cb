"""`apply` is killed in the middle of an import, and run again: every image is there, and once."""

import http.client
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from studio.label_studio.importing import MAX_FILES
from tests.label_studio import ROOT
from tests.studio.conftest import Workplace

pytestmark = pytest.mark.integration

# The request of a run's import with which it is killed: each portion has one with its files and
# one that makes its tasks. So once while the second portion's files go there, once while the
# second portion's tasks are made.
KILLED_WITH = (3, 4)
IMAGES = 5 * MAX_FILES
PATIENCE_SECONDS = 120


def begun(workplace: Workplace, url: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "LABEL_STUDIO_URL": url,
        "LABEL_STUDIO_API_KEY": workplace.label_studio.token,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "studio", "apply", str(workplace.file)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def way_to(url: str, killed_with: int, reached: threading.Event) -> Iterator[str]:
    """Pass on what is asked of `url`, from an address of its own.

    The import's request of that number gets no answer: when Label Studio has all of it, `reached`
    is set. So where a run is killed depends on no machine's speed.
    """
    imports = 0

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            nonlocal imports
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with closing(http.client.HTTPConnection(url.removeprefix("http://"))) as upstream:
                upstream.request(self.command, self.path, body, dict(self.headers))
                if self.command == "POST" and self.path.split("?")[0].endswith("/import"):
                    imports += 1
                    if imports == killed_with:
                        reached.set()
                        upstream.getresponse().read()
                        return
                answer = upstream.getresponse()
                content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing of each request."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def count(workplace: Workplace) -> int:
    return workplace.project()["task_number"]


def sources(workplace: Workplace) -> Counter[str]:
    """How many tasks each image has."""
    export = f"/api/projects/{workplace.project()['id']}/export"
    query = {"exportType": "JSON", "download_all_tasks": "true"}
    tasks = workplace.label_studio.get(export, params=query).json()
    return Counter(task["data"]["source"] for task in tasks)


def test_an_import_that_is_killed_again_and_again_takes_every_image_once(
    workplace: Workplace,
) -> None:
    workplace.apply()
    names = [f"{number}.png" for number in range(IMAGES)]
    workplace.add_images(*names)
    for killed_with in KILLED_WITH:
        before = count(workplace)
        reached = threading.Event()
        with way_to(workplace.label_studio.url, killed_with, reached) as url:
            process = begun(workplace, url)
            assert reached.wait(PATIENCE_SECONDS), process.poll()
            process.kill()
            process.communicate()
        assert before < count(workplace) < IMAGES
    # At once: what Label Studio was asked for last may still be at work there.
    process = begun(workplace, workplace.label_studio.url)
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, said
    assert sources(workplace) == dict.fromkeys([*names, "a.png", "b.png", "c.png"], 1)
    assert "nothing to change" in workplace.apply()
