"""A zone that has no machine free: the update goes on in the next of the setting `zones`.

The move is the one that a changed `zone` brings about (`infra.dynamic.restore`): the data goes
along. The config is changed, and not only this update, so that the next preview is about the zone
in which the machine is.
"""

from collections.abc import Callable, Collection, Sequence

from infra.operate.aftermath import failures
from infra.operate.causes.capacity import stockout, zones_available
from infra.operate.explanation import Context
from infra.operate.pulumi import Outcome, Target
from infra.settings.fields import Settings

ZONE = "atelier:zone"


def next_zone(outcome: Outcome, zones: Sequence[str], tried: Collection[str]) -> str:
    """Return where to try next, those first that Google names; empty where it failed otherwise."""
    found = failures(outcome)
    nothing = Context("")
    if not any(stockout(failure, nothing) for failure in found):
        return ""
    named = [zone for failure in found for zone in zones_available(failure.text)]
    left = [zone for zone in zones if zone not in tried]
    return next((zone for zone in named if zone in left), left[0] if left else "")


def go_on(
    outcome: Outcome,
    settings: Settings,
    target: Target,
    again: Callable[[], Outcome],
    say: Callable[[str], None],
) -> Outcome:
    """Return how the update ended in the zone in which it did, or in the last that it tried.

    Args:
        outcome: How it ended in the config's zone.
        settings: With that zone, and the others.
        target: Whose config is changed.
        again: Runs the update with the config as it is then.
        say: Tells the user.
    """
    zone, tried = settings.zone, {settings.zone}
    while outcome.status and (there := next_zone(outcome, settings.zones, tried)):
        say(f"\nGoogle has no such machine free in {zone} at the moment. Going on in {there}:")
        if target.ask("config", "set", ZONE, there, *target.scope) is None:
            say(f"{ZONE} could not be set.")
            return outcome
        zone = there
        tried.add(zone)
        outcome = again()
    if zone != settings.zone:
        say(f"\n{ZONE} is {zone} now, instead of {settings.zone}: keep the stack's config file.")
    return outcome


def told(settings: Settings) -> str:
    """Return where the machine is to be, and where else; empty where there is one zone only."""
    others = [zone for zone in settings.zones if zone != settings.zone]
    if not others:
        return ""
    return (
        f"The machine's zone is {settings.zone}. If Google has none free there, `make up` goes on"
        f" in {', '.join(others)}."
    )
