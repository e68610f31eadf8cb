"""Signs that a catalogue is not what it was, or is read by the wrong column: then nothing is done.

A wrong key column would empty the facts of every task, and a table that lost its rows does too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from studio.errors import DoubtfulError
from studio.output import counted
from studio.project.catalogue import Matched, image_keys
from studio.project.keys import match_keys
from studio.project.project_file import Catalogue
from studio.project.table import Table

EXAMPLES = 10
# A fact that fewer tasks have may well have been taken away on purpose.
MANY = 3
GO_ON = "To go on all the same: --force"


def doubt_match(
    rows: Table, catalogue: Catalogue, images: Mapping[str, str], matched: Matched
) -> None:
    """Return if at least half of the images, or of the keys where these are fewer, fit together.

    Raises:
        DoubtfulError: with examples of both sides, and what to change.
    """
    table_keys = {cells[rows.columns.index(catalogue.key)] for _, cells in rows.rows}
    possible = min(len(images), len(table_keys))
    fitting = min(len(matched.keys), len(set(matched.keys.values())))
    if 2 * fitting >= possible:
        return
    keys = image_keys(catalogue, images)
    without = set(matched.images_without_row)
    ours = [f"{key.source} (key {key.key!r})" for key in keys if key.source in without]
    raise DoubtfulError(
        f"only {counted(fitting, 'image')} of {len(images)} match one of the {len(table_keys)} "
        f"keys in {catalogue.file}; nothing was changed.\n"
        f"  images:                 {_examples(ours)}\n"
        f"  keys in column {catalogue.key!r}: {_examples(matched.rows_without_image)}\n"
        f"{_advice(rows, catalogue, images)}\n{GO_ON}"
    )


def doubt_facts(
    before: Mapping[str, Mapping[str, object]], after: Mapping[str, Mapping[str, str]]
) -> None:
    """Return if no task would lose all its facts, and no fact be lost by all tasks.

    Args:
        before: source of a task -> its data.
        after: source of an image -> the facts that its task is to have.

    Raises:
        DoubtfulError: with examples of what would be lost, and what to change.
    """
    filled = {
        source: {name for name in facts if before[source].get(name)} - {"source"}
        for source, facts in after.items()
        if source in before
    }
    kept = {
        source: {name for name in names if after[source][name]} for source, names in filled.items()
    }
    emptied = [source for source, names in filled.items() if names and not kept[source]]
    counts = Counter(name for names in filled.values() for name in names)
    kept_anywhere = set[str]().union(*kept.values())
    lost = {name for name, number in counts.items() if number >= MANY} - kept_anywhere
    if emptied:
        told = [f"{one}: {_said(before[one], filled[one])}" for one in emptied]
        what = f"{counted(len(emptied), 'task')} would lose all their facts"
    elif lost:
        told = [
            f"{one}: {_said(before[one], lost & names)}"
            for one, names in filled.items()
            if lost & names
        ]
        what = f"every task would lose {', '.join(sorted(lost))}"
    else:
        return
    raise DoubtfulError(
        f"{what}; nothing was changed.\n  now: {_examples(told)}\n"
        "Look whether the catalogue still has their rows and values, and whether `key`, "
        f"`image_key` and `columns` in the project file are right.\n{GO_ON}"
    )


def _advice(rows: Table, catalogue: Catalogue, images: Mapping[str, str]) -> str:
    """Say which column would fit better, or what to change."""
    wanted = image_keys(catalogue, images)
    fits: dict[str, int] = {}
    for at, column in enumerate(rows.columns):
        if column and column != catalogue.key:
            keys = [*dict.fromkeys(cells[at] for _, cells in rows.rows)]
            fits[column] = len(match_keys(wanted, keys, catalogue.match).keys)
    best = max(fits, key=lambda column: fits[column], default="")
    if best and 2 * fits[best] >= min(len(images), len(rows.rows)):
        return f"The column {best!r} would match {fits[best]}: write `key: {best}`."
    return (
        "Change `key` in the project file to the column that names the images, or "
        "`image_key` to a pattern that finds the key in a file's name; `match` says which "
        "differences do not count."
    )


def _said(data: Mapping[str, object], names: set[str]) -> str:
    return ", ".join(f"{name} = {data[name]}" for name in sorted(names))


def _examples(texts: Sequence[str]) -> str:
    return "; ".join([*texts[:EXAMPLES], *(["..."] if len(texts) > EXAMPLES else [])]) or "none"
