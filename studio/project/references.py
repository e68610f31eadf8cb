"""`${NAME}` and `${NAME:-default}` in a project file: secrets and addresses stay outside it."""

import re
from collections.abc import Mapping
from typing import Any

REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")

Location = tuple[int | str, ...]


def resolve(
    value: Any, environment: Mapping[str, str], at: Location = ()
) -> tuple[Any, dict[Location, str]]:
    """Return ``value`` with every reference replaced, and the names that are not set.

    Args:
        value: what a YAML file holds: mappings, lists, strings, numbers.
        environment: where the names are looked up.
        at: the path to ``value`` in the file.

    Returns:
        The resolved copy, and a mapping from the place of each failed reference to its name.
    """
    missing: dict[Location, str] = {}
    if isinstance(value, dict):
        resolved = {}
        for key, item in value.items():
            resolved[key], more = resolve(item, environment, (*at, key))
            missing |= more
        return resolved, missing
    if isinstance(value, list):
        pairs = [resolve(item, environment, (*at, index)) for index, item in enumerate(value)]
        for _, more in pairs:
            missing |= more
        return [item for item, _ in pairs], missing
    if not isinstance(value, str):
        return value, missing

    def look_up(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        found = environment.get(name) or default
        if found is None:
            missing[at] = name
            return ""
        return found

    return REFERENCE.sub(look_up, value), missing
