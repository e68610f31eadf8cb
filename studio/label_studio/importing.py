"""New tasks: files are uploaded, addresses are taken as they are."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.label_studio.client import Studio

# Label Studio takes 100 files and 250 MB in a request.
MAX_FILES = 20
MAX_BYTES = 64 * 1024 * 1024
# Without files a request is short: so many addresses are less than the bytes of one picture.
MAX_TASKS = 500


@dataclass(frozen=True)
class NewTask:
    """A task to create.

    Attributes:
        file: the image to upload; None where ``data`` already holds its address.
        meta: what Label Studio keeps beside the data.
    """

    file: Path | None
    data: dict[str, str]
    meta: dict[str, Any] = field(default_factory=dict)


def import_all(
    studio: Studio,
    project: int,
    image_key: str,
    tasks: Sequence[NewTask],
    tell: Callable[[int, int], None],
) -> None:
    """Create ``tasks``, portion by portion.

    A portion's files are uploaded first and its tasks created in one request that holds their
    identity, so a run that is cut short leaves no task that the next run would create again.

    Args:
        image_key: where an uploaded image's address goes in the data.
        tell: called with the number of tasks created so far, and of all.
    """
    done = 0
    tell(0, len(tasks))
    for portion in portions(tasks):
        files = [task.file for task in portion if task.file is not None]
        addresses = studio.upload(project, files) if files else []
        uploaded = dict(zip(files, addresses, strict=True))
        studio.import_tasks(
            project,
            [
                {
                    "data": task.data | ({image_key: uploaded[task.file]} if task.file else {}),
                    "meta": task.meta,
                }
                for task in portion
            ],
        )
        done += len(portion)
        tell(done, len(tasks))


def portions(tasks: Sequence[NewTask]) -> Iterator[list[NewTask]]:
    """Split ``tasks`` so that each portion's files fit into one request."""
    portion: list[NewTask] = []
    files = size = 0
    for task in tasks:
        file = task.file is not None
        weight = task.file.stat().st_size if task.file is not None else 0
        full = len(portion) == MAX_TASKS or files + file > MAX_FILES
        if portion and (full or size + weight > MAX_BYTES):
            yield portion
            portion, files, size = [], 0, 0
        portion.append(task)
        files += file
        size += weight
    if portion:
        yield portion
