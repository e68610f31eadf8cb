"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.findings import Finding

if TYPE_CHECKING:
    from infra.settings import Settings

Check = Callable[["Settings"], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """A check, and the fields it reads: it is left out where one of them has no usable value."""

    fields: frozenset[str]
    check: Check


def reads(*fields: str) -> Callable[[Check], Rule]:
    """Make a rule of a function that yields findings about these fields of the settings."""
    return lambda check: Rule(frozenset(fields), check)
