"""Label Studio as it is shipped, and ours: two servers with the same projects."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from numpy.typing import NDArray

from benchmarks.speed.clicks import CONFIG
from benchmarks.speed.pictures import SIZES
from benchmarks.speed.servers import ROOT, Server, free_port, running
from masks.rle import encode_mask

USER = "labeler@benchmark.test"
PASSWORD = "only-for-the-benchmark"
TOKEN = "0123456789abcdef0123456789abcdef01234567"
PYTHON = ROOT / ".local" / "env" / "frontend" / "bin" / "python"
TEMPLATES = ROOT / ".local" / "benchmark"
# What the stock one is told: nothing may wait for a host that cannot be reached.
QUIET = {
    "COLLECT_ANALYTICS": "false",
    "LATEST_VERSION_CHECK": "false",
    "SENTRY_DSN": "",
    "FRONTEND_SENTRY_DSN": "",
    "FEATURE_FLAGS_OFFLINE": "true",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    # The backend and the pictures are on loopback.
    "SSRF_PROTECTION_ENABLED": "false",
    "ML_BLOCK_LOCAL_IP": "false",
}
# Where no mask of a task is, and every garment is: there the mask of a click is seen to be painted.
PROBE = (0.5, 0.5)


@dataclass(frozen=True)
class Studio:
    """A running Label Studio and its user's API."""

    name: str
    server: Server

    def api(self, method: str, path: str, **options: Any) -> Any:
        """Use the API; a refusal is an error."""
        answer = requests.request(
            method,
            self.server.url + path,
            headers={"Authorization": f"Token {TOKEN}"},
            timeout=300,
            **options,
        )
        if not answer.ok:
            raise ValueError(f"{self.name}: {method} {path}: {answer.status_code} {answer.text}")
        return answer.json() if answer.content else None

    def project(self, tasks: Sequence[dict[str, Any]]) -> tuple[int, list[int]]:
        """Make a project of tasks, without a backend; return its id and theirs, in order."""
        project = self.api("POST", "/api/projects", json={
            "title": "Benchmark", "label_config": CONFIG, "show_collab_predictions": True,
        })["id"]  # fmt: skip
        if tasks:
            self.api("POST", f"/api/projects/{project}/import", json=list(tasks))
        fields = {"project": project, "page_size": 500, "fields": "all"}
        found = self.api("GET", "/api/tasks", params=fields)["tasks"]
        return project, sorted(task["id"] for task in found)

    def connect(self, project: int, backend: str) -> int:
        """Register a backend for clicks and return its id."""
        wanted = {"project": project, "url": backend, "title": "clicks", "is_interactive": True}
        return self.api("POST", "/api/ml", json=wanted)["id"]


@contextmanager
def studios(folder: Path) -> Iterator[tuple[Studio, Studio]]:
    """Run the stock Label Studio and ours, each from a copy of one database."""
    with _running("stock", _stock, folder) as stock, our_studio(folder) as ours:
        yield stock, ours


def our_studio(folder: Path) -> AbstractContextManager[Studio]:
    """Run ours alone."""
    return _running("ours", _ours, folder)


@contextmanager
def _running(
    name: str, run: Callable[[Path, Path], AbstractContextManager[Server]], folder: Path
) -> Iterator[Studio]:
    data = folder / f"{name}-data"
    if not data.exists():
        shutil.copytree(_template(folder), data)
    with run(folder, data) as server:
        yield Studio(name, server)


def _template(folder: Path) -> Path:
    """Return a data folder whose migrations are done, made once for each version."""
    code = "from importlib.metadata import version; print(version('label-studio'))"
    told = subprocess.run([str(PYTHON), "-c", code], check=True, capture_output=True, text=True)
    ready = TEMPLATES / f"label-studio-{told.stdout.strip()}"
    if not ready.exists():
        draft = folder / "template"
        with _ours(folder, draft):
            pass
        TEMPLATES.mkdir(parents=True, exist_ok=True)
        shutil.move(draft, ready)
    return ready


def _ours(folder: Path, data: Path) -> AbstractContextManager[Server]:
    port = free_port()
    settings = {
        "LABEL_STUDIO_USERNAME": USER,
        "LABEL_STUDIO_PASSWORD": PASSWORD,
        "LABEL_STUDIO_USER_TOKEN": TOKEN,
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "ML_BACKEND_ADDRESSES": "127.0.0.1/32",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WEB_WORKERS": "1",
    }
    command = [str(PYTHON), "-m", "backends.frontend"]
    return running(command, settings, port, folder / "our-studio.log")


def _stock(folder: Path, data: Path) -> AbstractContextManager[Server]:
    port = free_port()
    command = [
        *(str(PYTHON), "-m", "label_studio.server", "start", "--no-browser"),
        *("--port", str(port), "--internal-host", "127.0.0.1", "--data-dir", str(data)),
    ]
    return running(command, QUIET, port, folder / "stock-studio.log")


def task(address: str, megapixels: str, masks: int, annotated: Sequence[int] = ()) -> dict:
    """Return a task as it is imported, with predicted masks.

    annotated: the numbers of masks of the annotations that it has beside.
    """
    made: dict[str, Any] = {"data": {"image": address}}
    if masks:
        made["predictions"] = [{"model_version": "pre", "result": regions(megapixels, masks)}]
    if annotated:
        made["annotations"] = [{"result": regions(megapixels, count)} for count in annotated]
    return made


def regions(megapixels: str, count: int) -> list[dict[str, Any]]:
    """Return regions with masks around the picture's middle, each of another shape."""
    height, width = SIZES[megapixels]
    return [
        {
            "id": f"mask{number}",
            "type": "brushlabels",
            "from_name": "tag",
            "to_name": "image",
            "original_width": width,
            "original_height": height,
            "image_rotation": 0,
            "value": {
                "format": "rle",
                "rle": encode_mask(blob(height, width, *center(number, count), number)),
                "brushlabels": [("Banana", "Orange")[number % 2]],
            },
        }
        for number in range(count)
    ]


def center(number: int, count: int) -> tuple[float, float]:
    """Return the middle of the mask of a number, x and y in shares of the picture."""
    angle = 2 * np.pi * number / max(1, count)
    return 0.5 + 0.36 * float(np.cos(angle)), 0.5 + 0.36 * float(np.sin(angle))


def blob(height: int, width: int, x: float, y: float, number: int) -> NDArray[np.bool_]:
    """Return a mask with a wavy outline, bool (H, W)."""
    down, across = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j].astype(np.float32)
    angle = np.arctan2(down - y, across - x)
    return np.hypot((down - y), (across - x)) < 0.12 * (1 + 0.15 * np.sin((5 + number % 7) * angle))


def python_with_browser() -> str:
    """Return the Python that has playwright: the operator's, or this one."""
    python = ROOT / ".local" / "env" / "operator" / "bin" / "python"
    return str(python) if python.exists() else sys.executable
