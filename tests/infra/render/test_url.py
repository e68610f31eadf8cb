"""Where a stack answers."""

import pytest

from infra.render.cors import cors_rules
from infra.render.url import next_steps, tunnel_command, url
from tests.infra.render.scenarios import ADDRESS, load


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, "https://203.0.113.10"),
        ({"tls": "domain", "domain": "label.example.org"}, "https://label.example.org"),
        ({"tls": "off", "allowedRanges": ["10.0.0.0/8"]}, "http://203.0.113.10:8080"),
        ({"tls": "off", "access": "iap"}, "http://localhost:8080"),
    ],
)
def test_the_url_is_an_origin_that_follows_tls_and_access(
    raw: dict[str, object], expected: str
) -> None:
    settings = load(raw)
    assert url(settings, ADDRESS) == expected
    assert cors_rules(settings, origin=expected)[0]["origins"] == [expected]


def test_the_tunnel_leads_to_the_studio_only_where_iap_is_the_only_way() -> None:
    assert " 8080 --local-host-port=localhost:8080 " in tunnel_command(
        load({"access": "iap", "tls": "off"})
    )
    assert " 22 --local-host-port=localhost:2222 " in tunnel_command(load({}))


def test_a_domain_must_first_be_pointed_at_the_machine() -> None:
    steps = next_steps(load({"tls": "domain", "domain": "label.example.org"}), ADDRESS)
    assert steps.startswith("1. Point the domain at the machine: an A record label.example.org ->")


def test_the_last_step_says_when_destroy_deletes_the_data() -> None:
    assert next_steps(load({}), ADDRESS).endswith("a snapshot of the data disk stay)")
    assert "keepData is false: both buckets go too" in next_steps(
        load({"keepData": False}), ADDRESS
    )


def test_the_cors_rule_is_label_studios_with_own_origins_or_all() -> None:
    rule = cors_rules(load({"corsOrigins": ["*"]}), origin="https://203.0.113.10")
    assert rule == [
        {
            "origins": ["*"],
            "methods": ["GET"],
            "response_headers": ["Content-Type", "Access-Control-Allow-Origin"],
            "max_age_seconds": 3600,
        }
    ]
