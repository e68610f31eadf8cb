"""All rules, in the order in which their findings are told."""

from collections.abc import Collection

from infra.settings.fields import Settings
from infra.settings.findings import Finding
from infra.settings.rules import backends, batch, machine, models, names, network, place, studio

RULES = (
    *names.RULES,
    *place.RULES,
    *machine.RULES,
    *network.RULES,
    *studio.RULES,
    *models.RULES,
    *backends.RULES,
    *batch.RULES,
)


def findings(settings: Settings, without: Collection[str] = ()) -> list[Finding]:
    """Return what the rules find, leaving out the rules that read one of the fields `without`."""
    return [
        finding
        for rule in RULES
        if rule.fields.isdisjoint(without)
        for finding in rule.check(settings)
    ]
