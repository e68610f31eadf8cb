"""What a preview's events say: one step for each resource, and what went wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.operate.table.events import Event, OpType, State, Step
from infra.operate.table.violations import Violation, violations

DELETED_LAST = OpType.DELETE_REPLACED
_PARTS_OF_A_REPLACEMENT = (OpType.CREATE_REPLACEMENT, DELETED_LAST)


@dataclass(frozen=True)
class Preview:
    """What a preview found.

    Attributes:
        steps: What the engine would do to each resource, in the order that it met them.
        errors: The messages of severity error, each once.
        deleted_already: The URNs of what is replaced and was deleted by an update that failed.
        violations: What a policy is against.
    """

    steps: tuple[Step, ...]
    errors: tuple[str, ...]
    deleted_already: frozenset[str]
    violations: tuple[Violation, ...] = ()

    @property
    def stack(self) -> str:
        """The stack's name; empty where there is not one step."""
        return next((step.urn.split("::")[0].split(":")[-1] for step in self.steps), "")


def preview_of(events: Iterable[Event], succeeded: bool = False) -> Preview:
    """Return what a preview's events say; the parts of a replacement are told by its own step.

    One that succeeded has no errors, whatever the engine complained of: it does so when it is done
    and a provider takes more than five seconds to stop, on a busy computer say ("exited
    prematurely", Plugin.Close in Pulumi's pkg/resource/plugin/plugin.go).

    The engine marks every replacement that deletes first as pending, the ones that an update left
    half done too. What tells them apart is that these have nothing to delete.
    """
    events = tuple(events)
    met: dict[tuple[str, OpType], Step] = {}
    errors: dict[str, None] = {}
    for event in events:
        about, said = event.resource_pre_event or event.res_outputs_event, event.diagnostic_event
        if about:
            # The later event of a step knows the outputs as well.
            met[about.metadata.urn, about.metadata.op] = about.metadata
        if said and said.severity == "error" and not succeeded:
            errors.setdefault(said.message.removeprefix("error: ").strip())
    errors.pop("", None)
    against = violations(events)
    if any(violation.is_mandatory for violation in against):
        # All that the engine says of a preview that a policy fails; the violations say why.
        errors.pop("preview failed", None)
    steps = {urn: step for (urn, op), step in met.items() if op not in _PARTS_OF_A_REPLACEMENT}
    replaced = {urn for urn, step in steps.items() if step.op is OpType.REPLACE}
    made, deleted = ({urn for urn, op in met if op is part} for part in _PARTS_OF_A_REPLACEMENT)
    # What an update that failed has replaced and not deleted yet is deleted now.
    left_over = (met[urn, DELETED_LAST] for urn in sorted(deleted - replaced))
    return Preview(
        (*steps.values(), *left_over),
        tuple(errors),
        frozenset((replaced & made) - deleted),
        against,
    )


def inputs(state: State | None) -> Mapping[str, Any]:
    """Return the inputs of a state; none where there is no state."""
    return (state and state.inputs) or {}


def is_custom(step: Step) -> bool:
    """Return whether a provider manages it: not a component, not the stack."""
    return any(state.custom for state in (step.new, step.old) if state)


def name(step: Step) -> str:
    """Return the name that the program gives it, without what all names of a stack begin with."""
    return name_of(step.urn)


def name_of(urn: str) -> str:
    """Return the name that the program gives the resource of a URN, as `name` does."""
    stack, project, *_, own = urn.removeprefix("urn:pulumi:").split("::")
    return own.removeprefix(f"{project}-{stack}").removeprefix("-")
