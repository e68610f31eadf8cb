"""Alerts and dashboard: made, changed and deleted as a whole, and a warning where one cannot."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.dynamic.alerts import AlertsProvider
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud, of_kind
from tests.cloud.monitoring_api import KINDS

PROPS: dict[str, Any] = {
    "project": "demo-project",
    "display_name": "atelier-dev",
    "stack": "dev",
    "email": "lead@garments.studio",
    "url": "https://203.0.113.7",
    "names": None,
}
CHANNEL = KINDS["notificationChannels"]
CHECK = KINDS["uptimeCheckConfigs"]
POLICY = KINDS["alertPolicies"]
DASHBOARD = KINDS["dashboards"]
ON = "projects.Service demo-project/monitoring.googleapis.com"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ComputeApi]:
    api = ComputeApi(Cloud(tmp_path))
    monkeypatch.setenv("GOOGLE_MONITORING_CUSTOM_ENDPOINT", f"{api.url}/monitoring/")
    with api.cloud.open() as data:
        data["resources"][ON] = {}
    yield api
    api.close()


def there(api: ComputeApi, kind: str) -> dict[str, dict[str, Any]]:
    """What there is, by the name that people see."""
    records = of_kind(api.cloud.read(), kind).values()
    return {it["outputs"]["displayName"]: it["outputs"] for it in records}


def everything(api: ComputeApi) -> list[str]:
    return sorted(name for kind in KINDS.values() for name in there(api, kind))


def outs(made: Any) -> dict[str, Any]:
    assert made.outs is not None
    return made.outs


ALL = [
    "atelier-dev administrator",
    "atelier-dev does not answer",
    "atelier-dev health",
    "atelier-dev studio",
    "atelier-dev was stopped or not started by Google",
]


def refuse(api: ComputeApi, kind: str, **more: Any) -> None:
    fault = {"type": kind, "times": 1, "message": "Error 403: not allowed", **more}
    (api.cloud.folder / "faults.json").write_text(json.dumps([fault]))


def test_they_are_made_changed_and_deleted(api: ComputeApi) -> None:
    provider = AlertsProvider()
    made = outs(provider.create(PROPS))
    assert everything(api) == ALL
    channel = there(api, CHANNEL)["atelier-dev administrator"]
    assert channel["labels"] == {"email_address": "lead@garments.studio"}
    for policy in there(api, POLICY).values():
        assert policy["notificationChannels"] == [channel["name"]]
    assert not provider.diff("", made, PROPS).changes
    other = PROPS | {"email": "it@garments.studio"}
    assert provider.diff("", made, other).changes
    assert not provider.diff("", made, other).replaces
    changed = outs(provider.update("", made, other))
    assert changed["names"] == made["names"]
    assert there(api, CHANNEL)["atelier-dev administrator"]["labels"] == {
        "email_address": "it@garments.studio"
    }
    provider.delete("", changed)
    assert everything(api) == []


def test_a_studio_that_the_checkers_cannot_reach_is_told_of_when_google_stops_it(
    api: ComputeApi,
) -> None:
    provider = AlertsProvider()
    made = outs(provider.create(PROPS | {"url": ""}))
    assert everything(api) == [ALL[0], ALL[3], ALL[4]]
    # What the check looks at cannot be changed: they are made anew.
    difference = provider.diff("", made, PROPS)
    assert difference.replaces == ["url"]
    assert difference.delete_before_replace


def test_those_that_a_killed_update_left_are_taken_up_and_go_with_the_stack(
    api: ComputeApi,
) -> None:
    provider = AlertsProvider()
    provider.create(PROPS | {"stack": "prod", "display_name": "atelier-prod"})
    first, again = outs(provider.create(PROPS)), outs(provider.create(PROPS))
    assert again["names"] == first["names"]
    provider.delete("", PROPS | {"names": {}})
    assert len(everything(api)) == 5


def test_one_is_found_on_a_later_page(api: ComputeApi) -> None:
    provider = AlertsProvider()
    with api.cloud.open() as data:
        for number in range(250):
            name = f"projects/demo-project/notificationChannels/{number}"
            data["resources"][f"{CHANNEL} {name}"] = {
                "outputs": {"name": name, "displayName": str(number)}
            }
    first = outs(provider.create(PROPS))
    assert outs(provider.create(PROPS))["names"] == first["names"]


@pytest.mark.parametrize(
    ("kind", "where", "made"),
    [
        (CHANNEL, {}, []),
        (CHECK, {}, [ALL[0], ALL[3], ALL[4]]),
        (POLICY, {"combiner": "AND"}, [ALL[0], ALL[2], ALL[3], ALL[4]]),
        (POLICY, {"combiner": "OR"}, ALL[:4]),
    ],
)
def test_one_that_is_refused_is_a_warning_and_is_tried_again(
    api: ComputeApi,
    capfd: pytest.CaptureFixture[str],
    kind: str,
    where: dict[str, str],
    made: list[str],
) -> None:
    refuse(api, kind, where=where)
    provider = AlertsProvider()
    begun = outs(provider.create(PROPS))
    said = capfd.readouterr().out
    assert said.startswith("warning: the alert 'atelier-dev ")
    assert said.count("is refused: Error 403: not allowed (status 403).") == 1
    assert "roles/monitoring.editor and roles/logging.configWriter" in said
    assert len(said.splitlines()) == 1
    assert everything(api) == made
    assert provider.diff("", begun, PROPS).changes
    ended = outs(provider.update("", begun, PROPS))
    assert everything(api) == ALL
    assert not provider.diff("", ended, PROPS).changes


def charts(api: ComputeApi) -> list[str]:
    grid = there(api, DASHBOARD)["atelier-dev studio"]["gridLayout"]
    return [widget["title"] for widget in grid["widgets"]]


def test_a_dashboard_that_is_refused_is_no_word_about_mails(
    api: ComputeApi, capfd: pytest.CaptureFixture[str]
) -> None:
    refuse(api, DASHBOARD)
    made = outs(AlertsProvider().create(PROPS))
    said = capfd.readouterr().out
    assert said.startswith("warning: the dashboard 'atelier-dev studio' is refused: Error 403")
    assert "The studio works without it. It needs roles/monitoring.editor" in said
    assert AlertsProvider().diff("", made, PROPS).changes


def test_a_dashboard_gets_the_checks_charts_when_there_is_one(api: ComputeApi) -> None:
    refuse(api, CHECK)
    provider = AlertsProvider()
    begun = outs(provider.create(PROPS))
    machines = ["Processors in use", "Network", "Disks", "Running since its last start"]
    assert charts(api) == machines
    provider.update("", begun, PROPS)
    assert charts(api)[2:] == machines


def test_a_dashboard_that_somebody_changed_meanwhile_is_put_back(api: ComputeApi) -> None:
    provider = AlertsProvider()
    made = outs(provider.create(PROPS))
    with api.cloud.open() as data:
        (record,) = of_kind(data, DASHBOARD).values()
        record["outputs"] |= {"etag": "of a change by hand", "gridLayout": {"widgets": []}}
    provider.update("", made, PROPS)
    assert len(charts(api)) == 6


def test_an_api_that_is_off_is_a_warning(
    api: ComputeApi, capfd: pytest.CaptureFixture[str]
) -> None:
    with api.cloud.open() as data:
        del data["resources"][ON]
    made = outs(AlertsProvider().create(PROPS))
    assert made["names"] == {}
    assert capfd.readouterr().out.startswith("warning: the alert 'atelier-dev administrator' is")


def test_those_that_were_deleted_by_hand_are_made_again_and_are_no_trouble_to_destroy(
    api: ComputeApi, capfd: pytest.CaptureFixture[str]
) -> None:
    provider = AlertsProvider()
    made = outs(provider.create(PROPS))
    provider.delete("", made)
    again = outs(provider.update("", made, PROPS))
    assert everything(api) == ALL
    provider.delete("", again)
    provider.delete("", again)
    assert capfd.readouterr().out == ""


def test_one_that_cannot_be_deleted_is_named(
    api: ComputeApi, capfd: pytest.CaptureFixture[str]
) -> None:
    provider = AlertsProvider()
    made = outs(provider.create(PROPS))
    refuse(api, POLICY, operation="delete", where={"combiner": "OR"})
    provider.delete("", made)
    said = capfd.readouterr().out
    assert f"Delete it by hand: {made['names']['stopped']}." in said
