"""A data set: written beside its place, read back, compared to the pixel, and put there."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.dataset.card import Card, Counts, count, summary, write_sheet
from studio.dataset.categories import Categories, read_categories
from studio.dataset.choosing import Rule
from studio.dataset.croissant import write_croissant, write_pictures
from studio.dataset.earlier import SUMS, require_replaceable
from studio.dataset.formats import FORMATS
from studio.dataset.formats.format import Format
from studio.dataset.item import Record, digest
from studio.dataset.journal import Journal
from studio.dataset.labelled import Entry, Labelled
from studio.dataset.making import Made, Maker
from studio.dataset.naming import names_of
from studio.dataset.pictures import thumbnail
from studio.dataset.splits import Split
from studio.errors import ExportError, MediaError, RefusedError
from studio.output import Output, counted
from studio.version import read_version

THUMBNAILS = ".thumbnails"
ON_THE_SHEET = 12
MOST_NAMED = 10

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Wish:
    """What data set is wanted.

    Attributes:
        with_pictures: whether the pictures are copied beside the masks.
        licence: of the pictures, as the card shall say it.
        name_labelers: whether the card may tell the labelers' addresses.
        skip_faulty: leave pictures out that cannot be exported, instead of ending with an error.
    """

    format: str
    rule: Rule
    split: Split
    with_pictures: bool
    licence: str = ""
    name_labelers: bool = False
    skip_faulty: bool = False


@dataclass(frozen=True)
class Exported:
    """What came of it: counts, and the pictures that were left out with their faults."""

    counts: Counts
    faulty: Sequence[tuple[str, str]]


def export(labelled: Labelled, wish: Wish, place: Path, output: Output) -> Exported:
    """Write a data set to the folder `place`, in place of an earlier one.

    It is written beside its place and put there when it is whole. A run that was cut off goes on.

    Raises:
        ExportError: nothing is labeled, a picture cannot be exported, something else is at that
            place or in the export that is there, or what was written does not read back as what was
            drawn.
        StudioError: Label Studio does not answer.
    """
    require_replaceable(place)
    categories = read_categories(labelled.about.config)
    if not labelled.entries:
        raise ExportError(_nothing(labelled, wish.rule))
    draft = place.with_name(f".{place.name}.partial")
    journal = _open_journal(draft, labelled, wish)
    try:
        written = _Export(labelled, wish, categories, draft, journal)
        with output.progress("writing") as tell:
            written.write_items(tell)
        written.check_faults()
        if next(journal.records(), None) is None:
            raise ExportError(_nothing(labelled, wish.rule))
        written.format.finish(journal.records)
        with output.progress("reading back") as tell:
            written.read_back(tell)
        counts = written.write_card()
    except BaseException:
        journal.close()
        raise
    journal.close(remove=True)
    written.describe(counts)
    _write_sums(draft)
    _put(draft, place)
    return Exported(counts, written.faulty)


class _Export:
    """One run of an export."""

    def __init__(
        self,
        labelled: Labelled,
        wish: Wish,
        categories: Categories,
        draft: Path,
        journal: Journal,
    ) -> None:
        self._labelled = labelled
        self._wish = wish
        self._categories = categories
        self._draft = draft
        self._journal = journal
        self.format: Format = FORMATS[wish.format](draft, categories, wish.split.parts)
        self.faulty: list[tuple[str, str]] = []
        keys = [tag.value.removeprefix("$") for tag in categories.config.images.values()]
        self._names = names_of(labelled.entries, keys)
        chosen = sorted(labelled.entries, key=lambda one: _hash(one.identity.encode()))
        self._on_the_sheet = {one.id for one in chosen[:ON_THE_SHEET]}

    def write_items(self, tell: Tell) -> None:
        """Write the items that are not there yet."""
        entries = self._labelled.entries
        missing = [one for one in entries if not self._journal.has(one.id, one.state)]
        by_id = {one.id: one for one in missing}
        done = len(entries) - len(missing)
        tell(done, len(entries))
        maker = Maker(
            self._labelled,
            self._categories,
            self._wish.rule,
            self._wish.split,
            self._names,
            self._wish.with_pictures,
        )
        for task in self._labelled.read(missing):
            entry = by_id[task.id]
            self._journal.begin(entry.id, entry.state)
            try:
                # All of them before the first file is written: a fault leaves none behind.
                made = list(maker.items_of(task, entry.identity))
                records = [self._write(entry, one) for one in made]
            except (ExportError, MediaError, RefusedError) as error:
                self.faulty.append((str(self._names[task.id]), str(error)))
                records = []
            else:
                self._journal.add(entry.id, entry.state, records)
            done += 1
            tell(done, len(entries))

    def _write(self, entry: Entry, made: Made) -> Record:
        item, drawn = made.item, made.item.drawn
        written = self.format.write(item)
        if self._wish.with_pictures and made.content is not None:
            path = self.format.picture(str(item.path), item.part)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(made.content)
        small = ""
        if entry.id in self._on_the_sheet:
            small = f"{THUMBNAILS}/{_hash(str(item.path).encode())}.png"
            (self._draft / THUMBNAILS).mkdir(exist_ok=True)
            thumbnail(made.content, drawn, self._categories).save(self._draft / small)
        return Record(
            path=str(item.path),
            part=item.part,
            task=item.task.id,
            height=drawn.height,
            width=drawn.width,
            annotations=[one.id for one in item.annotations],
            labelers=[one.by for one in item.annotations],
            created=min(one.created for one in item.annotations),
            updated=max(one.updated for one in item.annotations),
            turned=made.turned,
            things=[(thing.category, thing.area) for thing in drawn.things],
            left_out=dict(drawn.left_out),
            digests=written.digests,
            extra=written.extra,
            losses=written.losses,
            thumbnail=small,
        )

    def check_faults(self) -> None:
        """Raises ExportError for pictures that cannot be exported, unless they may be left out."""
        if not self.faulty or self._wish.skip_faulty:
            return
        lines = [f"\n  {name}: {fault}" for name, fault in self.faulty[:MOST_NAMED]]
        more = len(self.faulty) - MOST_NAMED
        lines += [f"\n  ... and {more} more"] if more > 0 else []
        raise ExportError(
            f"{counted(len(self.faulty), 'picture')} cannot be exported; mend them and run this "
            f"again, or leave them out with --skip-faulty:{''.join(lines)}"
        )

    def read_back(self, tell: Tell) -> None:
        """Read all files as their readers do.

        Raises:
            ExportError: a picture is not what was drawn.
        """
        wrong = []
        total = len(self._labelled.entries)
        for done, record in enumerate(self._by_part(), start=1):
            try:
                read = [digest(array) for array in self.format.read(record)]
            except (OSError, ValueError, KeyError) as error:
                read = [f"{type(error).__name__}: {error}"]
            if read != record.digests:
                wrong.append(record.path)
            tell(done, max(done, total))
        if wrong:
            names = ", ".join(wrong[:MOST_NAMED])
            raise ExportError(
                f"{counted(len(wrong), 'picture')} did not read back as drawn: {names}. Nothing "
                f"was handed over; what was written is in {self._draft}. Delete that, and run this "
                "again; if it stays, please report it"
            )

    def _by_part(self) -> Iterator[Record]:
        """The records part by part: the files that a part shares are read once."""
        for part in self.format.parts:
            yield from (one for one in self._journal.records() if one.part == part)

    def write_card(self) -> Counts:
        """Write what the data set says about itself."""
        counts = count(self._journal.records)
        small = [self._draft / one.thumbnail for one in self._journal.records() if one.thumbnail]
        write_sheet(self._draft, small[:ON_THE_SHEET])
        shutil.rmtree(self._draft / THUMBNAILS, ignore_errors=True)
        Card(
            self._labelled.about,
            self._categories,
            self.format,
            self._wish.rule,
            self._wish.split,
            counts,
            self.faulty,
            self._wish.licence,
            self._wish.name_labelers,
        ).write(self._draft)
        write_pictures(self._draft, self.format, self._journal.records, self._wish.with_pictures)
        return counts

    def describe(self, counts: Counts) -> None:
        """Describe the files for machines, when all others are there."""
        about = self._labelled.about
        write_croissant(
            self._draft,
            title=about.title,
            description=summary(about, counts, self._categories, self.format),
            licence=self._wish.licence,
            changed=counts.last[:10],
            models=about.models,
            parts=self._wish.split.parts,
        )


def _open_journal(draft: Path, labelled: Labelled, wish: Wish) -> Journal:
    """Open the journal of what an earlier run has written, if that is still right."""
    about = labelled.about
    purpose = json.dumps(
        [read_version(), repr(wish), about.title, about.origin, _hash(about.config.encode())]
    )
    draft.mkdir(parents=True, exist_ok=True)
    journal = Journal(draft, purpose)
    states = {one.id: one.state for one in labelled.entries}
    if journal.is_new or not journal.fits(states):
        # A file of something that has changed since could be left over.
        journal.close()
        shutil.rmtree(draft)
        draft.mkdir()
        journal = Journal(draft, purpose)
    return journal


def _nothing(labelled: Labelled, rule: Rule) -> str:
    about = labelled.about
    if labelled.entries:
        return f"{about.origin} ({about.title}) has no annotation by {rule.email}"
    return (
        f"{about.origin} ({about.title}) has {counted(about.tasks, 'task')} and no annotation: "
        "there is nothing to export. Pre-labels count once somebody has submitted them"
    )


def _write_sums(folder: Path) -> None:
    """Write the hash of every file, in the form of sha256sum."""
    lines = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            lines.append(f"{found}  {path.relative_to(folder).as_posix()}\n")
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _put(draft: Path, place: Path) -> None:
    """Put the finished folder at its place; an earlier one goes when the new one is there."""
    require_replaceable(place)  # Again: hours may have passed.
    earlier = place.with_name(f".{place.name}.earlier")
    shutil.rmtree(earlier, ignore_errors=True)
    if place.exists():
        place.rename(earlier)
    draft.rename(place)
    shutil.rmtree(earlier, ignore_errors=True)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
