"""What is wrong with a stack's config, and how it is said."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True)
class Finding:
    """One fault: the config key it is about, what is wrong, and what to write instead.

    `message` and `remedy` are clauses without a full stop.
    """

    key: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.key}: {self.message}. {self.remedy}."


class SettingsError(ValueError):
    """The config cannot be used; the message lists every fault, one a line.

    Attributes:
        findings: The same faults, for programs.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        many = len(self.findings)
        first = "One setting is wrong" if many == 1 else f"{many} settings are wrong"
        lines = [f"{first}; nothing was changed:", *(f"  {item}" for item in self.findings)]
        super().__init__("\n".join(lines))


def shown(value: object) -> str:
    """Return a value as a message quotes it, cut after 80 characters. Never for a secret."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def listed(names: Iterable[str], conjunction: str = "or") -> str:
    """Return names as a clause: `a, b or c`."""
    *first, last = names
    return f"{', '.join(first)} {conjunction} {last}" if first else last


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is most like `word`, however it is written, or None."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
