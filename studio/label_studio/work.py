"""What people did in a project: who annotated or skipped which task, and when."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from label_studio_sdk import LabelStudio

from studio.label_studio.answers import explained
from studio.label_studio.connection import Connection
from studio.label_studio.records import instant, number_of

# Their ids travel in the address, and the database reads all their masks to answer.
PAGE_SIZE = 50


@dataclass(frozen=True)
class Act:
    """One annotation, or one skip.

    Attributes:
        user: id of whoever made it; 0 when the account is gone.
        at: when it was first submitted.
        seconds: how long the task was open until then, None when nobody counted.
    """

    task: int
    user: int
    at: datetime
    is_skip: bool
    seconds: float | None = None


@dataclass(frozen=True)
class Work:
    """The annotations of projects, without their masks.

    Every method raises NotReachableError, WrongTokenError or RefusedError.
    """

    connection: Connection
    sdk: LabelStudio

    def acts(self, project: int, tasks: Sequence[int]) -> Iterator[Act]:
        """Yield what was done on some tasks, in one call for every PAGE_SIZE of them."""
        # `include` chooses the fields of the task and of its annotations alike.
        wanted = "id,annotations,completed_by,created_at,was_cancelled,lead_time"
        for start in range(0, len(tasks), PAGE_SIZE):
            chosen = {"all": False, "included": list(tasks[start : start + PAGE_SIZE])}
            with explained(self.connection, "reading who annotated what"):
                found = self.sdk.tasks.list(
                    project=project,
                    query=json.dumps({"selectedItems": chosen}),
                    include=wanted,
                    resolve_uri=False,
                    page_size=PAGE_SIZE,
                )
                read = [(number_of(task), task.annotations or ()) for task in found]
            for task, annotations in read:
                yield from (to_act(task, annotation) for annotation in annotations)


def to_act(task: int, item: Any) -> Act:
    """Take from the SDK's annotation, which a task list leaves as a mapping, what was done."""
    at = instant(item["created_at"])
    assert at is not None
    user = item.get("completed_by")
    return Act(
        task=task,
        user=int((user.get("id") if isinstance(user, dict) else user) or 0),
        at=at,
        is_skip=bool(item.get("was_cancelled")),
        seconds=item.get("lead_time"),
    )
