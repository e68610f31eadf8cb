"""A labeler opens a task: the interactive backends hear of it, and encode its image at once.

Label Studio 1.23.2 calls no backend when a task with predictions is opened. Its editor has two ways
to a task: GET /api/tasks/ID, and the Data Manager's action next_task (`task` and `loadNextTask` in
web/dist/apps/labelstudio/{main,167}.js). The labeler's request waits for nothing of this, and
nothing of it can fail the request.
"""

import logging
import queue
import threading
import time
from collections.abc import Iterable
from typing import Any

from core.label_config import (  # pyright: ignore[reportMissingImports]
    replace_task_data_undefined_with_config_field,
)
from data_manager.api import ProjectActionsAPI  # pyright: ignore[reportMissingImports]
from django.db import connection  # pyright: ignore[reportMissingImports]
from django.http import HttpRequest  # pyright: ignore[reportMissingImports]
from ml.models import MLBackend  # pyright: ignore[reportMissingImports]
from rest_framework.response import Response  # pyright: ignore[reportMissingImports]
from tasks.api import TaskAPI  # pyright: ignore[reportMissingImports]
from tasks.models import Task  # pyright: ignore[reportMissingImports]

log = logging.getLogger(__name__)

# To connect, and for the answer: a backend answers at once, whatever it is doing.
TIMEOUT_SECONDS = (1.0, 2.0)
# What the labeler is likely to open next.
NEXT_TASKS = 2
# Backends of other makers have no such route; one may be replaced by ours.
FORGET_SECONDS = 600.0
# Opened tasks that nobody has told of yet: with a backend that hangs, the oldest are dropped.
MOST_WAITING = 32


class OpenedTask(TaskAPI):
    """Label Studio's own view of one task."""

    def get(self, request: HttpRequest, pk: int) -> Response:
        answer = super().get(request, pk)
        if _is_browser(request):
            told.add(pk)
        return answer


class Actions(ProjectActionsAPI):
    """Label Studio's own view of the Data Manager's actions."""

    def post(self, request: HttpRequest) -> Response:
        answer = super().post(request)
        if request.GET.get("id") == "next_task" and _is_browser(request):
            task = answer.data.get("id") if isinstance(answer.data, dict) else None
            if isinstance(task, int):
                told.add(task)
        return answer


def _is_browser(request: HttpRequest) -> bool:
    """Whether somebody looks at the task: programs come with a token, and may read all tasks."""
    return "HTTP_AUTHORIZATION" not in request.META


class Told:
    """Tells backends of opened tasks, in a thread of this process that the first task starts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tasks: queue.Queue[int] = queue.Queue(MOST_WAITING)
        self._thread: threading.Thread | None = None
        self._deaf: dict[str, float] = {}

    def add(self, task: int) -> None:
        """Tell of a task that was opened; returns at once."""
        with self._lock:
            # gunicorn loads this module before it forks, and no thread survives that.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="opened", daemon=True)
                self._thread.start()
            if self._tasks.full():
                self._tasks.get_nowait()
            self._tasks.put_nowait(task)

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                self._tell(task)
            # The thread must outlive any one task; the click on it encodes the image.
            except Exception:
                log.exception("no backend was told of task %s", task)
            finally:
                connection.close()

    def _tell(self, number: int) -> None:
        task = Task.objects.select_related("project").filter(pk=number).first()
        if task is None:
            return
        project = task.project
        backends = [*MLBackend.objects.filter(project=project, is_interactive=True)]
        if all(self._is_deaf(backend) for backend in backends):
            return
        after = Task.objects.filter(project=project, id__gt=number, is_labeled=False)
        following = after.order_by("id")[:NEXT_TASKS]
        for why, tasks in (("opened", [task]), ("next", following)):
            body = {"why": why, "label_config": project.label_config, "tasks": _told(tasks)}
            for backend in backends if body["tasks"] else []:
                if not self._is_deaf(backend):
                    self._post(backend, body)

    def _is_deaf(self, backend: Any) -> bool:
        return self._deaf.get(backend.url, 0.0) > time.monotonic()

    def _post(self, backend: Any, body: dict[str, Any]) -> None:
        # Its own client: the same credentials, and the same addresses that must not be called.
        answer = backend.api._request("prepare", body, timeout=TIMEOUT_SECONDS)
        if answer.status_code in (404, 405):
            self._deaf[backend.url] = time.monotonic() + FORGET_SECONDS
        elif answer.is_error:
            log.info("%s was not told of a task: %s", backend.title, answer.error_message)


def _told(tasks: Iterable[Any]) -> list[dict[str, Any]]:
    """What a backend needs to find the images of tasks, as a click has it."""
    found = []
    for task in tasks:
        data = dict(task.data)
        replace_task_data_undefined_with_config_field(data, task.project)
        found.append({"id": task.id, "data": data})
    return found


told = Told()
