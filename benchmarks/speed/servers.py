"""The real servers that are measured, each a process of its own on loopback."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
START_SECONDS = 300.0
STOP_SECONDS = 30.0
# As shipped the example has eight. Nine users on it then take 17 GB of memory with ViT-B, and its
# own limit is 8 GB (docker-compose.yml: memory: 8G); four take 10.5 GB and answer as many clicks.
PEER_THREADS = 4


class ServerFailed(Exception):
    """A server did not start; the message has the end of its log."""


@dataclass(frozen=True)
class Weights:
    """What both sides serve.

    Attributes:
        checkpoint: the file.
        model: its type in segment_anything, or "small" for the demo's.
        smooth: whether masks are exchanged for smooth ones, because the weights are random.
    """

    checkpoint: Path
    model: str
    smooth: bool

    @property
    def environment(self) -> dict[str, str]:
        return {"BENCHMARK_SMOOTH": "1"} if self.smooth else {}


@dataclass(frozen=True)
class Server:
    """A running server: its address, its first process and its log."""

    url: str
    pid: int
    log: Path

    def metric(self, name: str) -> float:
        """Return a value of our backends' /metrics; 0 for one that was not counted yet."""
        text = requests.get(f"{self.url}/metrics", timeout=10).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
        return float(found[1]) if found else 0.0


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(
    command: Sequence[str],
    environment: Mapping[str, str],
    port: int,
    log: Path,
    seconds: float = START_SECONDS,
) -> Iterator[Server]:
    """Run a server until the block ends; it is up when /health answers 200.

    Raises:
        ServerFailed: it ended, or is not up in time.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "NO_PROXY": "127.0.0.1,localhost", **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process.pid, log)
    try:
        _wait_until_up(server, process, seconds)
        yield server
    finally:
        _end(process)


def _wait_until_up(server: Server, process: subprocess.Popen[bytes], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{server.url}/health", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    end = server.log.read_text(errors="replace")[-2000:]
    raise ServerFailed(f"{server.log.stem} is not up (status {process.poll()}):\n{end}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    # What a server has started belongs to its group, and must not outlive the benchmark.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ours(
    weights: Weights, folder: Path, image_host: str, **settings: str
) -> AbstractContextManager[Server]:
    """Run our interactive backend; `settings` are added to its environment."""
    port = free_port()
    environment = {
        **weights.environment,
        "MODEL_CLASS": "benchmarks.speed.our_segment_anything:SegmentAnythingBackend",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SAM_CHECKPOINT": str(weights.checkpoint),
        # The demo's weights are sharpened on the image, which the peer does not do.
        "SAM_REFINE": "none",
        "IMAGE_HOSTS": image_host,
        "LOG_LEVEL": "WARNING",
        **settings,
    }
    command = [sys.executable, "-m", "backends.serving"]
    return running(command, environment, port, folder / "ours.log")


def peer(
    weights: Weights, folder: Path, threads: int = PEER_THREADS
) -> AbstractContextManager[Server]:
    """Run the peer of the interactive backend."""
    environment = {
        **weights.environment,
        "BENCHMARK_CHECKPOINT": str(weights.checkpoint),
        "BENCHMARK_MODEL": weights.model,
    }
    return gunicorn("benchmarks.speed.peer:from_environment()", environment, folder, threads)


def gunicorn(
    app: str, environment: Mapping[str, str], folder: Path, threads: int
) -> AbstractContextManager[Server]:
    """Run an app as the example's Dockerfile does: one worker, threads, no time-out."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "gunicorn", app, "--bind", f"127.0.0.1:{port}"),
        *("--workers", "1", "--threads", str(threads), "--timeout", "0"),
        *("--keep-alive", "30", "--no-control-socket"),
    ]
    name = app.rpartition(".")[2].partition(":")[0]
    return running(command, environment, port, folder / f"{name}.log")
