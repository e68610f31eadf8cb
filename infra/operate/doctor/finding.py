"""What a check found."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["ok", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One line of the table: an `error` would fail the update, a `warning` may matter.

    Attributes:
        message: What was found, a clause without a full stop.
        remedy: What to do, a line each; a command stands alone.
    """

    severity: Severity
    message: str
    remedy: tuple[str, ...] = ()


def good(message: str) -> Finding:
    """Return that all is well."""
    return Finding("ok", message)


def bad(message: str, *remedy: str) -> Finding:
    """Return what an update would fail with."""
    return Finding("error", message, remedy)


def doubtful(message: str, *remedy: str) -> Finding:
    """Return what may matter, or could not be looked at."""
    return Finding("warning", message, remedy)
