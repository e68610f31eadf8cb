"""What Cloud Monitoring is asked to look at."""

import pytest

from infra.render.alerts import SILENT_SECONDS, Body, Part, Watched, body, labels_field

MADE: dict[Part, str] = {
    "channel": "projects/p/notificationChannels/1",
    "check": "projects/p/uptimeCheckConfigs/atelier-dev-health-x1",
}


def watched(url: str = "https://203.0.113.7") -> Watched:
    return Watched("p", "atelier-dev", "dev", "lead@garments.studio", url)


def conditions(policy: Body) -> list[Body]:
    return policy["conditions"]


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "validated"),
    [
        ("https://203.0.113.7", "203.0.113.7", 443, True, False),
        ("https://label.garments.studio", "label.garments.studio", 443, True, True),
        ("http://203.0.113.7:8080", "203.0.113.7", 8080, False, False),
    ],
)
def test_the_check_asks_where_labelers_do(
    url: str, host: str, port: int, tls: bool, validated: bool
) -> None:
    check = body("check", watched(url), {})
    assert check["monitoredResource"]["labels"] == {"host": host, "project_id": "p"}
    asked = check["httpCheck"]
    assert (asked["port"], asked["useSsl"], asked["validateSsl"]) == (port, tls, validated)
    assert asked["path"] == "/health"


def test_a_machine_that_is_off_is_no_alert() -> None:
    policy = body("silent", watched(), MADE)
    silent, runs = (it["conditionThreshold"] for it in conditions(policy))
    assert policy["combiner"] == "AND"
    assert 'metric.labels.check_id = "atelier-dev-health-x1"' in silent["filter"]
    assert "instance/uptime_total" in runs["filter"]
    assert 'metadata.system_labels.name = "atelier-dev"' in runs["filter"]
    assert runs["evaluationMissingData"] == "EVALUATION_MISSING_DATA_INACTIVE"
    # Figures of a machine that has been stopped come in for minutes.
    assert int(runs["duration"].removesuffix("s")) + 5 * 60 < SILENT_SECONDS


def test_what_google_does_to_the_machine_is_looked_for_in_the_audit_logs() -> None:
    policy = body("stopped", watched(), MADE)
    (condition,) = conditions(policy)
    asked = condition["conditionMatchedLog"]["filter"]
    # Another stack's machine may begin with the same name.
    assert 'protoPayload.resourceName =~ "/instances/atelier-dev$"' in asked
    assert '"compute.instances.preempted" OR "compute.instances.hostError"' in asked
    assert asked.count("(") == asked.count(")")
    assert policy["alertStrategy"]["notificationRateLimit"]


def test_every_part_is_known_by_the_stacks_labels() -> None:
    for part in watched().parts:
        made = body(part, watched(), MADE)
        assert made[labels_field(part)] == {"atelier-stack": "dev", "managed-by": "atelier"}
        assert made["displayName"].startswith("atelier-dev ")
