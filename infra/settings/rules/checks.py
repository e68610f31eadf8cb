"""All rules, in the order in which their findings are told: as they stand in the modules."""

from collections.abc import Collection

from infra.settings.fields import Settings
from infra.settings.findings import Finding
from infra.settings.rules import backends, batch, machine, models, names, network, place, studio
from infra.settings.rules.rule import Rule

RULES = tuple(
    rule
    for module in (names, place, machine, network, studio, models, backends, batch)
    for rule in vars(module).values()
    if isinstance(rule, Rule)
)


def findings(settings: Settings, without: Collection[str] = ()) -> list[Finding]:
    """Return what the rules find, leaving out the rules that read one of the fields `without`."""
    return [
        finding
        for rule in RULES
        if rule.fields.isdisjoint(without)
        for finding in rule.check(settings)
    ]
