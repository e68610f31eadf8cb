"""Tabs of the Data Manager for whoever leads the work. Tabs that are there are never touched.

A tab is ours by its title alone: one that somebody renamed is theirs, and ours is made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = False


def _number(column: str, operator: str, value: object) -> dict[str, Any]:
    """A filter on a column of numbers, as the Data Manager writes it."""
    name = f"filter:tasks:{column}"
    return {"filter": name, "operator": operator, "type": "Number", "value": value}


def _tab(conjunction: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "list",
        "target": "tasks",
        "filters": {"conjunction": conjunction, "items": list(items)},
    }


_UNTOUCHED = (
    _number("total_annotations", "equal", 0),
    _number("cancelled_annotations", "equal", 0),
)

# Of a project without tabs. Label Studio opens the first tab, and "Label All Tasks" follows its
# filters and order: the first one shows everything, as Label Studio's own default tab does.
FIRST = "All"
# None is for images that the model cannot use: only the score would tell them, and not every model
# gives one. None is for leftover prompts: Label Studio takes minutes to filter by what masks hold.
TABS: Mapping[str, dict[str, Any]] = {
    FIRST: _tab("and"),
    "Not yet labeled": _tab("and", *_UNTOUCHED),
    # A task's score is the mean of those of the registered models' predictions; one without comes
    # last (data_manager/managers.py, apply_ordering). Our frontend has Label Studio count so.
    "Most doubtful first": {**_tab("and", *_UNTOUCHED), "ordering": ["tasks:predictions_score"]},
    "Labeled twice": _tab("and", _number("total_annotations", "greater", 1)),
    "Problems": _tab(
        "or",
        _number("cancelled_annotations", "greater", 0),
        _number("total_predictions", "equal", 0),
    ),
}


@dataclass(frozen=True)
class MakeTabs(Step):
    """Add tabs behind those that are there."""

    titles: tuple[str, ...]

    def describe(self) -> str:
        named = ", ".join(repr(title) for title in self.titles)
        return f"add {'tabs' if len(self.titles) > 1 else 'the tab'} {named} to the Data Manager"

    def carry_out(self, context: Context) -> None:
        for title in self.titles:
            context.studio.make_tab(context.project_id, {"title": title, **TABS[title]})


def look(context: Context) -> Sequence[str]:
    """Return the titles of the tabs."""
    return context.studio.tabs(context.project_id) if context.project_id else ()


def compare(project: ProjectFile, seen: Sequence[str]) -> list[Step]:
    missing = tuple(title for title in TABS if title not in seen and (title != FIRST or not seen))
    return [MakeTabs(missing)] if missing else []
