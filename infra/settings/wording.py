"""Faults that no rule names (a wrong type, an unknown or misplaced key), in words."""

from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infra.settings.findings import Finding, nearest, shown

SECRET = "adminPassword"
NEW_PASSWORD = "Run `pulumi config set --secret atelier:adminPassword` and type one"

# Kind of pydantic's error: what is wrong, what to write. `{}` is a number or a list of words.
_WORDS = {
    "bool_type": ("is neither true nor false", "Write true or false"),
    "greater_than_equal": ("is too small", "Write {} or more"),
    "int_type": ("is not a whole number", "Write a whole number without quotes"),
    "less_than_equal": ("is too large", "Write {} or less"),
    "literal_error": ("is none of the choices", "Write {}"),
    "dict_type": ("is not a group of names and values", "Write indented lines of `name: value`"),
    "string_type": ("is not text", "Put it in quotes"),
    "tuple_type": ("is not a list", "Write indented lines that begin with a hyphen"),
}


def type_findings(error: ValidationError, given: Mapping[str, object]) -> list[Finding]:
    """Return pydantic's errors as findings, with the value but for a secret."""
    return [_type_finding(details, given) for details in error.errors(include_url=False)]


def _type_finding(details: ErrorDetails, given: Mapping[str, object]) -> Finding:
    key, *inside = (str(part) for part in details["loc"])
    if key == SECRET:
        missing = key not in given
        return Finding(key, "there is none" if missing else "it is not text", NEW_PASSWORD)
    context = details.get("ctx", {})
    allowed = next((context[name] for name in ("expected", "ge", "le") if name in context), "")
    message, remedy = _WORDS[details["type"]]
    remedy = remedy.format(str(allowed).replace("'", ""))
    value = details["input"]
    close = nearest(value, str(allowed).split("'")[1::2]) if isinstance(value, str) else None
    where = f" ({'.'.join(inside)})" if inside else ""
    guess = f"; the nearest is {close}" if close else ""
    return Finding(key, f"{shown(value)}{where} {message}{guess}", remedy)


def unknown_keys(unknown: Iterable[str], known: Iterable[str]) -> list[Finding]:
    """Return a finding for each key that does not exist. Its value may be a secret: not shown."""
    known = tuple(known)
    return [
        Finding(
            key,
            "there is no such setting" + (f"; the nearest is {close}" if close else ""),
            f"Run `pulumi config rm atelier:{key}`"
            + (f" and set {close} instead" if close else "; docs/settings.md has them all"),
        )
        for key in sorted(unknown)
        for close in (nearest(key, known),)
    ]


def misplaced_secrets(keys: Iterable[str]) -> list[Finding]:
    """Return a finding for each key that was encrypted for nothing."""
    return [
        Finding(
            key,
            "it is encrypted here, but would stand readable in the machine's settings",
            f"Run `pulumi config set atelier:{key} VALUE` without --secret",
        )
        for key in sorted(keys)
        if key != SECRET
    ]
