"""Wait until a backend has loaded its model, and say why if it never will."""

import time
from collections.abc import Callable

import requests

from studio.errors import BackendError
from studio.project.project_file import Backend

# A backend answers /health at once, whatever it is doing (Label Studio itself allows 1 s).
HEALTH_TIMEOUT_SECONDS = 5.0
POLL_SECONDS = 1.0


def wait_until_up(backend: Backend, limit_seconds: float, tell: Callable[[str], None]) -> None:
    """Return once ``backend`` says that it is up; tell its progress meanwhile.

    Raises:
        BackendError: its model failed to load, or it was not up within ``limit_seconds``.
    """
    deadline = time.monotonic() + limit_seconds
    while True:
        state = _state(backend)
        if state is None:
            return
        if time.monotonic() >= deadline:
            raise BackendError(
                f"backend {backend.title!r} at {backend.url} is not up after "
                f"{limit_seconds:.0f} s: {state}. Start it, or correct its url in the project file"
            )
        tell(f"waiting for {backend.title}: {state}")
        time.sleep(POLL_SECONDS)


def reasons_of(backend: Backend) -> dict[int, str]:
    """Return why tasks were not answered, by their ids; nothing when the backend cannot tell.

    Another maker's backend has no such address, and one that is stuck does not answer: neither is a
    fault of the run.
    """
    auth = (backend.user, backend.password.get_secret_value()) if backend.user else None
    try:
        answer = requests.get(f"{backend.url}/failures", auth=auth, timeout=HEALTH_TIMEOUT_SECONDS)
        noted = answer.json()["failures"] if answer.ok else []
        return {int(item["task"]): str(item["reason"]) for item in noted}
    except requests.RequestException:
        return {}
    except (KeyError, TypeError, ValueError):
        return {}


def _state(backend: Backend) -> str | None:
    """Return None when up, else what it is doing.

    Raises:
        BackendError: its model failed to load; waiting longer does not help.
    """
    try:
        answer = requests.get(f"{backend.url}/health", timeout=HEALTH_TIMEOUT_SECONDS)
    except requests.Timeout:
        return f"no answer to /health within {HEALTH_TIMEOUT_SECONDS:.0f} s"
    except requests.RequestException:
        return "it does not answer"
    try:
        told = answer.json()
    except requests.JSONDecodeError:
        told = {}
    told = told if isinstance(told, dict) else {}
    if answer.status_code == 200:
        return None
    if told.get("status") == "FAILED":
        raise BackendError(
            f"backend {backend.title!r} at {backend.url} could not load its model: "
            f"{told.get('message') or 'its log says why'}"
        )
    return str(told.get("progress") or told.get("status") or f"HTTP {answer.status_code}")
