"""A real Label Studio and real backends on loopback, for the tests that need them.

Label Studio runs as it does everywhere, by `python -m backends.frontend` in the frontend
environment. Its first start takes a dozen seconds: what it leaves is kept below .local and copied
for each server.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.cloud.kept import SEAL, kept

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ROOT / ".local" / "env"
TEMPLATES = ROOT / ".local" / "test"

USER = "admin@atelier.test"
PASSWORD = "only-for-tests"
TOKEN = "0123456789abcdef0123456789abcdef01234567"

# The first start in a test session imports Label Studio from a cold disk.
START_SECONDS = 180.0
STOP_SECONDS = 30.0


@dataclass
class Server:
    """A server process and its address."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path


@dataclass
class LabelStudioServer(Server):
    """Label Studio with one user, who may use the API by `token`."""

    data_dir: Path
    user: str = USER
    password: str = PASSWORD
    token: str = TOKEN

    def get(self, path: str, **options: object) -> requests.Response:
        """Ask the API."""
        return self.request("GET", path, **options)

    def request(self, method: str, path: str, **options: object) -> requests.Response:
        """Use the API; a refusal is an error."""
        headers = {"Authorization": f"Token {self.token}"}
        answer = requests.request(
            method,
            self.url + path,
            headers=headers,
            timeout=120,
            **options,  # pyright: ignore[reportArgumentType]
        )
        answer.raise_for_status()
        return answer


def environment_python(name: str) -> Path:
    """Return the Python of one of the product's environments, for example ml or frontend."""
    given = os.environ.get(f"ATELIER_{name.upper()}_PYTHON")
    python = Path(given) if given else ENVIRONMENTS / name / "bin" / "python"
    assert python.exists(), f"{python} is missing: `make test` makes it"
    return python


@contextmanager
def serve_label_studio(
    folder: Path, started_by: Sequence[str] = (), **settings: str
) -> Iterator[LabelStudioServer]:
    """Run Label Studio with its data below `folder`, which may hold those of an earlier run.

    Backends on 127.0.0.1 may be registered. `settings` are added to its environment. The words of
    `started_by` go before its command, and must end in becoming it.
    """
    data_dir = folder / "label-studio"
    if not data_dir.exists():
        shutil.copytree(template(), data_dir, ignore=shutil.ignore_patterns(SEAL))
    port = free_port()
    environment = {**label_studio_settings(data_dir), "PORT": str(port), **settings}
    log = folder / "label-studio.log"
    command = [*started_by, str(environment_python("frontend")), "-m", "backends.frontend"]
    with running(command, environment, log) as process:
        server = LabelStudioServer(f"http://127.0.0.1:{port}", process, log, data_dir)
        wait_until_up(server)
        yield server


@contextmanager
def serve_backend(
    folder: Path, model_class: str, started_by: Sequence[str] = (), **settings: str
) -> Iterator[Server]:
    """Run `python -m backends.serving` with `model_class` in the ml environment."""
    port = free_port()
    environment = {"HOST": "127.0.0.1", "PORT": str(port), "MODEL_CLASS": model_class, **settings}
    log = folder / f"backend-{port}.log"
    command = [*started_by, str(environment_python("ml")), "-m", "backends.serving"]
    with running(command, environment, log) as process:
        server = Server(f"http://127.0.0.1:{port}", process, log)
        wait_until_up(server)
        yield server


def label_studio_settings(data_dir: Path) -> dict[str, str]:
    """Return the settings of the frontend, but for its port."""
    return {
        "LABEL_STUDIO_USERNAME": USER,
        "LABEL_STUDIO_PASSWORD": PASSWORD,
        "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_BASE_DATA_DIR": str(data_dir),
        "ML_BACKEND_ADDRESSES": "127.0.0.1/32",
        "HOST": "127.0.0.1",
        "WEB_WORKERS": "1",
    }


def template() -> Path:
    """Return a data directory of the installed Label Studio with its first user, made once."""
    made_of = hashlib.sha256()
    for name in ("requirements.txt", "empty_database.sql"):
        made_of.update((ROOT / "backends" / "frontend" / name).read_bytes())
    return kept(TEMPLATES / f"label-studio-{made_of.hexdigest()[:12]}", start_once)


def start_once(data_dir: Path) -> None:
    """Start Label Studio in an empty data directory, which also holds its log, and end it."""
    environment = {**label_studio_settings(data_dir), "PORT": str(free_port())}
    log = data_dir / "first-start.log"
    command = [str(environment_python("frontend")), "-m", "backends.frontend"]
    with running(command, environment, log) as process:
        wait_until_up(Server(f"http://127.0.0.1:{environment['PORT']}", process, log))


@contextmanager
def running(
    command: Sequence[str], settings: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process of the product from the repository's root and end it afterwards."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "NO_PROXY": "127.0.0.1,localhost", **settings},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(server: Server, seconds: float = START_SECONDS) -> None:
    """Return once /health says 200; fail with the end of the log when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if requests.get(f"{server.url}/health", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.2)
    end = server.log.read_text(errors="replace")[-3000:]
    raise AssertionError(f"{server.url} is not up (status {server.process.poll()}):\n{end}")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
