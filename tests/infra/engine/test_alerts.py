"""The alerts in the life of a stack: refused, they stop nothing; they go with the stack."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import MakeStack

pytestmark = pytest.mark.integration

REFUSED = "Permission 'logging.notificationRules.create' denied on resource"
FAULT = {
    "type": "monitoring.AlertPolicy",
    "where": {"combiner": "OR"},
    "times": 1,
    "message": f"Error 403: {REFUSED}",
}
WHOLE = Counter(NotificationChannel=1, UptimeCheckConfig=1, AlertPolicy=2, Dashboard=1)


def there(stack: Stack) -> Counter[str]:
    kinds = (key.split()[0] for key in stack.cloud)
    return Counter(kind.removeprefix("monitoring.") for kind in kinds if kind.startswith("monit"))


@dataclass
class Watched:
    """What the commands said, and what there was after each."""

    said: dict[str, Result] = field(default_factory=dict)
    held: dict[str, Counter[str]] = field(default_factory=dict)
    budget: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def watched(make_stack: MakeStack) -> Watched:
    stack, run = make_stack(), Watched()
    account = "012345-6789AB-CDEF01"
    stack.config(adminEmail="lead@garments.studio", billingAccount=account, keepData=False)
    stack.faults(FAULT)

    def do(name: str, *command: str) -> None:
        run.said[name] = stack.operate(*command, check=False)
        run.held[name] = there(stack)

    do("refused", "up", "--yes", "--skip-preview")
    do("again", "up", "--yes", "--skip-preview")
    (run.budget,) = [it for key, it in stack.cloud.items() if key.startswith("billing.Budget")]
    run.outputs = stack.outputs()
    do("unchanged", "preview", "--expect-no-changes")
    stack.config(alerts=False)
    do("without", "up", "--yes", "--skip-preview")
    stack.config(alerts=True)
    do("with", "up", "--yes", "--skip-preview")
    do("destroy", "destroy", "--yes", "--skip-preview")
    return run


def test_one_that_is_refused_is_a_named_warning_and_the_studio_goes_up(watched: Watched) -> None:
    said = watched.said["refused"]
    assert said.returncode == 0, said.said[-3000:]
    assert "warning: the alert 'atelier-dev was stopped or not started by Google'" in said.said
    assert REFUSED in said.said
    assert watched.held["refused"] == WHOLE - Counter(AlertPolicy=1)


def test_the_next_update_makes_it(watched: Watched) -> None:
    assert watched.said["again"].returncode == 0
    assert watched.held["again"] == WHOLE
    unchanged = watched.said["unchanged"]
    assert unchanged.returncode == 0, unchanged.said[-3000:]


def test_the_outputs_lead_to_the_figures(watched: Watched) -> None:
    address = watched.outputs["dashboard"]
    assert address.startswith("https://console.cloud.google.com/monitoring/dashboards/builder/")
    assert address.endswith("?project=demo-project")


def test_the_budget_writes_to_the_same_address(watched: Watched) -> None:
    (channel,) = watched.budget["outputs"]["notificationsRule"]["monitoringNotificationChannels"]
    assert "/notificationChannels/" in channel


def test_they_go_by_the_setting_and_come_back(watched: Watched) -> None:
    assert watched.said["without"].returncode == 0
    assert watched.held["without"] == Counter()
    assert watched.held["with"] == WHOLE


def test_they_go_with_the_stack(watched: Watched) -> None:
    said = watched.said["destroy"]
    assert said.returncode == 0, said.said[-3000:]
    assert watched.held["destroy"] == Counter()
    assert "warning: the alert" not in said.said
