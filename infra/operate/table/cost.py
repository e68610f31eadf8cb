"""Dollars before and after, from the estimate that the program hands its guardrails component."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from infra.operate.table.events import OpType, State, Step
from infra.operate.table.preview import inputs

COMPONENTS = "atelier:"
PROPERTY = "cost"


@dataclass(frozen=True)
class Amount:
    """A sum of US dollars before and after; None where it is not known."""

    what: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Cost:
    """What the stack costs before and after the update.

    Attributes:
        amounts: An hour running, the sprint, a month if forgotten.
        basis: The machine and the day of the prices, as the estimate names them.
        is_new: Nothing is there yet: there is no sum before.
        is_gone: The stack is destroyed: there is no sum after.
        unknown: Why a sum is not known, in a sentence; else empty.
    """

    amounts: tuple[Amount, ...]
    basis: str
    is_new: bool
    is_gone: bool
    unknown: str

    @property
    def changes(self) -> bool:
        """Whether a sum differs."""
        return any(amount.before != amount.after for amount in self.amounts)


def cost(steps: Iterable[Step]) -> Cost | None:
    """Return the cost before and after, or None where no component says it."""
    for step in steps:
        before, after = _estimate(step.old), _estimate(step.new)
        if step.op is OpType.DELETE:
            after = None
        if step.type.startswith(COMPONENTS) and (before or after):
            return _cost(before, after)
    return None


def _cost(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> Cost:
    shown = after or before or {}
    hours = shown.get("hours_in_sprint")
    sprint = f"sprint of {hours:g} h" if isinstance(hours, int | float) else "sprint"
    names = {
        "hour_usd": "hour running",
        "sprint_usd": sprint,
        "month_forgotten_usd": "month if forgotten",
    }
    amounts = tuple(
        Amount(what, _number(before, key), _number(after, key)) for key, what in names.items()
    )
    basis = "; ".join(
        str(part)
        for part in (
            shown.get("machine"),
            shown.get("schedule"),
            shown.get("priced_on") and f"list prices of {shown['priced_on']}",
        )
        if part
    )
    return Cost(amounts, basis, before is None, after is None, str(shown.get("unknown") or ""))


def _estimate(state: State | None) -> Mapping[str, object] | None:
    found = inputs(state).get(PROPERTY)
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else None


def _number(estimate: Mapping[str, object] | None, key: str) -> float | None:
    value = (estimate or {}).get(key)
    return float(value) if isinstance(value, int | float) else None
