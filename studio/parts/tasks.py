"""The tasks: one for each image of the source, with its facts from the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.images.find import find_images
from studio.images.image import FoundImages, Image
from studio.label_studio.importing import NewTask, import_all
from studio.label_studio.records import Task
from studio.output import counted, shortened
from studio.part import Context, Remark, Step
from studio.project.catalogue import Matched, match, read_rows
from studio.project.doubts import doubt_facts, doubt_match
from studio.project.labeling_config import read_task_keys
from studio.project.project_file import SOURCE_KEY, ProjectFile

OF_DATA = True
MAX_NAMES = 8


@dataclass(frozen=True)
class Seen:
    """What is there.

    Attributes:
        images: those of the source.
        facts: image source -> its task's data, but for the image's address.
        image_key: where a task's data holds the image's address.
        tasks: those of the project.
        force: whether tasks may lose their facts.
    """

    images: Sequence[Image]
    facts: Mapping[str, Mapping[str, str]]
    image_key: str
    tasks: Sequence[Task] = ()
    force: bool = False


@dataclass(frozen=True)
class ImportTasks(Step):
    """Upload files, and create tasks."""

    tasks: tuple[NewTask, ...]
    image_key: str

    @property
    def new_tasks(self) -> int:
        return len(self.tasks)

    def describe(self) -> str:
        return f"import {counted(len(self.tasks), 'image')}"

    def carry_out(self, context: Context) -> None:
        with context.output.progress("importing images") as tell:
            import_all(context.studio, context.project_id, self.image_key, self.tasks, tell)


@dataclass(frozen=True)
class ChangeFacts(Step):
    """Replace the data of tasks: id -> new data."""

    data: Mapping[int, dict[str, Any]]

    @property
    def changed_tasks(self) -> frozenset[int]:
        return frozenset(self.data)

    def describe(self) -> str:
        return f"change the facts of {counted(len(self.data), 'task')}"

    def carry_out(self, context: Context) -> None:
        with context.output.progress("changing facts") as tell:
            for done, (task, data) in enumerate(self.data.items(), start=1):
                context.studio.update_task_data(task, data)
                tell(done, len(self.data))


def look(context: Context) -> Seen:
    """Return the images with their facts and the tasks, and show what does not fit together.

    Raises:
        StudioError: there is no image, or the catalogue or the config cannot be read.
        DoubtfulError: the catalogue seems to be of other images.
    """
    project, catalogue = context.project, context.project.catalogue
    keys = read_task_keys(project.config_text)
    found = find_images(project.source, catalogue.file if catalogue else None, context.cloud)
    matched = Matched({})
    table, names = None, {image.source: image.file_name for image in found.images}
    # A bucket may be filled later, and its catalogue with it.
    if catalogue and found.images:
        table = read_rows(catalogue, context.cloud)
        matched = match(table, catalogue, names)
    for remark in matched.remarks:
        context.output.say(remark)
    rows = [
        (what, str(len(names)), shortened(names, MAX_NAMES))
        for what, names in leftovers(found, matched)
    ]
    context.output.table("Not everything fits together", ("what", "how many", "which"), rows)
    if catalogue and table and not context.force:
        doubt_match(table, catalogue, names, matched)
    if not found.images:
        context.output.say("there is no image in the bucket yet; run this again when there is")
    # A header that no row fills must be in the data too: its bare name would be shown otherwise.
    empty = dict.fromkeys(keys.headers, "")
    facts = {
        source: {**empty, **matched.facts.get(source, {}), SOURCE_KEY: source}
        for source in (image.source for image in found.images)
    }
    return Seen(found.images, facts, keys.image, context.present.tasks, context.force)


def compare(project: ProjectFile, seen: Seen) -> list[Step | Remark]:
    """Raises DoubtfulError if tasks would lose their facts."""
    known = {task.source: task for task in seen.tasks if task.source is not None}
    if not seen.force:
        doubt_facts({source: task.data for source, task in known.items()}, seen.facts)
    found: list[Step | Remark] = []
    gone = [source for source in known if source not in seen.facts]
    if gone:
        found.append(
            Remark(
                f"{counted(len(gone), 'task')} left alone whose images are no longer in the "
                f"source: {shortened(gone, MAX_NAMES)}"
            )
        )
    foreign = sum(task.source is None for task in seen.tasks)
    if foreign:
        found.append(Remark(f"{counted(foreign, 'task')} left alone that this tool did not import"))
    new = tuple(
        NewTask(image.path, dict(seen.facts[image.source]))
        if image.path
        else NewTask(None, {**seen.facts[image.source], seen.image_key: image.source})
        for image in seen.images
        if image.source not in known
    )
    if new:
        found.append(ImportTasks(new, seen.image_key))
    changed = {
        known[source].id: {**known[source].data, **facts}
        for source, facts in seen.facts.items()
        if source in known and not facts.items() <= known[source].data.items()
    }
    if changed:
        found.append(ChangeFacts(changed))
    return found


def leftovers(found: FoundImages, matched: Matched) -> list[tuple[str, list[str]]]:
    """Return (what, which ones) for everything that did not fit together."""
    shared = [f"{key}: {' + '.join(sources)}" for key, sources in matched.images_sharing_rows]
    rows = [
        ("rows without an image", list(matched.rows_without_image)),
        ("images without a row", list(matched.images_without_row)),
        ("keys shared by several images", shared),
        ("images that several keys fit", list(matched.ambiguous)),
        ("repeated rows in the catalogue", list(matched.repeated_rows)),
        ("rows that contradict each other; the first counts", list(matched.contradictions)),
        ("rows of the catalogue that were left out", list(matched.rows_left_out)),
        ("the same image more than once", [" + ".join(group) for group in found.repeated]),
    ]
    for reason in dict.fromkeys(reason for _, reason in found.ignored):
        rows.append((f"left out: {reason}", [name for name, why in found.ignored if why == reason]))
    return [(what, names) for what, names in rows if names]
