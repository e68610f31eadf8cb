"""A preview as people read it: what changes, what that means, which models serve, what it costs."""

from dataclasses import dataclass

from infra.operate.table.changes import Action, Change, changes
from infra.operate.table.cost import Cost, cost
from infra.operate.table.models import Model, models
from infra.operate.table.preview import Preview
from infra.operate.table.service import Remark, remarks
from infra.operate.table.violations import Violation

_NAMED = 6
TITLES = {
    Action.ADD: "Add",
    Action.ADOPT: "Adopt what is there",
    Action.CHANGE: "Change in place",
    Action.REPLACE: "Replace",
    Action.DELETE: "Delete",
    Action.LET_GO: "Keep in the cloud, without managing it",
}
# Of these, a line each and the reason; the others are counted by kind.
_WITH_REASONS = frozenset({Action.CHANGE, Action.REPLACE})


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: The kind of resource, with its number where there are several.
        names: Their names in the program.
        why: What differs, a clause each; empty where they are only counted.
    """

    what: str
    names: str
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """The rows of one action, under its title."""

    action: Action
    count: int
    rows: tuple[Row, ...]

    @property
    def title(self) -> str:
        """What happens to these, for people."""
        return TITLES[self.action]


@dataclass(frozen=True)
class Plan:
    """All that is told about a preview.

    Attributes:
        errors: What the engine reported as wrong; the rest is then incomplete.
        violations: What a policy is against.
        policy_note: Why no policy was looked at; empty where they were.
    """

    stack: str
    groups: tuple[Group, ...]
    remarks: tuple[Remark, ...]
    models: tuple[Model, ...]
    cost: Cost | None
    errors: tuple[str, ...]
    violations: tuple[Violation, ...] = ()
    policy_note: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether a policy fails the preview."""
        return any(violation.is_mandatory for violation in self.violations)

    @property
    def summary(self) -> str:
        """How many resources of each action, in one line."""
        parts = [f"{group.count} to {_verb(group.action)}" for group in self.groups]
        if self.errors:
            parts.append("incomplete: the preview failed")
        changed = ", ".join(parts) or "no changes"
        return f"{changed}, {len(self.violations)} against a policy" if self.violations else changed


def make(preview: Preview, policy_note: str = "") -> Plan:
    """Return a preview as people read it; with `policy_note` where no policy was looked at."""
    changed = changes(preview)
    failed = bool(preview.errors)
    return Plan(
        stack=preview.stack,
        groups=tuple(_groups(changed)),
        # A preview that failed has not met everything: nothing is promised from it.
        remarks=() if failed else remarks(changed, preview.steps),
        models=models(preview.steps),
        cost=cost(preview.steps),
        errors=preview.errors,
        violations=preview.violations,
        policy_note=policy_note,
    )


def _groups(changed: tuple[Change, ...]) -> list[Group]:
    found: list[Group] = []
    for action in Action:
        of_this = [change for change in changed if change.action is action]
        if of_this:
            rows = _each(of_this) if action in _WITH_REASONS else _counted(of_this)
            found.append(Group(action, len(of_this), tuple(rows)))
    return found


def _each(changed: list[Change]) -> list[Row]:
    return [Row(change.words, change.name, change.reasons) for change in changed]


def _counted(changed: list[Change]) -> list[Row]:
    by_words: dict[str, list[str]] = {}
    for change in changed:
        by_words.setdefault(change.words, []).append(change.name)
    return [
        Row(f"{len(names)} x {words}" if len(names) > 1 else words, _listed(names))
        for words, names in by_words.items()
    ]


def _listed(names: list[str]) -> str:
    names = [name for name in names if name]
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _verb(action: Action) -> str:
    return "keep in the cloud" if action is Action.LET_GO else action.value
