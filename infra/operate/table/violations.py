"""What a preview finds against the policies in `policy/`, as the engine tells of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.operate.table.events import Event
from infra.operate.table.kinds import words

_MANDATORY = "mandatory"


@dataclass(frozen=True)
class Violation:
    """A resource that a policy is against.

    Attributes:
        policy: The policy's name.
        what: The kind of resource, for people.
        urn: The resource.
        text: What is wrong, and what to do.
        is_mandatory: Whether the preview fails for it.
    """

    policy: str
    what: str
    urn: str
    text: str
    is_mandatory: bool


def violations(events: Iterable[Event]) -> tuple[Violation, ...]:
    """Return the violations, each once: those for which the preview fails come first."""
    found: dict[Violation, None] = {}
    for event in events:
        said = event.policy_event
        if said:
            urn = said.resource_urn or ""
            kind = urn.split("::")[2].split("$")[-1] if urn.count("::") > 2 else ""
            # The SDK puts what the policy promises on a line before what is wrong.
            _, _, wrong = said.message.strip().partition("\n")
            text = " ".join((wrong or said.message).split())
            mandatory = said.enforcement_level == _MANDATORY
            found.setdefault(Violation(said.policy_name, words(kind), urn, text, mandatory))
    return tuple(sorted(found, key=lambda one: (not one.is_mandatory, one.policy, one.urn)))
