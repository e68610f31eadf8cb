"""Which task is about which image: by its place in the source, then by its content.

A task's `meta`, which Label Studio keeps and shows nowhere, says what was imported: the content's
hash, and the file's size and time, by which an unchanged file is known without reading it. It also
has the id of the project file, by which the project is found whatever its title is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.images.image import FoundImages, Image
from studio.images.picture import content_of, why_unusable
from studio.label_studio.records import Task


@dataclass(frozen=True)
class Compared:
    """Images and tasks, told apart by what became of them.

    Attributes:
        new: images without a task.
        moved: tasks whose image has another place now, and the image there.
        replaced: tasks without annotations whose image has another content now, and the image.
        kept: the same of tasks that have annotations: these stay as they are.
        unmarked: tasks that do not say which content they have, or of which file: one of another
            size or time has it now. And their images.
        gone: tasks whose images are no longer there.
        astray: tasks that name another project file or none, but for those that get a new mark
            anyway: moved, replaced and unmarked ones.
    """

    new: tuple[Image, ...] = ()
    moved: tuple[tuple[Task, Image], ...] = ()
    replaced: tuple[tuple[Task, Image], ...] = ()
    kept: tuple[tuple[Task, Image], ...] = ()
    unmarked: tuple[tuple[Task, Image], ...] = ()
    gone: tuple[Task, ...] = ()
    astray: tuple[Task, ...] = ()


def mark_of(image: Image, project: str, task: Task | None = None) -> dict[str, Any]:
    """Return what a task's `meta` says about its image.

    Args:
        task: where it has one already. Of an image that was moved its first place is kept, by
            which a data set knows it.
    """
    first = (task.mark.get("first") or task.source) if task else ""
    mark = {
        "project": project,
        "first": first if first != image.source else "",
        "content": image.content,
        "size": image.size,
        "modified": image.modified,
    }
    return {name: value for name, value in mark.items() if value}


def read_contents(
    found: FoundImages, tasks: Sequence[Task], tell: Callable[[int, int], None]
) -> FoundImages:
    """Return the images of a folder with the hashes of their contents.

    Only new and changed files are read. Those that are no whole picture are left out and named.

    Args:
        tell: called with the number of images looked at so far, and of all.
    """
    marks = {task.source: task.mark for task in tasks}
    images: list[Image] = []
    ignored = list(found.ignored)
    by_content: dict[str, list[str]] = defaultdict(list)
    for done, image in enumerate(found.images, start=1):
        if image.path is None:
            images.append(image)
            continue
        mark = marks.get(image.source, {})
        is_same = _state(mark) == (image.size, image.modified)
        content = str(mark.get("content", "")) if is_same else ""
        try:
            reason = None if content else why_unusable(image.path)
            content = content or content_of(image.path)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}"
        if reason:
            ignored.append((image.source, reason))
        else:
            images.append(replace(image, content=content))
            by_content[content].append(image.source)
        tell(done, len(found.images))
    same = tuple(tuple(sources) for sources in by_content.values() if len(sources) > 1)
    return FoundImages(tuple(images), tuple(ignored), found.repeated + same)


def compare_images(images: Sequence[Image], tasks: Sequence[Task], project: str = "") -> Compared:
    """Return what became of images and tasks of a project file with the id ``project``. Pure."""
    known = {task.source: task for task in tasks if task.source is not None}
    there = {image.source for image in images}
    lost: dict[str, list[Task]] = defaultdict(list)
    for source, task in known.items():
        if source not in there and task.content:
            lost[task.content].append(task)
    new: list[Image] = []
    moved: list[tuple[Task, Image]] = []
    replaced: list[tuple[Task, Image]] = []
    kept: list[tuple[Task, Image]] = []
    unmarked: list[tuple[Task, Image]] = []
    for image in images:
        task = known.get(image.source)
        if task is None:
            if lost.get(image.content):
                moved.append((lost[image.content].pop(0), image))
            else:
                new.append(image)
        elif image.content and not task.content:
            unmarked.append((task, image))
        elif image.content and image.content != task.content:
            touched = task.annotations or task.skipped
            (kept if touched else replaced).append((task, image))
        elif image.path and _state(task.mark) != (image.size, image.modified):
            unmarked.append((task, image))
    found_again = {task.id for task, _ in moved}
    gone = [
        task for source, task in known.items() if source not in there and task.id not in found_again
    ]
    marked = {task.id for task, _ in (*moved, *replaced, *unmarked)}
    astray = [
        task
        for task in tasks
        if project
        and task.source is not None
        and task.mark.get("project") != project
        and task.id not in marked
    ]
    pairs = map(tuple, (moved, replaced, kept, unmarked))
    return Compared(tuple(new), *pairs, gone=tuple(gone), astray=tuple(astray))


def _state(mark: Mapping[str, Any]) -> tuple[Any, Any]:
    """The size and time of a file that is not read again, as its task has them."""
    return mark.get("size", 0), mark.get("modified", 0)
