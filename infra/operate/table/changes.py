"""A preview's steps as changes to resources: added, adopted, changed, replaced, deleted, let go."""

from dataclasses import dataclass
from enum import StrEnum

from infra.operate.table.events import OpType, Step
from infra.operate.table.kinds import API, rank, words
from infra.operate.table.preview import DELETED_LAST, Preview, inputs, is_custom, name
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
    OpType.CREATE: Action.ADD,
    OpType.IMPORT: Action.ADOPT,
    OpType.IMPORT_REPLACEMENT: Action.REPLACE,
    OpType.UPDATE: Action.CHANGE,
    OpType.REPLACE: Action.REPLACE,
    OpType.DELETE: Action.DELETE,
    DELETED_LAST: Action.DELETE,
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
        is_deleted_already: It is replaced, and an earlier update that failed has deleted it.
    """

    action: Action
    type: str
    name: str
    forced: tuple[str, ...]
    others: tuple[str, ...]
    properties: frozenset[str]
    step: Step
    is_deleted_already: bool

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


def changes(preview: Preview) -> tuple[Change, ...]:
    """Return what changes among the resources themselves, in the table's order.

    Components, providers and the stack itself are no resources in this sense.
    """
    found: list[Change] = []
    for step in preview.steps:
        action = _ACTIONS.get(step.op)
        if action is None or not is_custom(step) or step.type.startswith(_PROVIDERS):
            continue
        if action is Action.DELETE and _stays_in_the_cloud(step):
            action = Action.LET_GO
        explained = action in (Action.CHANGE, Action.REPLACE)
        forced, others = reasons(step) if explained else ((), ())
        paths = {*(step.detailed_diff or {}), *(step.diffs or ()), *(step.keys or ())}
        first = frozenset(str(parts[0]) for parts in map(segments, paths) if parts)
        if action is Action.REPLACE and not forced and not others:
            forced = ("what it belongs to is replaced",)
        own = f"{name(step)} ({LEFT_OVER})".lstrip() if step.op == DELETED_LAST else name(step)
        gone = step.urn in preview.deleted_already
        found.append(Change(action, step.type, own, forced, others, first, step, gone))
    # The engine works on many at once: its order differs from run to run.
    return tuple(sorted(found, key=lambda change: (rank(change.type), change.name)))


def _stays_in_the_cloud(step: Step) -> bool:
    """Whether Pulumi only forgets the resource when it deletes it."""
    if step.old is None:
        return False
    has = inputs(step.old)
    if step.old.retain_on_delete or has.get("deletionPolicy") == "ABANDON":
        return True
    # Since pulumi-gcp 9 an API stays enabled unless that is asked for.
    return step.type == API and has.get("disableOnDestroy") is not True
