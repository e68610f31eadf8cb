"""From Pulumi's own form of a config to settings."""

import json

import pytest

from infra.settings.findings import SettingsError
from infra.settings.stack_config import parse
from tests.infra.settings import configs

CONFIG = {"gcp:project": configs.PROJECT, "atelier:adminPassword": configs.PASSWORD}


def test_values_come_as_strings_and_get_their_types() -> None:
    settings = parse(
        CONFIG
        | {
            "atelier:spot": "true",
            "atelier:dataDiskGb": "50",
            "atelier:allowedRanges": '["10.0.0.0/8"]',
            "atelier:labels": '{"team": "a", "cost-center": "007"}',
            "atelier:domain": "",
            "gcp:region": "europe-west1",
            "other:zone": "nowhere",
        },
        stack="dev",
    )
    assert settings.spot is True
    assert settings.data_disk_gb == 50
    assert settings.allowed_ranges == ("10.0.0.0/8",)
    assert settings.labels == {"team": "a", "cost-center": "007"}
    assert (settings.project, settings.stack) == (configs.PROJECT, "dev")


def test_a_text_that_looks_like_another_type_stays_a_text() -> None:
    settings = parse(
        CONFIG | {"atelier:adminPassword": "1234509876", "atelier:sourceBucket": "20261122"},
        stack="dev",
    )
    assert settings.admin_password.get_secret_value() == "1234509876"
    assert settings.source_bucket == "20261122"


def test_all_faults_are_told_at_once_with_the_values_as_they_were_written() -> None:
    with pytest.raises(SettingsError) as refused:
        parse(
            {
                "atelier:adminPassword": configs.PASSWORD,
                "atelier:spot": "maybe",
                "atelier:dataDiskGb": "12.5",
                "atelier:allowedRanges": "10.0.0.0/8",
                "atelier:sprintDay": "5",
            },
            stack="dev",
        )
    assert [line.strip() for line in str(refused.value).splitlines()[1:]] == [
        "gcp:project: no Google Cloud project is chosen. Run `pulumi config set gcp:project"
        " PROJECT_ID`; `gcloud projects list` shows the ids.",
        'spot: "maybe" is neither true nor false. Write true or false.',
        "dataDiskGb: 12.5 is not a whole number. Write a whole number without quotes.",
        'allowedRanges: "10.0.0.0/8" is not a list. Write indented lines that begin with a hyphen.',
        "sprintDay: there is no such setting; the nearest is sprintDays."
        " Run `pulumi config rm atelier:sprintDay` and set sprintDays instead.",
    ]


def test_an_unknown_key_may_hold_anything_and_is_not_shown() -> None:
    hidden = json.dumps({"password": configs.PASSWORD})
    with pytest.raises(SettingsError) as refused:
        parse(CONFIG | {"atelier:account": hidden}, stack="dev")
    assert "account: there is no such setting" in str(refused.value)
    assert configs.PASSWORD not in str(refused.value)


def test_what_is_encrypted_is_known_by_its_full_key() -> None:
    with pytest.raises(SettingsError, match="labels: it is encrypted here"):
        parse(
            CONFIG | {"atelier:labels": '{"a": "b"}'},
            stack="dev",
            secret_keys=frozenset({"atelier:adminPassword", "atelier:labels"}),
        )
