"""The commonest failures, each known by the words that Google, the provider or the engine use.

The wordings are collected, with where they were seen, in tests/infra/operate/wordings.yaml.
"""

from collections.abc import Iterable

from infra.operate.causes.access import CAUSES as ACCESS
from infra.operate.causes.build import CAUSES as BUILD
from infra.operate.causes.capacity import CAUSES as CAPACITY
from infra.operate.causes.engine import CAUSES as ENGINE
from infra.operate.causes.machine import CAUSES as MACHINE
from infra.operate.causes.passing import CAUSES as PASSING
from infra.operate.causes.policy import CAUSES as POLICY
from infra.operate.causes.quota_project import CAUSES as QUOTA_PROJECT
from infra.operate.causes.refused import CAUSES as REFUSED
from infra.operate.explanation import Cause, Context, Explanation, Failure

# The first that fits explains a failure: several answers of Google's carry one status.
CAUSES: tuple[Cause, ...] = (
    *MACHINE,
    *BUILD,
    *QUOTA_PROJECT,
    *ACCESS,
    *CAPACITY,
    *PASSING,
    *POLICY,
    *REFUSED,
    *ENGINE,
)


def explain(failures: Iterable[Failure], context: Context) -> tuple[Explanation, ...]:
    """Return what is known about these failures, each explanation once."""
    found: dict[Explanation, None] = {}
    for failure in failures:
        for cause in CAUSES:
            explanation = cause(failure, context)
            if explanation:
                found.setdefault(explanation)
                break
    return tuple(found)
