"""What a rule is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.settings.fields import Settings
from infra.settings.findings import Finding

Check = Callable[[Settings], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A check, and the fields it reads: it is left out where one of them has no usable value."""

    fields: frozenset[str]
    check: Check


def reads(*fields: str) -> Callable[[Check], Rule]:
    """Make a rule of a function that yields findings about these fields of the settings."""
    return lambda check: Rule(frozenset(fields), check)
