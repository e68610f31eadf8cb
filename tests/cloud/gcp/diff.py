"""How two sets of inputs differ, and whether the difference replaces the resource."""

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pulumi.runtime.proto import provider_pb2 as pb

from tests.cloud.gcp.facts import REPLACE_IF
from tests.cloud.gcp.package import ResourceType
from tests.cloud.rpc import Refused

ADDED, REMOVED, CHANGED = 0, 2, 4  # As pb.PropertyDiff.Kind counts; one more means replacement.


class Difference(NamedTuple):
    """`pattern`: the path without indexes; `block`: the number of blocks there differs."""

    path: str
    pattern: str
    kind: int
    block: bool


@functools.cache
def force_new() -> dict[str, Any]:
    """Return {token: {replace, replaceOnCount, sets}} from the Terraform provider's sources."""
    return json.loads(Path(__file__).with_name("force_new.json").read_text())["types"]


def differences(
    old: Any, new: Any, path: str = "", pattern: str = "", sets: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Yield what differs between two values, deepest first; sets are compared without order."""
    empty: tuple[Any, ...] = (None, {}, [])
    if old == new or (old in empty and new in empty):
        return
    kind = ADDED if old is None else REMOVED if new is None else CHANGED
    types = {type(value) for value in (old, new) if value is not None}
    if types == {dict}:
        if pattern and kind != CHANGED:
            yield Difference(path, pattern, kind, True)
        old, new = old or {}, new or {}
        for key in sorted(set(old) | set(new)):
            if not key.startswith("__"):
                deeper = (f"{path}.{key}" if path else key, f"{pattern}.{key}" if pattern else key)
                yield from differences(old.get(key), new.get(key), *deeper, sets)
    elif types == {list}:
        old, new = list(old or []), list(new or [])
        if pattern in sets:
            old, new = (sorted(items, key=as_json) for items in (old, new))
        if len(old) != len(new):
            yield Difference(path, pattern, kind, isinstance((new or old)[0], dict))
        for i in range(max(len(old), len(new))):
            pair = (old[i] if i < len(old) else None, new[i] if i < len(new) else None)
            yield from differences(*pair, f"{path}[{i}]", pattern, sets)
    else:
        yield Difference(path, pattern, kind, False)


def as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def top(path: str) -> str:
    """Return the first part of a property path."""
    return re.split(r"[.\[]", path)[0]


def changed_inputs(old: dict[str, Any], new: dict[str, Any]) -> set[str]:
    """Return the names of the inputs that differ."""
    return {top(difference.path) for difference in differences(old, new)}


def replaces(
    kind: str,
    rules: dict[str, Any],
    difference: Difference,
    old: dict[str, Any],
    new: dict[str, Any],
) -> bool:
    """Return whether a difference replaces the resource: Terraform's rule for ForceNew.

    A ForceNew block replaces when its count changes; what is inside only where it is ForceNew.
    """
    pattern = difference.pattern
    if difference.block:
        return pattern in rules.get("replaceOnCount", ())
    if any(pattern == rule or pattern.startswith(rule + ".") for rule in rules.get("replace", ())):
        return True
    condition = REPLACE_IF.get((kind, pattern))
    return condition is not None and condition(old.get(pattern), new.get(pattern))


def answer(wheel: ResourceType, old: dict[str, Any], new: dict[str, Any]) -> pb.DiffResponse:
    """Return the answer to the engine's question what a change of inputs does.

    Raises:
        Refused: for a type that is not in the table.
    """
    rules = force_new().get(wheel.token)
    if rules is None:
        raise Refused(
            f"the cloud double does not know which changes replace a {wheel.token}: add it to "
            "tests/cloud/gcp/force_new.json"
        )
    detail: dict[str, pb.PropertyDiff] = {}
    for difference in differences(old, new, sets=tuple(rules.get("sets", ()))):
        kind = difference.kind + replaces(wheel.kind, rules, difference, old, new)
        detail[difference.path] = pb.PropertyDiff(
            kind=pb.PropertyDiff.Kind.ValueType(kind), inputDiff=True
        )
    replacing = sorted({top(path) for path, found in detail.items() if found.kind % 2})
    own_name = "name" in wheel.inputs and "name" not in new.get("__defaults", [])
    return pb.DiffResponse(
        changes=pb.DiffResponse.DIFF_SOME if detail else pb.DiffResponse.DIFF_NONE,
        diffs=sorted({top(path) for path in detail}),
        replaces=replacing,
        detailedDiff=detail,
        hasDetailedDiff=True,
        # Two resources cannot bear one name: a name of the program's own is freed first.
        deleteBeforeReplace=bool(replacing and own_name and old.get("name") == new.get("name")),
    )
