"""The file that a target has of each task, as Label Studio writes it: its name and its content.

Label Studio writes it to a bucket at each Submit (FUTURE_SAVE_TASK_TO_STORAGE). For a folder the
studio writes the same form.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.errors import StorageError
from studio.label_studio.records import MARK_KEY, Task
from studio.project.project_file import SOURCE_KEY

# Of an annotation; what the API adds besides changes while nothing else does ("2 minutes ago").
FIELDS = (
    "id",
    "created_at",
    "updated_at",
    "lead_time",
    "was_cancelled",
    "ground_truth",
    "parent_annotation",
    "result",
)


@dataclass(frozen=True)
class SavedAnnotation:
    """An annotation as it was saved.

    Attributes:
        by: e-mail of its account, in lower case; "" where it was deleted.
        updated: as Label Studio writes times (ISO 8601, UTC).
        skipped: whether the task was skipped with it.
        result: Label Studio's own results.
    """

    id: int
    by: str
    updated: str
    skipped: bool
    lead_time: float | None
    result: list[dict[str, Any]]


@dataclass(frozen=True)
class SavedTask:
    """A task as it was saved, with its annotations in the order of their ids.

    Attributes:
        source: the place of its image in the source; "" if somebody else imported it.
        content: what its image's content is recognised by; "" if that is not known.
    """

    source: str
    content: str
    annotations: tuple[SavedAnnotation, ...]


def name_of(task: int) -> str:
    """Return the name of a task's file, below the target's address."""
    return f"{task}.json"


def to_saved(
    task: Task, annotations: Sequence[Mapping[str, Any]], users: Mapping[int, str]
) -> bytes:
    """Return a task's file: the same for the same annotations and facts.

    Args:
        annotations: as the API has them.
        users: e-mail by the number of an account.
    """
    content = {
        "id": task.id,
        "data": task.data,
        "meta": task.meta,
        "annotations": [
            {name: one.get(name) for name in FIELDS} | {"completed_by": _account(one, users)}
            for one in sorted(annotations, key=lambda one: int(one["id"]))
        ],
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def read_saved(content: bytes, what: str) -> SavedTask:
    """Return what a task's file says.

    Raises:
        StorageError: it is no such file. `what` names it.
    """
    try:
        read = json.loads(content)
        annotations = sorted(map(_annotation, read["annotations"]), key=lambda one: one.id)
        mark = (read.get("meta") or {}).get(MARK_KEY) or {}
        source = read["data"].get(SOURCE_KEY)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StorageError(f"{what} is no task that Label Studio saved") from None
    return SavedTask(str(source or ""), str(mark.get("content", "")), tuple(annotations))


def _annotation(read: Mapping[str, Any]) -> SavedAnnotation:
    account = read["completed_by"] or {}
    return SavedAnnotation(
        id=int(read["id"]),
        by=str(account.get("email") or "").lower(),
        updated=str(read["updated_at"]),
        skipped=bool(read["was_cancelled"]),
        lead_time=read["lead_time"],
        result=list(read["result"] or ()),
    )


def _account(annotation: Mapping[str, Any], users: Mapping[int, str]) -> dict[str, Any] | None:
    number = annotation["completed_by"]
    return None if number is None else {"id": number, "email": users.get(int(number), "")}
