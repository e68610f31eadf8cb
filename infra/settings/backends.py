"""What the setting `backends` may hold: the backends' own settings, as backends/settings.toml lists
them."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

from infra.settings.facts import REPOSITORY
from infra.settings.findings import listed

LIST = REPOSITORY / "backends" / "settings.toml"
# As backends/serving/settings.py takes them.
_HOST = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.IGNORECASE)


class ValueRefused(ValueError):
    """A value cannot be used; the message is the remedy, a clause without a full stop."""


@dataclass(frozen=True)
class Variable:
    """One setting of the backends.

    Attributes:
        name: Of the environment variable.
        services: Who reads it: names in templates/vm/compose.yml.
        type: hosts, integer, number or words.
        what: What it does, a clause.
        least: The smallest number.
        most: The largest.
        words: The choices.
    """

    name: str
    services: tuple[str, ...]
    type: str
    what: str
    least: float = 0
    most: float = 0
    words: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What may be written, a clause."""
        if self.type == "hosts":
            return "a list of hosts"
        if self.type == "words":
            return listed(self.words)
        number = "a whole number" if self.type == "integer" else "a number"
        return f"{number} from {self.least:g} to {self.most:.9g}"

    def text(self, value: object) -> str:
        """Return a value as the environment holds it.

        Raises:
            ValueRefused: it is none that the backends take.
        """
        if self.type == "hosts":
            return self._hosts(value)
        if self.type == "words":
            if value in self.words:
                return str(value)
        elif (number := self._number(value)) is not None and self.least <= number <= self.most:
            return f"{number:.12g}"
        raise ValueRefused(f"Write {self.allowed}")

    def _number(self, value: object) -> float | None:
        # `pulumi config set --path` keeps a fraction as text.
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            number = float(value)
        except ValueError:
            return None
        whole = math.isfinite(number) and number == int(number)
        return None if self.type == "integer" and not whole else number

    def _hosts(self, value: object) -> str:
        hosts = cast("list[object]", value) if isinstance(value, list) else [None]
        for host in hosts:
            if not isinstance(host, str) or not _HOST.fullmatch(host):
                raise ValueRefused(
                    "Write a list of hosts as in images.example.org or 203.0.113.7:9000: no"
                    " scheme, no path, no wildcard"
                )
        return ",".join(cast("list[str]", hosts)).lower()


@cache
def variables() -> Mapping[str, Variable]:
    """Return the settings that may be chosen, in the list's order."""
    listed_settings: Mapping[str, Mapping[str, Any]] = _list()["settings"]
    return {
        name: Variable(
            name=name,
            services=tuple(entry["services"]),
            type=entry["type"],
            what=entry["what"],
            least=entry.get("from", 0),
            most=entry.get("to", 0),
            words=tuple(entry.get("words", ())),
        )
        for name, entry in listed_settings.items()
    }


def fixed() -> Mapping[str, str]:
    """Return the settings that a stack makes by itself, and why, a clause."""
    return _list()["stack"]


def texts(chosen: Mapping[str, object]) -> dict[str, str]:
    """Return the chosen settings as environment variables, in the list's order.

    Raises:
        ValueRefused: one of them is not taken; a loaded stack has only others.
    """
    return {
        name: variable.text(chosen[name])
        for name, variable in variables().items()
        if name in chosen
    }


@cache
def _list() -> Mapping[str, Any]:
    return tomllib.loads(LIST.read_text(encoding="utf-8"))
