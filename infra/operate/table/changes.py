"""A preview's steps as changes to resources: added, adopted, changed, replaced, deleted, let go."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.operate.table.kinds import API, rank, words
from infra.operate.table.preview import DELETED_LAST, Step
from infra.operate.table.values import reasons, segments


class Action(StrEnum):
    """What happens to a resource, in the order in which it is told."""

    ADD = "add"
    ADOPT = "adopt"
    CHANGE = "change"
    REPLACE = "replace"
    DELETE = "delete"
    LET_GO = "let go"


_ACTIONS = {
    "create": Action.ADD,
    "create-replacement": Action.ADD,
    "import": Action.ADOPT,
    "import-replacement": Action.REPLACE,
    "update": Action.CHANGE,
    "replace": Action.REPLACE,
    "delete": Action.DELETE,
    "delete-replaced": Action.DELETE,
}
_PROVIDERS = "pulumi:providers:"
LEFT_OVER = "left over by an update that failed"


@dataclass(frozen=True)
class Change:
    """One resource that does not stay as it is.

    Attributes:
        type: Its type token; `words` says it for people.
        forced: Why it is replaced: properties with their values before and after.
        others: What else of it changes.
        properties: First parts of the paths of all that changes, e.g. metadata, zone.
        step: What the engine said.
    """

    action: Action
    type: str
    name: str
    forced: tuple[str, ...]
    others: tuple[str, ...]
    properties: frozenset[str]
    step: Step

    @property
    def words(self) -> str:
        """What it is, for people."""
        return words(self.type)

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is said about why: where something forces a replacement, only that."""
        return self.forced or self.others

    @property
    def is_left_over(self) -> bool:
        """Whether its replacement is there already, since an update that then failed."""
        return self.step.op == DELETED_LAST


def changes(steps: Iterable[Step]) -> tuple[Change, ...]:
    """Return what changes among the resources themselves, in the table's order.

    Components, providers and the stack itself are no resources in this sense.
    """
    found: list[Change] = []
    for step in steps:
        action = _ACTIONS.get(step.op)
        if action is None or not step.custom or step.type.startswith(_PROVIDERS):
            continue
        if action is Action.DELETE and _stays_in_the_cloud(step):
            action = Action.LET_GO
        explained = action in (Action.CHANGE, Action.REPLACE)
        forced, others = reasons(step) if explained else ((), ())
        names = {*(step.detailed_diff or {}), *step.diff_reasons, *step.replace_reasons}
        first = {str(parts[0]) for parts in map(segments, names) if parts}
        if action is Action.REPLACE and not forced and not others:
            forced = ("what it belongs to is replaced",)
        name = f"{step.name} ({LEFT_OVER})".lstrip() if step.op == DELETED_LAST else step.name
        found.append(Change(action, step.type, name, forced, others, frozenset(first), step))
    # The engine works on many at once: its order differs from run to run.
    return tuple(sorted(found, key=lambda change: (rank(change.type), change.name)))


def _stays_in_the_cloud(step: Step) -> bool:
    """Whether Pulumi only forgets the resource when it deletes it."""
    old = step.old
    if old is None:
        return False
    if old.retain_on_delete or old.inputs.get("deletionPolicy") == "ABANDON":
        return True
    # Since pulumi-gcp 9 an API stays enabled unless that is asked for.
    return old.type == API and old.inputs.get("disableOnDestroy") is not True
