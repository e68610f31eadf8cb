"""What a preview says, in a form to compare: which resource is touched, and how."""

from collections import Counter
from typing import Any

# The engine shows a replacement as several steps.
OPERATIONS = {
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "discard-replaced": "replace",
    "read-replacement": "replace",
    "import-replacement": "replace",
}
UNTOUCHED = {"same", "read", "refresh"}


def type_of(urn: str) -> str:
    """Return gcp:compute/instance:Instance for a URN."""
    return urn.split("::")[2].split("$")[-1]


def resource(urn: str) -> str:
    """Return "Instance atelier-dev" for a URN."""
    return f"{type_of(urn).split(':')[-1]} {urn.split('::')[-1]}"


def touched(plan: dict[str, Any]) -> dict[str, str]:
    """Return {resource: create, update, replace, delete or import}, without components."""
    found: dict[str, str] = {}
    for step in plan["steps"]:
        operation: str = OPERATIONS.get(step["op"]) or step["op"]
        component = type_of(step["urn"]).startswith(("atelier:", "pulumi:"))
        if operation not in UNTOUCHED and not component:
            found.setdefault(resource(step["urn"]), operation)  # An import may update as well.
    return found


def counts(plan: dict[str, Any], operation: str = "create") -> dict[str, int]:
    """Return how many resources of each type an operation is done to."""
    steps = [step for step in plan["steps"] if step["op"] == operation]
    return dict(sorted(Counter(type_of(step["urn"]) for step in steps).items()))


def inputs(plan: dict[str, Any], type_name: str) -> list[dict[str, Any]]:
    """Return the wanted inputs of all resources of a type, such as Firewall."""
    return [
        step["newState"]["inputs"]
        for step in plan["steps"]
        if type_of(step["urn"]).endswith(f":{type_name}") and step.get("newState")
    ]


def details(plan: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return {resource: {property path: add, update, delete, each perhaps with -replace}}."""
    found: dict[str, dict[str, str]] = {}
    for step in plan["steps"]:
        paths = found.setdefault(resource(step["urn"]), {})
        for path, difference in (step.get("detailedDiff") or {}).items():
            paths[path] = difference["kind"]
    return found
