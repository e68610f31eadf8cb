"""Why tasks have no prediction: the last reason of each, for whoever asks afterwards.

Label Studio stores nothing for a task that cannot be answered now, so the reason would be in the
log alone. `studio apply` asks for it.
"""

import threading
from collections.abc import Iterable
from typing import Any

from cachetools import LRUCache

from backends.serving.errors import Unanswered

_MOST = 10_000

_lock = threading.Lock()
_reasons: LRUCache[Any, dict[str, Any]] = LRUCache(_MOST)


def note(task: Any, outcome: Unanswered) -> None:
    """Keep why a task, by its id in Label Studio, could not be answered."""
    if isinstance(task, int):
        with _lock:
            _reasons[task] = {"task": task, "kind": outcome.kind, "reason": outcome.reason}


def forget(tasks: Iterable[Any]) -> None:
    """Forget what was noted of tasks, which are asked for anew."""
    with _lock:
        for task in tasks:
            _reasons.pop(task, None)


def noted() -> list[dict[str, Any]]:
    """Return `task`, `kind` and `reason` of each, the oldest first."""
    with _lock:
        return list(_reasons.values())
