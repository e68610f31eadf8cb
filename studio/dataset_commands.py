"""The commands about what was labeled: data sets, versions, and what several people agree on."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click
from rich.console import Console

from studio.command_line import connection_options, plain_errors
from studio.demo import with_demo
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.buckets.place import Place
    from studio.dataset.labelled import Labelled
    from studio.label_studio.client import Studio
    from studio.label_studio.records import Project

# As in studio/dataset/formats, which takes a second to import.
FORMATS = ("masks", "instances", "coco", "panoptic", "yolo", "voc", "label-studio")


def project_options(command: click.decorators.FC) -> click.decorators.FC:
    """Add PROJECT_FILE, --project, --snapshots and the connection."""
    file = click.argument(
        "project_file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
    )
    number = click.option(
        "--project", "number", type=int, help="The project by its number, in place of its file."
    )
    snapshots = click.option(
        "--snapshots",
        help="Folder or gs:// address of the snapshots. Default: PROJECT_FILE's target, or the "
        "folder of PROJECT_FILE if it has none.",
    )
    return file(number(snapshots(connection_options(command))))


@click.command()
@click.option("--format", "format_", type=click.Choice(FORMATS), required=True)
@click.option(
    "--to", "destination", required=True, help="The data set's folder, or its gs:// address."
)
@click.option("--snapshot", help="Export this snapshot, in place of what is labeled now.")
@click.option(
    "--annotations",
    default="newest",
    show_default=True,
    help="Which of several annotations of a picture: newest, all, consensus or by=EMAIL.",
)
@click.option(
    "--split",
    default="80,10,10",
    show_default=True,
    help="Percents for training, validation and test.",
)
@click.option("--split-by", default="", help="Fact whose equal values stay in one part.")
@click.option(
    "--images/--no-images",
    "with_pictures",
    default=None,
    help="Whether pictures are copied. Default: yes, except for label-studio.",
)
@click.option("--licence", default="", help="Licence of the pictures, for the card.")
@click.option("--name-labelers", is_flag=True, help="Tell the labelers' addresses in the card.")
@click.option("--skip-faulty", is_flag=True, help="Leave out what cannot be exported.")
@project_options
def export(
    format_: str,
    destination: str,
    snapshot: str | None,
    annotations: str,
    split: str,
    split_by: str,
    with_pictures: bool | None,
    licence: str,
    name_labelers: bool,
    skip_faulty: bool,
    **place: Any,
) -> None:
    """Write the labeled images of PROJECT_FILE's project as a data set.

    Every file is read back and compared to the pixel before the data set is handed over. It takes
    the place of an earlier one, and of nothing else. A run that was cut off goes on.
    """
    with plain_errors():
        from studio.buckets.cloud_storage import CloudStorage
        from studio.buckets.place import BucketPlace, open_place
        from studio.dataset.choosing import read_rule
        from studio.dataset.export import Wish
        from studio.dataset.export import export as write
        from studio.dataset.splits import read_split
        from studio.dataset.uploading import require_replaceable_at, upload
        from studio.output import Output, counted

        if with_pictures is None:
            with_pictures = format_ != "label-studio"
        wish = Wish(
            format_,
            read_rule(annotations),
            read_split(split, split_by),
            with_pictures,
            licence,
            name_labelers,
            skip_faulty,
        )
        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        target = open_place(destination, CloudStorage())
        with _states(**place) as open_state, ExitStack() as stack:
            labelled = open_state(snapshot)
            if isinstance(target, BucketPlace):
                require_replaceable_at(target)
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "dataset"
                exported = write(labelled, wish, folder, output)
                with output.progress("uploading") as tell:
                    upload(folder, target, tell)
            else:
                exported = write(labelled, wish, target.folder.resolve(), output)
        for loss, (pixels, pictures) in exported.counts.losses.items():
            output.say(f"lost: {pixels} {loss}, in {counted(pictures, 'picture')}")
        for what, number in exported.counts.left_out.items():
            output.say(f"left out: {number} {what}")
        for name, fault in exported.faulty:
            output.say(f"left out: {name}: {fault}")
        output.say(
            f"done: {counted(exported.counts.items, 'picture')} with "
            f"{counted(sum(exported.counts.things.values()), 'object')} in {target}"
        )


@click.command()
@click.argument("name")
@click.option(
    "--image-hashes/--no-image-hashes",
    "with_pictures",
    default=True,
    help="Whether the images are read, so that one that is replaced later is noticed.",
)
@project_options
def snapshot(name: str, with_pictures: bool, **place: Any) -> None:
    """Keep what is labeled now under NAME, for good. Of PROJECT_FILE's project.

    An export of it is the same for ever, whatever is labeled later.
    """
    with plain_errors():
        from studio.dataset.snapshot import take_snapshot
        from studio.output import Output, counted

        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        with _states(**place) as open_state, output.progress("keeping tasks") as tell:
            where = open_state.place()
            taken, is_new = take_snapshot(
                open_state(None), name, where, datetime.now(UTC), tell, with_pictures
            )
        said = "done" if is_new else "nothing to change: it is there already"
        output.say(f"{said}: snapshot {name} of {counted(len(taken.tasks), 'task')} in {where}")


@click.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "outcome_file", type=click.File("w"), help="Also write it as JSON.")
@project_options
def diff(before: str, after: str, outcome_file: IO[str] | None, **place: Any) -> None:
    """Show what changed from snapshot BEFORE to snapshot AFTER, by image and label.

    `now` stands for what is labeled now.
    """
    with plain_errors():
        from studio.dataset.difference import difference
        from studio.output import Output, counted

        output = Output(Console(width=None if sys.stdout.isatty() else 200))
        with _states(**place) as open_state:
            found = difference(open_state(before), open_state(after))
        rows = [
            (one.picture, one.label, str(one.before), str(one.after), f"{one.iou:.3f}")
            for one in found.changes
        ]
        title = f"From {before} to {after}"
        output.table(title, ("image", "label", "pixels before", "after", "IoU"), rows)
        for what, names in (
            ("labeled anew", found.added),
            ("no longer there", found.removed),
            ("changed, but for its pixels", found.touched),
        ):
            for one in names:
                output.say(f"{what}: {one}")
        output.say(
            f"{counted(len({one.picture for one in found.changes}), 'image')} changed, "
            f"{len(found.added)} new, {len(found.removed)} gone, {found.same} the same"
        )
        if outcome_file is not None:
            outcome_file.write(json.dumps(asdict(found), ensure_ascii=False, indent=1) + "\n")


@click.command()
@click.argument(
    "project_file", required=False, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option("--project", "number", type=int, help="The project by its number.")
@connection_options
def consensus(
    project_file: Path | None, number: int | None, url: str | None, token_file: Path | None
) -> None:
    """Where people labeled an image twice, add what most of them say as a prediction.

    To adjudicate, open the task in the Data Manager, copy that prediction, correct and submit it.
    A second run changes nothing. Exits 4 if some images can have no consensus.
    """
    with plain_errors(), _states(project_file, number, None, url, token_file) as states:
        from studio.dataset.consensus import add_consensus
        from studio.left import NEVER
        from studio.output import Output, counted, shortened

        output = Output(Console(soft_wrap=not sys.stdout.isatty()))
        with output.progress("comparing annotations") as tell:
            found = add_consensus(*states.live(), tell)
        for name, fault in found.faulty:
            output.say(f"no consensus: {name}: {fault}")
        if found.adjudicated:
            output.say(f"{counted(found.adjudicated, 'image')} adjudicated already, left alone")
        if not found.made:
            output.say(f"nothing to change: {counted(found.same, 'image')} with a consensus")
        else:
            names = shortened(found.made, 8)
            output.say(f"done: a consensus of {counted(len(found.made), 'image')}: {names}")
        if found.faulty:
            sys.exit(NEVER)


class _States:
    """The states of one project: as it is now, and its snapshots.

    Label Studio is only asked where it has to be: a snapshot without pictures needs none.
    """

    def __init__(
        self,
        stack: ExitStack,
        project_file: Path | None,
        number: int | None,
        snapshots: str | None,
        environment: Mapping[str, str],
        connect: Callable[[], "Studio"],
    ) -> None:
        if (project_file is None) == (number is None):
            raise StudioError("name a project file, or a project's number by --project")
        self._project_file = project_file
        self._number = number
        self._snapshots = snapshots
        self._environment = environment
        self._studio = cache(lambda: stack.enter_context(connect()))

    def __call__(self, snapshot: str | None) -> "Labelled":
        from studio.dataset.live import LiveProject
        from studio.dataset.snapshot import NOW, open_snapshot

        if snapshot is not None and snapshot != NOW:
            return open_snapshot(
                snapshot,
                self.place(),
                lambda *picture: self._studio().storages.read_image(*picture),
            )
        return LiveProject(*self.live())

    def live(self) -> "tuple[Studio, Project]":
        """Return Label Studio, and the project as it is there now."""
        from studio.project.load import read_named
        from studio.projects import get_project

        which = self._number
        if self._project_file is not None:
            which = read_named(self._project_file, self._environment)
        assert which is not None
        studio = self._studio()
        return studio, get_project(studio, which)

    def place(self) -> "Place":
        """Return where the snapshots are."""
        from studio.buckets.cloud_storage import CloudStorage
        from studio.buckets.place import open_place
        from studio.project.load import read_target

        if self._snapshots:
            return open_place(self._snapshots, CloudStorage())
        if self._project_file is None:
            raise StudioError("say where the snapshots are, by --snapshots FOLDER or gs://...")
        target = read_target(self._project_file, self._environment)
        return open_place(target or str(self._project_file.resolve().parent), CloudStorage())


@contextmanager
def _states(
    project_file: Path | None,
    number: int | None,
    snapshots: str | None,
    url: str | None,
    token_file: Path | None,
) -> Iterator[_States]:
    environment = with_demo(os.environ, url)

    def connect() -> "Studio":
        # Importing the SDK takes seconds.
        from studio.label_studio.client import Studio
        from studio.label_studio.connection import read_connection

        return Studio(read_connection(environment, url, token_file))

    with ExitStack() as stack:
        yield _States(stack, project_file, number, snapshots, environment, connect)


COMMANDS = (export, snapshot, diff, consensus)
