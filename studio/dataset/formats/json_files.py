"""JSON files of any length, written item by item."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, head: Mapping[str, Any], lists: Mapping[str, Iterable[Any]]) -> None:
    """Write an object: first the members of `head`, then those of `lists`, an element a line.

    The elements are taken one after the other, and never held together.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write("{")
        file.write(",\n".join(f"{dump(key)}: {dump(value)}" for key, value in head.items()))
        for number, (key, elements) in enumerate(lists.items()):
            file.write(",\n" if head or number else "")
            file.write(f"{dump(key)}: ")
            _write_list(file, elements)
        file.write("}\n")


def write_json_list(path: Path, elements: Iterable[Any]) -> None:
    """Write a list, an element a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        _write_list(file, elements)
        file.write("\n")


def _write_list(file: Any, elements: Iterable[Any]) -> None:
    file.write("[")
    for number, element in enumerate(elements):
        file.write((",\n" if number else "\n") + dump(element))
    file.write("]")


def dump(value: Any) -> str:
    """Return a value as JSON in one line."""
    return json.dumps(value, ensure_ascii=False)
