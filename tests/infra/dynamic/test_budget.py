"""The budget: in the billing account's currency, and a warning where there can be none."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.dynamic.budget import BudgetProvider
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud, of_kind

PROPS: dict[str, Any] = {
    "billing_account": "012345-6789AB-CDEF01",
    "display_name": "atelier-dev",
    "units": 100.0,
    "projects": ["projects/1"],
    "quota_project": "demo-project",
    "stack": "dev",
    "alerts": [0.5, 1.0],
    "channel": "",
    "budget": None,
}


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComputeApi]:
    api = ComputeApi(Cloud(tmp_path))
    monkeypatch.setenv("GOOGLE_BILLING_CUSTOM_ENDPOINT", f"{api.url}/billing/v1/")
    with api.cloud.open() as data:
        data["resources"]["projects.Service demo-project/billingbudgets.googleapis.com"] = {}
    yield api
    api.close()


def budgets(api: ComputeApi) -> list[dict[str, Any]]:
    return [it["outputs"] for it in of_kind(api.cloud.read(), "billing.Budget").values()]


def test_it_is_made_changed_and_deleted_in_the_accounts_currency(api: ComputeApi) -> None:
    provider = BudgetProvider()
    made = provider.create(PROPS).outs
    assert made is not None
    (budget,) = budgets(api)
    assert budget["amount"]["specifiedAmount"] == {"currencyCode": "EUR", "units": "100"}
    assert budget["budgetFilter"]["labels"] == {"atelier-stack": ["dev"]}
    assert not provider.diff("", made, PROPS).changes
    changed = provider.update("", made, PROPS | {"units": 70.0}).outs
    assert changed is not None
    assert budgets(api)[0]["amount"]["specifiedAmount"]["units"] == "70"
    provider.delete("", changed)
    assert budgets(api) == []


def test_it_writes_to_the_administrator_where_there_is_a_channel(api: ComputeApi) -> None:
    provider, channel = BudgetProvider(), "projects/demo-project/notificationChannels/1"
    made = provider.create(PROPS | {"channel": channel}).outs
    assert made is not None
    rule = budgets(api)[0]["notificationsRule"]
    assert rule == {"monitoringNotificationChannels": [channel]}
    assert provider.diff("", made, PROPS).changes
    provider.update("", made, PROPS)
    assert budgets(api)[0]["notificationsRule"] == {}


def test_one_that_a_killed_update_left_is_taken_up_and_another_projects_is_not(
    api: ComputeApi,
) -> None:
    provider = BudgetProvider()
    provider.create(PROPS)
    provider.create(PROPS | {"projects": ["projects/2"]})
    made = provider.create(PROPS | {"units": 50.0}).outs
    assert made is not None
    assert sorted(it["amount"]["specifiedAmount"]["units"] for it in budgets(api)) == ["100", "50"]


def test_one_that_a_killed_update_left_goes_with_the_stack(api: ComputeApi) -> None:
    provider = BudgetProvider()
    provider.create(PROPS)
    provider.delete("", PROPS | {"budget": ""})
    assert budgets(api) == []


def test_one_that_is_refused_is_a_warning_and_is_tried_again(
    api: ComputeApi, capfd: pytest.CaptureFixture[str]
) -> None:
    fault = '[{"type": "billing.Budget", "times": 1, "message": "Error 403: not allowed"}]'
    (api.cloud.folder / "faults.json").write_text(fault)
    provider = BudgetProvider()
    made = provider.create(PROPS).outs
    said = capfd.readouterr().out
    assert said.startswith("warning: the budget atelier-dev is refused: Error 403: not allowed")
    assert made is not None
    assert made["budget"] == ""
    assert provider.diff("", made, PROPS).changes
    provider.delete("", made)
    provider.update("", made, PROPS)
    assert len(budgets(api)) == 1


def test_one_that_was_deleted_by_hand_is_made_again(api: ComputeApi) -> None:
    provider = BudgetProvider()
    made = provider.create(PROPS).outs
    assert made is not None
    provider.delete("", made)
    provider.delete("", made)
    provider.update("", made, PROPS)
    assert len(budgets(api)) == 1
