"""All rules, in the order in which their findings are told."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from infra.findings import Finding
from infra.rules import machine, names, network, studio

if TYPE_CHECKING:
    from infra.settings import Settings

RULES = (*names.RULES, *machine.RULES, *network.RULES, *studio.RULES)


def findings(settings: Settings, without: Collection[str] = ()) -> list[Finding]:
    """Return what the rules find, leaving out the rules that read one of the fields `without`."""
    return [
        finding
        for rule in RULES
        if rule.fields.isdisjoint(without)
        for finding in rule.check(settings)
    ]
