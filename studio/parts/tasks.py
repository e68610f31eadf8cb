"""The tasks: one for each image of the source, with its facts from the catalogue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from studio.errors import DoubtfulError
from studio.identity import Compared, compare_images, mark_of, read_contents
from studio.images.find import find_images
from studio.images.iiif import facts_for, labels_nobody_has
from studio.images.image import FoundImages, Image
from studio.label_studio.importing import NewTask, import_all
from studio.label_studio.records import MARK_KEY, Task
from studio.output import counted, shortened
from studio.part import Context, Remark, Step
from studio.project.catalogue import Matched, match, read_rows
from studio.project.doubts import doubt_facts, doubt_match
from studio.project.labeling_config import read_task_keys, unknown_to_the_editor
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
        title: of the project in Label Studio; "" if it is not there.
    """

    images: Sequence[Image]
    facts: Mapping[str, Mapping[str, str]]
    image_key: str
    tasks: Sequence[Task] = ()
    force: bool = False
    title: str = ""


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
                context.studio.update_task(task, data=data)
                tell(done, len(self.data))


@dataclass(frozen=True)
class FollowMoved(Step):
    """Let tasks follow their images to another name or place: id -> new data, new meta."""

    tasks: Mapping[int, tuple[dict[str, Any], dict[str, Any]]]

    @property
    def changed_tasks(self) -> frozenset[int]:
        return frozenset(self.tasks)

    def describe(self) -> str:
        return f"follow {counted(len(self.tasks), 'image')} to another name or place"

    def carry_out(self, context: Context) -> None:
        for task, (data, meta) in self.tasks.items():
            context.studio.update_task(task, data=data, meta=meta)


@dataclass(frozen=True)
class TakeReplaced(Step):
    """Give tasks without annotations the new content of their images, and a new prediction.

    Attributes:
        tasks: each with its image, its new data but for the address of an upload, and its new meta.
    """

    tasks: tuple[tuple[Task, Image, dict[str, Any], dict[str, Any]], ...]
    image_key: str

    @property
    def may_change_model(self) -> bool:
        return True

    def describe(self) -> str:
        names = shortened([image.source for _, image, *_ in self.tasks], MAX_NAMES)
        return f"take the new content of {counted(len(self.tasks), 'image')}: {names}"

    def carry_out(self, context: Context) -> None:
        """What is cut short is begun anew by the next run: the content is noted last."""
        studio, project = context.studio, context.project_id
        with context.output.progress("replacing images") as tell:
            for done, (task, image, data, meta) in enumerate(self.tasks, start=1):
                studio.delete_predictions_of(project, [task.id])
                new = dict(data)
                if image.path is not None:
                    new[self.image_key] = studio.upload(project, [image.path])[0]
                studio.update_task(task.id, data=new, meta=meta)
                tell(done, len(self.tasks))


@dataclass(frozen=True)
class NoteMarks(Step):
    """Note what a later run recognises tasks by: id -> new meta."""

    what: str
    metas: Mapping[int, dict[str, Any]]

    @property
    def changed_tasks(self) -> frozenset[int]:
        """Label Studio takes any change for one that a target's object lacks."""
        return frozenset(self.metas)

    def describe(self) -> str:
        return f"note {self.what}"

    def carry_out(self, context: Context) -> None:
        with context.output.progress("noting") as tell:
            for done, (task, meta) in enumerate(self.metas.items(), start=1):
                context.studio.update_task(task, meta=meta)
                tell(done, len(self.metas))


def look(context: Context) -> Seen:
    """Return the images with their facts and the tasks, and show what does not fit together.

    Raises:
        StudioError: there is no image, or the catalogue or the config cannot be read.
        DoubtfulError: the catalogue seems to be of other images.
    """
    project, catalogue = context.project, context.project.catalogue
    keys = read_task_keys(project.config_text)
    if unknown := unknown_to_the_editor(keys):
        context.output.say(unknown)
    found = find_images(project.source, catalogue.file if catalogue else None, context.cloud)
    with context.output.progress("looking at images") as tell:
        found = read_contents(found, context.present.tasks, tell)
    matched = Matched({})
    table, names = None, {image.source: image.file_name for image in found.images}
    # A bucket may be filled later, and its catalogue with it.
    if catalogue and found.images:
        table = read_rows(catalogue, context.cloud)
        matched = match(table, catalogue, names)
    for remark in matched.remarks:
        context.output.say(remark)
    chosen = project.source.facts
    if unknown := labels_nobody_has(found.images, chosen):
        context.output.say(unknown)
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
        image.source: {
            **empty,
            **facts_for(image, keys.headers, chosen),
            **matched.facts.get(image.source, {}),
            SOURCE_KEY: image.source,
        }
        for image in found.images
    }
    title = context.present.project.title if context.present.project else ""
    return Seen(found.images, facts, keys.image, context.present.tasks, context.force, title)


def compare(project: ProjectFile, seen: Seen) -> list[Step | Remark]:
    """Raises DoubtfulError if tasks would lose their facts, or the images are another project's."""
    is_ours = compare_images(seen.images, seen.tasks, project.id)
    known = {task.source: task for task in seen.tasks if task.source is not None}
    known |= {image.source: task for task, image in is_ours.moved}
    if not seen.force:
        doubt_facts({source: task.data for source, task in known.items()}, seen.facts)
        _doubt_project(project, seen, is_ours)
    remarks = _remarks(seen, is_ours)
    addresses = [urlsplit(image.source) for image in is_ours.new if image.path is None]
    web = sorted({one.netloc for one in addresses if one.scheme in ("http", "https")})
    if web and project.backends:
        remarks.append(Remark(_to_allow(web)))

    def meta(image: Image, task: Task | None = None) -> dict[str, Any]:
        mark = mark_of(image, project.id, task)
        return {**(task.meta if task else {}), **({MARK_KEY: mark} if mark else {})}

    steps: list[Step] = []
    if is_ours.moved:
        steps.append(
            FollowMoved(
                {
                    task.id: (_moved_data(task, image, seen), meta(image, task))
                    for task, image in is_ours.moved
                }
            )
        )
    if is_ours.new:
        new = tuple(
            NewTask(
                image.path,
                dict(seen.facts[image.source])
                | ({} if image.path else {seen.image_key: image.source}),
                meta(image),
            )
            for image in is_ours.new
        )
        steps.append(ImportTasks(new, seen.image_key))
    replaced = tuple(
        (task, image, {**task.data, **seen.facts[image.source]}, meta(image, task))
        for task, image in is_ours.replaced
    )
    if replaced:
        steps.append(TakeReplaced(replaced, seen.image_key))
    done = {task.id for task, _ in (*is_ours.moved, *is_ours.replaced)}
    changed = {
        known[source].id: {**known[source].data, **facts}
        for source, facts in seen.facts.items()
        if source in known
        and known[source].id not in done
        and not facts.items() <= known[source].data.items()
    }
    if changed:
        steps.append(ChangeFacts(changed))
    if is_ours.unmarked:
        what = f"content, size and time of {counted(len(is_ours.unmarked), 'image')}"
        steps.append(NoteMarks(what, {task.id: meta(one, task) for task, one in is_ours.unmarked}))
    if is_ours.astray:
        what = f"in {counted(len(is_ours.astray), 'task')} that this is the project file"
        # Of what they say about their contents, nothing is known to be otherwise.
        marks = {task.id: {**task.mark, "project": project.id} for task in is_ours.astray}
        metas = {task.id: {**task.meta, MARK_KEY: marks[task.id]} for task in is_ours.astray}
        steps.append(NoteMarks(what, metas))
    return [*remarks, *steps]


def _to_allow(hosts: Sequence[str]) -> str:
    named = ",".join(hosts)
    return (
        f"images come from {shortened(list(hosts), MAX_NAMES)}. The backends fetch images only "
        f"from hosts that they are told of: start the demo by `make demo IMAGE_HOSTS={named}`, or "
        f"write `atelier:backends: {{IMAGE_HOSTS: [{', '.join(hosts)}]}}` in the stack's file"
    )


def _moved_data(task: Task, image: Image, seen: Seen) -> dict[str, Any]:
    """An upload stays where it is; an address is the image's new one."""
    address = {} if image.path else {seen.image_key: image.source}
    return {**task.data, **seen.facts[image.source], **address}


def _remarks(seen: Seen, is_ours: Compared) -> list[Remark]:
    found = []
    if is_ours.gone:
        gone = [str(task.source) for task in is_ours.gone]
        found.append(
            Remark(
                f"{counted(len(gone), 'task')} left alone whose images are no longer in the "
                f"source: {shortened(gone, MAX_NAMES)}"
            )
        )
    if is_ours.kept:
        kept = [image.source for _, image in is_ours.kept]
        found.append(
            Remark(
                f"{counted(len(kept), 'image')} replaced whose tasks have annotations; these were "
                f"made on the earlier content and are left alone: {shortened(kept, MAX_NAMES)}. "
                "To label the new content, give the file another name"
            )
        )
    foreign = sum(task.source is None for task in seen.tasks)
    if foreign:
        found.append(Remark(f"{counted(foreign, 'task')} left alone that this tool did not import"))
    return found


def _doubt_project(project: ProjectFile, seen: Seen, is_ours: Compared) -> None:
    """Raises DoubtfulError where none of the images is of the project that was found."""
    if not (len(is_ours.new) == len(seen.images) > 0 and is_ours.gone and seen.title):
        return
    if seen.title != project.title:
        raise DoubtfulError(
            f"this project file made the project {seen.title!r}, of which none of these images is. "
            "For another project write another file, or give this one another `id`. To rename "
            f"that project to {project.title!r} and add the images to it: --force"
        )
    files = {str(task.mark["project"]) for task in seen.tasks if task.mark.get("project")}
    if project.id and files and project.id not in files:
        raise DoubtfulError(
            f"another project file made the project {seen.title!r}, of which none of these images "
            "is. For another project give this file another `title`. To take that project over "
            "and add the images to it: --force"
        )


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
