"""Has interactive backends encode the images of tasks before anybody clicks on them.

A backend answers at once how far it is with each task, and is asked again until it is done. Another
maker's backend has no such address: there the first click encodes, as everywhere else.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from studio.errors import BackendError, StudioError
from studio.label_studio.client import Studio
from studio.label_studio.records import Task
from studio.left import NEVER, NOT_NOW
from studio.part import read_present
from studio.project.project_file import Backend, ProjectFile

TIMEOUT_SECONDS = 30.0
POLL_SECONDS = 1.0
# Tasks that a backend is asked for at a time: some wait in its queue while it is at one.
AT_A_TIME = 32
# Of new tasks, those that labelers come to first; the others follow as they open them.
AT_IMPORT = 32


@dataclass
class Prepared:
    """What came of it.

    Attributes:
        ready: how many tasks have all that clicks need.
        failed: reason -> tasks that have not.
        may_help: whether asking again may help some of those.
    """

    ready: int = 0
    failed: dict[str, list[Task]] = field(default_factory=dict)
    may_help: bool = False

    @property
    def exit_status(self) -> int:
        """0 when every task is ready; else as `apply`."""
        if not self.failed:
            return 0
        return NOT_NOW if self.may_help else NEVER


def precompute(project: ProjectFile, studio: Studio, tell: Callable[[int, int], None]) -> Prepared:
    """Return once the project's interactive backends have seen the images of all tasks.

    What a backend has on its disk costs it one look at the image.

    Args:
        tell: called with the number of tasks done so far, and of all.

    Raises:
        StudioError: there is no such project or no such backend, or it keeps nothing.
    """
    present = read_present(studio, project)
    if present.project is None:
        raise StudioError(f"Label Studio has no project {project.title!r}; `apply` creates it")
    backends = [backend for backend in project.backends if backend.interactive]
    if not backends:
        raise StudioError("the project file has no interactive backend; there is nothing to do")
    prepared = Prepared()
    total = len(present.tasks) * len(backends)
    tell(0, total)
    for backend in backends:
        _prepare_all(
            backend,
            present.project.label_config,
            present.tasks,
            prepared,
            lambda: tell(prepared.ready + sum(map(len, prepared.failed.values())), total),
        )
    return prepared


def announce(project: ProjectFile, studio: Studio, known: Sequence[Task]) -> None:
    """Tell the interactive backends of the first new tasks; what goes wrong there costs nothing.

    Args:
        known: the tasks that were there before.
    """
    backends = [backend for backend in project.backends if backend.interactive]
    if not backends:
        return
    present = read_present(studio, project)
    if present.project is None:
        return
    ids = {task.id for task in known}
    new = [task for task in present.tasks if task.id not in ids][:AT_IMPORT]
    for backend in backends if new else []:
        try:
            _ask(backend, present.project.label_config, new)
        except BackendError:
            continue  # Its first click encodes, and meets the same fault.


def _prepare_all(
    backend: Backend,
    label_config: str,
    tasks: Sequence[Task],
    prepared: Prepared,
    tell: Callable[[], None],
) -> None:
    left = {task.id: task for task in tasks}
    while left:
        answer = _ask(backend, label_config, [*left.values()][:AT_A_TIME])
        if not answer.get("on_disk"):
            raise BackendError(
                f"backend {backend.title!r} keeps what it saw in its memory alone; start it with "
                "SAM_DISK_FOLDER, or every restart would begin anew"
            )
        before = len(left)
        for state in answer["tasks"]:
            if state["state"] == "ready":
                del left[state["id"]]
                prepared.ready += 1
            elif state["state"] == "failed":
                prepared.failed.setdefault(state["reason"], []).append(left.pop(state["id"]))
                prepared.may_help |= state["kind"] != "cannot"
        tell()
        if len(left) == before:
            time.sleep(POLL_SECONDS)


def _ask(backend: Backend, label_config: str, tasks: Sequence[Task]) -> Mapping[str, Any]:
    """Return how far a backend is with tasks; it begins with those that it has not seen.

    Raises:
        BackendError: it does not answer, refuses, or is another maker's.
    """
    auth = (backend.user, backend.password.get_secret_value()) if backend.user else None
    body = {
        "why": "created",
        "label_config": label_config,
        "tasks": [{"id": task.id, "data": task.data} for task in tasks],
    }
    what = f"backend {backend.title!r} at {backend.url}"
    try:
        answer = requests.post(
            f"{backend.url}/prepare", json=body, auth=auth, timeout=TIMEOUT_SECONDS
        )
        told = answer.json() if answer.ok else None
    except requests.RequestException as error:
        raise BackendError(f"{what} gives no answer ({type(error).__name__})") from None
    if answer.status_code in (404, 405):
        raise BackendError(f"{what} cannot look at images before a click")
    if not isinstance(told, dict):
        raise BackendError(f"{what} refused: {answer.status_code} {answer.reason}")
    return told
