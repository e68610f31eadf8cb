"""What of a property's difference may be shown, and how.

A machine's metadata is where the key and the password travel: of it only the names of the
attributes are shown, whatever the engine has masked already. Of an image's build arguments too:
the weights that they name are told in words (`infra.operate.table.models`).
"""

import json
import re
from collections.abc import Mapping
from typing import cast

from infra.operate.table.events import DiffKind, PropertyDiff, Step
from infra.operate.table.preview import inputs

# sdk/go/common/resource/plugin: what a value is called that only the update will know.
UNKNOWN = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "output<string>",
        "[unknown]",
    }
)
ONLY_NAMES = frozenset({"buildArgs", "environment", "metadata"})
_SECRETIVE = re.compile(r"(?i)password|secret|token|private|credential")
_SHOWN_CHARACTERS = 60
_SEGMENT = re.compile(r"""\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[\]]+)""")


def segments(path: str) -> tuple[str | int, ...]:
    """Return a property path's parts: `a.b[0]["c.d"]` is a, b, 0, c.d."""
    found: list[str | int] = []
    for quoted, index, plain in _SEGMENT.findall(path):
        found.append(int(index) if index else (quoted or plain))
    return tuple(found)


def reasons(step: Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return why a resource is replaced and what else changes, each as clauses that are shown.

    The first is empty where nothing forces a replacement.
    """
    diffs = step.detailed_diff
    if not diffs:
        update, replace = (
            PropertyDiff(kind, input_diff=False)
            for kind in (DiffKind.UPDATE, DiffKind.UPDATE_REPLACE)
        )
        diffs = dict.fromkeys(step.diffs or (), update) | dict.fromkeys(step.keys or (), replace)
    forced: dict[str, None] = {}
    others: dict[str, None] = {}
    for path in sorted(diffs):
        forces = diffs[path].diff_kind.value.endswith("-replace")
        (forced if forces else others).setdefault(_clause(step, path, diffs[path]))
    return tuple(forced), tuple(others)


def _clause(step: Step, path: str, diff: PropertyDiff) -> str:
    parts = segments(path)
    if parts and parts[0] in ONLY_NAMES:
        return ": ".join(str(part) for part in parts[:2])
    if any(isinstance(part, str) and _SECRETIVE.search(part) for part in parts):
        return path
    outputs = step.old.outputs if step.old and not diff.input_diff else None
    before = _look_up(outputs or inputs(step.old), parts)
    after = _look_up(inputs(step.new), parts)
    return f"{path}: {_shown(before)} => {_shown(after)}"


def _look_up(value: object, parts: tuple[str | int, ...]) -> object:
    for part in parts:
        if isinstance(part, int) and isinstance(value, list):
            entries = cast("list[object]", value)
            value = entries[part] if part < len(entries) else None
        elif isinstance(part, str) and isinstance(value, Mapping):
            value = cast("Mapping[str, object]", value).get(part)
        else:
            return None
    return value


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        if value in UNKNOWN:
            return "(known after the update)"
        text = " ".join(value.split()) or '""'
    elif isinstance(value, bool | int | float):
        text = json.dumps(value)
    else:
        # A whole list or object may hold anything: how many entries is as much as is told of it.
        many = len(cast("list[object]", value)) if isinstance(value, list | dict) else 1
        text = f"({many} {'entry' if many == 1 else 'entries'})"
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    half = (_SHOWN_CHARACTERS - 1) // 2
    return f"{text[:half]}…{text[-half:]}"
