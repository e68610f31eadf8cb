"""Each rule, on resources as the engine tells of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.components import metadata
from policy import rules
from policy.rules import RULES, UNKNOWN, Resource

NOW = datetime(2026, 11, 29, tzinfo=UTC)
DIGEST = "sha256:" + "a" * 64
SSH = [{"protocol": "tcp", "ports": ["22"]}]


def broken(name: str, *resources: tuple[str, dict[str, Any]]) -> list[str]:
    """What a rule says of these resources."""
    (rule,) = (rule for rule in RULES if rule.name == name)
    given = [
        Resource(kind, f"urn:{place}", values) for place, (kind, values) in enumerate(resources)
    ]
    return [message for _, message in rule.look(given, NOW)]


def firewall(**values: Any) -> tuple[str, dict[str, Any]]:
    return rules.FIREWALL, {"allows": SSH, **values}


def machine(**values: Any) -> tuple[str, dict[str, Any]]:
    return rules.MACHINE, {"name": "atelier-dev", **values}


def key(days: int, **values: Any) -> tuple[str, dict[str, Any]]:
    made = NOW - timedelta(days=days)
    return rules.KEY, {"validAfter": f"{made:%Y-%m-%dT%H:%M:%SZ}", **values}


@pytest.mark.parametrize(
    "rule",
    [
        firewall(sourceRanges=["0.0.0.0/0"]),
        firewall(sourceRanges=["10.0.0.0/8", "::/0"]),
        firewall(sourceRanges=["0.0.0.0/1", "128.0.0.0/1"]),
        firewall(),
        firewall(sourceRanges=["0.0.0.0/0"], allows=[{"protocol": "tcp"}]),
        firewall(sourceRanges=["0.0.0.0/0"], allows=[{"protocol": "6", "ports": ["20-30"]}]),
        firewall(sourceRanges=["0.0.0.0/0"], allows=[{"protocol": "ALL"}]),
    ],
)
def test_port_22_for_everybody_is_found_however_it_is_written(
    rule: tuple[str, dict[str, Any]],
) -> None:
    (said,) = broken("no-public-ssh", rule)
    assert "opens port 22" in said
    assert "35.235.240.0/20" in said


@pytest.mark.parametrize(
    "rule",
    [
        firewall(sourceRanges=["35.235.240.0/20"]),
        firewall(sourceRanges=["10.0.0.0/8"]),
        firewall(sourceRanges=UNKNOWN),
        firewall(sourceTags=["inside"]),
        firewall(sourceRanges=["0.0.0.0/0"], allows=[{"protocol": "tcp", "ports": ["80", "443"]}]),
        firewall(sourceRanges=["0.0.0.0/0"], allows=[{"protocol": "icmp"}]),
        firewall(sourceRanges=["0.0.0.0/0"], allows=UNKNOWN),
        firewall(sourceRanges=["0.0.0.0/0"], direction="EGRESS"),
        firewall(sourceRanges=["0.0.0.0/0"], disabled=True),
        (rules.BUCKET, {"allows": SSH}),
    ],
)
def test_a_firewall_rule_that_lets_nobody_in_to_port_22_is_left_alone(
    rule: tuple[str, dict[str, Any]],
) -> None:
    assert broken("no-public-ssh", rule) == []


def test_a_bucket_must_refuse_to_be_published() -> None:
    for values in ({}, {"publicAccessPrevention": "inherited"}):
        (said,) = broken("no-public-bucket", (rules.BUCKET, values))
        assert 'public_access_prevention="enforced"' in said
    for kept in ("enforced", UNKNOWN):
        assert broken("no-public-bucket", (rules.BUCKET, {"publicAccessPrevention": kept})) == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("gcp:storage/bucketIAMMember:BucketIAMMember", {"member": "allUsers"}),
        ("gcp:storage/bucketIAMBinding:BucketIAMBinding", {"members": ["allAuthenticatedUsers"]}),
        ("gcp:storage/bucketAccessControl:BucketAccessControl", {"entity": "allUsers"}),
        ("gcp:storage/bucketACL:BucketACL", {"roleEntities": ["READER:allUsers"]}),
    ],
)
def test_a_role_that_publishes_a_bucket_is_found(kind: str, values: dict[str, Any]) -> None:
    (said,) = broken("no-public-bucket", (kind, values))
    assert "everybody reads the images" in said
    assert broken("no-public-bucket", (kind, {"member": "serviceAccount:a@b.example"})) == []
    assert broken("no-public-bucket", (kind, {"member": UNKNOWN, "members": UNKNOWN})) == []


def test_an_image_without_its_digest_is_named() -> None:
    told = (
        f"FRONTEND_IMAGE='registry.example/a:1@{DIGEST}'\nSEGMENTATION_IMAGE=registry.example/b:1\n"
    )
    (said,) = broken("images-by-digest", machine(metadata={rules.IMAGES: told}))
    assert said.startswith("SEGMENTATION_IMAGE is registry.example/b:1: ")
    for unknown in (UNKNOWN, {rules.IMAGES: UNKNOWN}, {}):
        assert broken("images-by-digest", machine(metadata=unknown)) == []


def test_the_images_are_looked_for_where_the_program_writes_them() -> None:
    """The pack imports nothing of the program's; under another name it would find none to judge."""
    assert rules.IMAGES == metadata.IMAGES


def test_a_machine_that_nothing_stops_is_found_with_the_settings_that_would() -> None:
    (said,) = broken("stop-rule", machine(scheduling={"automaticRestart": True}))
    assert "atelier:maxRunHours 72" in said
    assert "atelier:workHours" in said


@pytest.mark.parametrize("name", ["atelier-dev", UNKNOWN])
def test_a_schedule_stops_the_machine_it_is_attached_to(name: object) -> None:
    attached = (rules.ATTACHED_POLICY, {"instance": name})
    elsewhere = (rules.ATTACHED_POLICY, {"instance": "another"})
    assert broken("stop-rule", machine(scheduling={}), attached) == []
    assert len(broken("stop-rule", machine(scheduling={}), elsewhere)) == 1


@pytest.mark.parametrize("limit", [{"maxRunDuration": {"seconds": 3600}}, UNKNOWN])
def test_a_limit_on_a_run_stops_the_machine(limit: object) -> None:
    assert broken("stop-rule", machine(scheduling=limit)) == []


def test_an_old_key_is_named_with_the_command_that_replaces_it() -> None:
    (said,) = broken("key-age", key(91, keepers={"version": "3"}))
    assert "91 days" in said
    assert "atelier:keyVersion 4" in said
    (said,) = broken("key-age", key(400))
    assert "atelier:keyVersion N" in said


def test_a_young_key_and_one_that_is_not_made_yet_are_left_alone() -> None:
    given = (key(90), (rules.KEY, {"validAfter": UNKNOWN}), (rules.KEY, {"validAfter": "soon"}))
    assert broken("key-age", *given) == []


def test_only_what_a_program_declares_fails_a_preview() -> None:
    """What a setting chose, or time did, is said and stops nobody."""
    mandatory = {rule.name for rule in RULES if rule.is_mandatory}
    assert mandatory == {"no-public-ssh", "no-public-bucket", "images-by-digest"}
