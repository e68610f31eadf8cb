"""New tasks: files are uploaded, addresses are taken as they are."""

from collections.abc import Callable, Iterator, Sequence

from studio.label_studio.client import Studio
from studio.parts.tasks import WantedTask

# Label Studio takes 100 files and 250 MB in a request.
MAX_FILES = 20
MAX_BYTES = 64 * 1024 * 1024


def import_all(
    studio: Studio,
    project: int,
    image_key: str,
    tasks: Sequence[WantedTask],
    tell: Callable[[int, int], None],
) -> None:
    """Make a task for each of ``tasks``, portion by portion.

    A portion's files are uploaded first and its tasks made in one request that holds their
    identity, so a run that is cut short leaves no task that the next run would make again.
    """
    done = 0
    tell(0, len(tasks))
    for portion in portions(tasks):
        files = [task.image for task in portion if task.image.path is not None]
        uploaded = dict(
            zip(
                (image.source for image in files),
                studio.upload(project, files) if files else (),
                strict=True,
            )
        )
        studio.import_tasks(
            project,
            [
                {**task.facts, image_key: uploaded.get(task.image.source, task.image.source)}
                for task in portion
            ],
        )
        done += len(portion)
        tell(done, len(tasks))


def portions(tasks: Sequence[WantedTask]) -> Iterator[list[WantedTask]]:
    """Split ``tasks`` so that each portion's files fit into one request."""
    portion: list[WantedTask] = []
    size = 0
    for task in tasks:
        weight = task.image.path.stat().st_size if task.image.path is not None else 0
        if portion and (len(portion) == MAX_FILES or size + weight > MAX_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(task)
        size += weight
    if portion:
        yield portion
