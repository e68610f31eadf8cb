"""What the doctor makes of Google's answers: every finding, provoked once."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infra.operate.doctor import account, here, place, stack, table, things
from infra.operate.doctor.checks import AT_GOOGLE, HERE, Check, examine
from infra.operate.doctor.finding import Finding, bad, doubtful, good
from infra.operate.doctor.google import Answer, stood_in
from infra.operate.doctor.permissions import needed
from infra.operate.doctor.stack import look, look_without
from infra.operate.doctor.subject import Subject
from infra.operate.stack import Stack
from tests.cloud.gcp.state import Cloud
from tests.infra.operate.asked import google
from tests.infra.operate.provoked import FORBIDDEN, PROVOKED, limit
from tests.infra.render.scenarios import load


@pytest.fixture
def cloud(tmp_path: Any) -> Cloud:
    made = Cloud(tmp_path)
    with made.open() as data:
        service = "demo-project/compute.googleapis.com"
        data["resources"][f"projects.Service {service}"] = {"inputs": {}, "outputs": {}}
    return made


def found(
    cloud: Cloud,
    check: Check,
    others: Mapping[str, Answer] | None = None,
    raw: Mapping[str, object] | None = None,
    **more: Any,
) -> list[Finding]:
    """What a check finds, with these answers over the double's."""
    subject = Subject(load(raw or {}), google(cloud, others or {}), {}, **more)
    return list(check(subject))


def test_a_project_that_is_ready_has_no_other_findings(cloud: Cloud) -> None:
    checks = {name: check for name, check in AT_GOOGLE.items() if name != "registry"}
    seen = examine(Subject(load({}), google(cloud, {}), {}), checks)
    assert {it.severity for them in seen.values() for it in them} == {"ok"}
    assert set(seen) == set(checks)


@pytest.mark.parametrize(
    ("check", "answers", "raw", "severity", "words"), PROVOKED.values(), ids=PROVOKED
)
def test_an_answer_of_googles_becomes_a_finding(
    cloud: Cloud,
    check: Check,
    answers: Mapping[str, Answer],
    raw: Mapping[str, object],
    severity: str,
    words: str,
) -> None:
    said = [it for it in found(cloud, check, answers, raw) if it.severity != "ok"]
    assert said
    assert severity in {it.severity for it in said}
    assert any(words in "\n".join([it.message, *it.remedy]) for it in said)


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ({}, 6),
        ({"images": "cloudbuild", "billingAccount": "012345-6789AB-CDEF01", "budgetUsd": 100}, 8),
        ({"adminEmail": "lead@garments.studio"}, 7),
    ],
)
def test_every_api_that_these_settings_need_is_looked_at(
    cloud: Cloud, raw: dict[str, object], count: int
) -> None:
    """Of the double's, Compute Engine, Service Usage and Storage are on."""
    (only,) = found(cloud, account.apis, None, raw)
    assert only.message == f"`make up` enables the {count} that are off"


def lacking(*names: str) -> Answer:
    return Answer(200, {"permissions": [it for it in needed(load({})) if it not in names]})


@pytest.mark.parametrize(
    ("name", "on", "standing", "severity"),
    [
        ("iam.serviceAccounts.actAs", False, (), "warning"),
        ("serviceusage.services.enable", False, (), "error"),
        ("serviceusage.services.enable", True, (), "warning"),
        ("storage.buckets.create", True, (), "error"),
        ("storage.buckets.create", True, ("gcp:storage/bucket:Bucket",), "error"),
        ("storage.buckets.create", True, ("gcp:compute/instance:Instance",), "warning"),
    ],
)
def test_a_missing_permission_that_an_update_may_do_without_is_a_warning(
    cloud: Cloud, name: str, on: bool, standing: tuple[str, ...], severity: str
) -> None:
    state = "ENABLED" if on else "DISABLED"
    answers = {
        "testIamPermissions": lacking(name),
        "services:batchGet": Answer(200, {"services": [{"name": "x/y", "state": state}]}),
    }
    (said,) = found(cloud, account.permissions, answers, standing=frozenset(standing))
    assert said.severity == severity
    assert name in said.message


def test_a_stack_that_is_up_needs_no_further_quota_and_is_its_own_state(cloud: Cloud) -> None:
    standing = frozenset({"gcp:compute/instance:Instance"})
    for check in (place.quota, things.other_state):
        (only,) = found(cloud, check, {"projects/": FORBIDDEN}, standing=standing)
        assert only.severity == "ok"


LEFT = {"instances": [{"name": "atelier-dev", "zone": "x/zones/us-central1-a"}]}
BEGUN = frozenset({"pulumi-python:dynamic/atelier:RestorePoint"})
IS_LEFT = {"aggregated/instances": Answer(200, {"items": {"zones/us-central1-a": LEFT}})}


def test_a_machine_that_a_killed_update_left_is_taken_up(cloud: Cloud) -> None:
    noted = ("gcp:compute/instance:Instance",)
    (said,) = found(cloud, things.other_state, IS_LEFT, standing=BEGUN, unfinished=noted)
    assert said.severity == "warning"
    assert said.remedy == ("`make up` begins by taking up what is there.",)


def test_a_machine_that_the_state_gave_up_is_not_somebody_elses_and_goes(cloud: Cloud) -> None:
    (said,) = found(cloud, things.other_state, IS_LEFT, standing=BEGUN)
    assert said.severity == "error"
    assert "this state, which began the studio" in said.message
    assert said.remedy[1:] == (
        "gcloud compute instances delete atelier-dev --zone us-central1-a --project demo-project",
        "make up",
    )


@pytest.mark.parametrize("part", ["machineTypes", "acceleratorTypes"])
def test_a_zone_is_not_said_to_have_what_google_did_not_tell(cloud: Cloud, part: str) -> None:
    (said,) = found(cloud, place.zone, {part: Answer(0)})
    assert (said.severity, said.remedy) == ("warning", ("cannot be reached (ConnectionError)",))


CPU = {"machineType": "e2-standard-4", "zone": "us-central1-a"}
L4 = {"machineType": "g2-standard-4", "zone": "us-central1-a"}
T4 = {"machineType": "n1-standard-4", "zone": "us-central1-a"} | {
    "guestAccelerators": [{"type": "nvidia-tesla-t4", "count": 1}]
}


@pytest.mark.parametrize(
    ("has", "raw", "lacks"),
    [
        (CPU, {"preset": "cpu"}, set()),
        (CPU, {"preset": "l4"}, {"GPUS_ALL_REGIONS", "NVIDIA_L4_GPUS"}),
        (T4, {"preset": "l4"}, {"NVIDIA_L4_GPUS"}),
        (T4, {"preset": "t4"}, set()),
        (L4, {"preset": "l4-large"}, set()),
        (L4, {"preset": "l4", "zone": "us-east1-b"}, {"NVIDIA_L4_GPUS"}),
    ],
)
def test_a_machine_that_gets_another_gpu_needs_a_quota_of_it_before_it_goes(
    cloud: Cloud, has: dict[str, object], raw: dict[str, object], lacks: set[str]
) -> None:
    none = {
        "regions/": limit(NVIDIA_L4_GPUS=0, NVIDIA_T4_GPUS=0, CPUS=0, SSD_TOTAL_GB=0),
        "projects/demo-project": limit(GPUS_ALL_REGIONS=0, CPUS_ALL_REGIONS=0, NETWORKS=0),
    }
    up = frozenset({"gcp:compute/instance:Instance"})
    said = found(cloud, place.quota, none, raw, standing=up, machine=has)
    assert {it.message.split()[1] for it in said if it.severity == "error"} == lacks


def test_what_a_failed_update_made_is_not_wanted_again(cloud: Cloud) -> None:
    answers = {
        "regions/": limit(STATIC_ADDRESSES=0, SSD_TOTAL_GB=60, CPUS=3),
        "projects/demo-project": limit(NETWORKS=0),
    }
    kinds = ("network:Network", "address:Address", "disk:Disk")
    begun = frozenset(f"gcp:compute/{kind}" for kind in kinds)
    raw = {"preset": "cpu", "bootDiskGb": 60}
    said = found(cloud, place.quota, answers, raw, standing=begun)
    assert [it.message.split()[1] for it in said] == ["CPUS"]
    assert len(found(cloud, place.quota, answers, raw)) == 4


@pytest.mark.parametrize("counts", [{}, {"PREEMPTIBLE_NVIDIA_L4_GPUS": 0}])
def test_spot_takes_of_the_usual_quota_where_it_has_none_of_its_own(
    cloud: Cloud, counts: dict[str, float]
) -> None:
    answers = {"regions/us-central1": limit(**counts, NVIDIA_L4_GPUS=1)}
    (only,) = found(cloud, place.quota, answers, {"spot": True})
    assert only.severity == "ok"


@pytest.mark.parametrize(
    ("four", "six", "address", "severity", "words"),
    [
        (["203.0.113.9"], [], "203.0.113.9", "ok", "leads to 203.0.113.9"),
        (["203.0.113.9"], ["2001:db8::1"], "203.0.113.9", "warning", "Delete the AAAA record"),
        (["203.0.113.9"], ["64:ff9b::cb00:7109"], "203.0.113.9", "ok", "leads to 203.0.113.9"),
        (["203.0.113.8"], [], "203.0.113.9", "warning", "to 203.0.113.9 alone"),
        ([], [], "203.0.113.9", "warning", "Make one for 203.0.113.9"),
        ([], [], "", "warning", "`make up` shows the record"),
        (["203.0.113.8"], [], "", "warning", "before there is a machine"),
    ],
)
def test_a_domain_leads_to_the_machine_by_ipv4_alone(
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    four: list[str],
    six: list[str],
    address: str,
    severity: str,
    words: str,
) -> None:
    def resolve(name: str, port: int, family: int, kind: int) -> list[Any]:
        return [(family, kind, 6, "", (it, port)) for it in (six if family == 10 else four)]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    raw = {"tls": "domain", "domain": "label.example.org"}
    (said,) = found(cloud, things.domain, None, raw, address=address)
    assert said.severity == severity
    assert words in "\n".join([said.message, *said.remedy])


def test_a_check_that_hangs_or_breaks_is_a_warning_and_keeps_nobody_waiting(cloud: Cloud) -> None:
    def hang(subject: Subject) -> Iterator[Finding]:
        time.sleep(60)
        yield good("never")

    def break_(subject: Subject) -> Iterator[Finding]:
        yield good(str({}["no such field"]))

    began = time.monotonic()
    subject = Subject(load({}), google(cloud, {}), {})
    seen = examine(subject, {"a": hang, "b": break_, "c": things.domain}, seconds=0.2)
    assert time.monotonic() - began < 5
    assert [seen[name][0].severity for name in "abc"] == ["warning", "warning", "ok"]
    assert "no answer within 0.2 s" in seen["a"][0].message


def test_a_login_that_hangs_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(environ: Any, config: Any) -> Any:
        time.sleep(60)

    monkeypatch.setattr(stack, "login", hang)
    monkeypatch.setattr(stack, "examine", lambda subject, checks: examine(subject, checks, 0.2))
    config = {"gcp:project": "demo-project", "atelier:adminPassword": ""}
    environ = {"PATH": ""}
    seen = look(Stack("demo-project", "docker", (), config), "dev", environ, builds=False)
    assert seen["login"] == (doubtful("no answer within 0.2 s"),)
    assert list(seen) == ["settings", "login", *HERE]


def test_a_login_is_not_waited_for_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(here, "SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}/token"
        key = {"type": "authorized_user", "client_id": "a", "client_secret": "b"}
        key |= {"refresh_token": "c", "token_uri": uri}
        environ = {"GOOGLE_CREDENTIALS": json.dumps(key)}
        started = time.monotonic()
        credentials, whose = here.login(environ, {})
    assert credentials is None
    assert whose.severity == "error"
    assert time.monotonic() - started < 5


def test_docker_is_asked_for_the_machines_processor() -> None:
    assert here.builds_for_machine(
        "Name: default\nPlatforms: linux/arm64, linux/amd64, linux/386\n"
    )
    assert here.builds_for_machine("Platforms:        linux/arm64\nnot linux/amd64\n") is False
    assert here.builds_for_machine("Name: of a builder that sleeps\n") is None


def test_a_key_file_that_is_not_there_is_named(tmp_path: Any, monkeypatch: Any) -> None:
    missing = str(tmp_path / "key.json")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", missing)
    credentials, said = here.login({"GOOGLE_APPLICATION_CREDENTIALS": missing}, {})
    assert credentials is None
    assert said.severity == "error"
    assert "gcloud auth application-default login" in said.remedy
    assert missing in said.remedy[0]


def test_the_providers_own_token_and_key_are_used(tmp_path: Any) -> None:
    variable = {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.a"}
    credentials, said = here.login(variable, {})
    assert credentials.token == "ya29.a"
    assert said == good("the login in GOOGLE_OAUTH_ACCESS_TOKEN")
    credentials, said = here.login(variable, {"gcp:accessToken": "ya29.b"})
    assert credentials.token == "ya29.b"
    assert said == good("the login in gcp:accessToken")
    for environ, config, key in (
        ({}, {"gcp:credentials": str(tmp_path / "no-key.json")}, "gcp:credentials"),
        ({"GCLOUD_KEYFILE_JSON": "{"}, {}, "GCLOUD_KEYFILE_JSON"),
    ):
        _, refused = here.login(environ, config)
        assert refused.severity == "error"
        assert f"The login is that in {key}:" in refused.remedy[0]


@pytest.mark.parametrize("key", ["gcp:credentials", "gcp:accessToken"])
def test_a_login_that_is_a_secret_of_the_config_stops_nobody(key: str) -> None:
    credentials, said = here.login({"GOOGLE_OAUTH_ACCESS_TOKEN": "of somebody else"}, {key: ""})
    assert credentials is None
    assert said.severity == "warning"
    assert key in said.message


def test_a_stand_in_is_one_on_this_computer_only() -> None:
    variable = "GOOGLE_COMPUTE_CUSTOM_ENDPOINT"
    assert stood_in({variable: "http://127.0.0.1:8000"})
    assert not stood_in({variable: "http://198.51.100.7:8000"})
    assert not stood_in({})


def test_settings_that_cannot_be_used_are_the_only_finding() -> None:
    config = {"gcp:project": "demo-project", "atelier:adminPassword": "", "atelier:zone": "mars-a"}
    seen = look(Stack("demo-project", "docker", (), config), "dev", {})
    assert list(seen) == ["settings"]
    assert seen["settings"][0].message == 'zone: "mars-a" is not a zone'


def test_before_pulumi_knows_the_stack_this_computer_is_looked_at() -> None:
    seen = look_without("trial", {"GOOGLE_OAUTH_ACCESS_TOKEN": "ya29.a"}, builds=False)
    assert list(seen) == ["stack", "login", *HERE]
    (said,) = seen["stack"]
    assert said.severity == "error"
    assert "pulumi stack init trial" in said.remedy


def test_the_table_has_a_line_for_each_finding_and_the_remedy_beneath() -> None:
    seen = {
        "zone": (good("us-central1-a"),),
        "billing": (bad("none", "link one"), doubtful("late")),
    }
    assert list(table.lines(seen)) == [
        "  ok       zone     us-central1-a",
        "  ERROR    billing  none",
        "                        link one",
        "  warning  billing  late",
    ]
    briefly = list(table.lines(seen, briefly=True))
    assert briefly[0] == "  ok       zone"
    assert len(briefly) == 4
    assert table.errors(seen) == 1


def test_google_takes_the_permissions_in_one_question() -> None:
    for raw in ({}, {"auth": "keyless"}, {"images": "cloudbuild"}, {"workHours": "off"}):
        assert len(set(needed(load(raw)))) == len(needed(load(raw))) <= 100
