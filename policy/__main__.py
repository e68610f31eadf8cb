"""Serves the rules to the engine: `pulumi preview --policy-pack policy` starts it.

It runs in the environment that PulumiPolicy.yaml names, as a folder: without the repository's root
on its path.
"""

import io
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policy.rules import RULES, UNKNOWN, Resource, Rule


def policy(rule: Rule) -> Policy:
    """Return a rule as the SDK wants it."""
    level = EnforcementLevel.MANDATORY if rule.is_mandatory else EnforcementLevel.ADVISORY

    def one(args: ResourceValidationArgs, report: ReportViolation) -> None:
        look([Resource(args.resource_type, args.urn, plain(args.props))], report)

    def every(args: StackValidationArgs, report: ReportViolation) -> None:
        look([Resource(it.resource_type, it.urn, plain(it.props)) for it in args.resources], report)

    def look(resources: list[Resource], report: ReportViolation) -> None:
        for found, message in rule.look(resources, datetime.now(UTC)):
            report(message, found.urn)

    if rule.needs_all:
        return StackValidationPolicy(rule.name, rule.promise, every, level)
    return ResourceValidationPolicy(rule.name, rule.promise, one, level)


def plain(value: Any) -> Any:
    """Return a value without the SDK's proxies, which raise at what is not known yet."""
    if isinstance(value, Mapping):
        return {key: _known(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_known(value, place) for place in range(len(value))]
    return value


def _known(holder: Any, key: Any) -> Any:
    try:
        return plain(holder[key])
    except UnknownValueError:
        return UNKNOWN


def main() -> None:
    """Serve until the engine ends the process."""
    # The SDK writes the port, which the engine waits for, and never flushes it.
    unbuffered = io.FileIO(sys.stdout.fileno(), "w", closefd=False)
    sys.stdout = io.TextIOWrapper(unbuffered, write_through=True)
    PolicyPack("atelier", [policy(rule) for rule in RULES])


if __name__ == "__main__":
    main()
