"""Each rule refuses one config, in these words."""

from pathlib import Path

import pytest

from infra.settings.fields import CONFIG_FIELDS, Settings
from infra.settings.findings import SettingsError
from infra.settings.load import load
from infra.settings.machines import FITTING
from infra.settings.rules import (
    backends,
    batch,
    checks,
    machine,
    models,
    names,
    network,
    place,
    studio,
)
from infra.settings.rules.rule import Rule
from tests.infra.settings import configs
from tests.infra.settings.refusals import backends as refusals_of_backends
from tests.infra.settings.refusals import batch as refusals_of_batch
from tests.infra.settings.refusals import machine as refusals_of_machines
from tests.infra.settings.refusals import models as refusals_of_models
from tests.infra.settings.refusals import names as refusals_of_names
from tests.infra.settings.refusals import network as refusals_of_network
from tests.infra.settings.refusals import place as refusals_of_places
from tests.infra.settings.refusals import studio as refusals_of_studio

GOOD = {"adminPassword": configs.PASSWORD}

REFUSALS = {
    **refusals_of_places.REFUSALS,
    **refusals_of_machines.REFUSALS,
    **refusals_of_names.REFUSALS,
    **refusals_of_network.REFUSALS,
    **refusals_of_studio.REFUSALS,
    **refusals_of_models.REFUSALS,
    **refusals_of_backends.REFUSALS,
    **refusals_of_batch.REFUSALS,
}


@pytest.mark.parametrize(("config", "words"), REFUSALS.values(), ids=REFUSALS)
def test_a_bad_value_is_refused_in_these_words(config: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(GOOD | config, project=configs.PROJECT, stack="dev")
    assert str(refused.value) == f"One setting is wrong; nothing was changed:\n  {words}"


TAKEN = refusals_of_places.TAKEN | refusals_of_batch.TAKEN


@pytest.mark.parametrize("config", TAKEN.values(), ids=TAKEN)
def test_what_there_may_be_a_reason_for_is_taken(config: dict[str, object]) -> None:
    load(GOOD | config, project=configs.PROJECT, stack="dev")


@pytest.mark.parametrize(
    ("project", "stack", "config", "words"),
    [
        ("", "dev", {}, "gcp:project: no Google Cloud project is chosen. Run"),
        (
            "123456789012",
            "dev",
            {},
            'gcp:project: "123456789012" is not a project id. Write the id',
        ),
        ("My Project", "dev", {}, 'gcp:project: "My Project" is not a project id. Write the id'),
        (configs.PROJECT, "production-eu", {}, 'stack: "production-eu" cannot be a part of Google'),
        (configs.PROJECT, "Dev", {}, "at most 12 lowercase letters, digits and hyphens"),
        (configs.PROJECT, "dev-", {}, 'stack: "dev-" cannot be a part of'),
        (
            configs.PROJECT,
            "google",
            {"batch": "cloudrun", "sourceBucket": "our-scans", "targetBucket": "our-labels"},
            'batch: "demo-project-google-staging" contains "google"',
        ),
        (configs.PROJECT, "google", {}, 'sourceBucket: "demo-project-google-source" contains'),
        (
            configs.PROJECT,
            "dev",
            {"sourceBucket": "demo-project-dev-target"},
            'targetBucket: "demo-project-dev-target" is the source bucket too',
        ),
    ],
)
def test_project_and_stack_must_make_names(
    project: str, stack: str, config: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        load(GOOD | config, project=project, stack=stack)
    assert words in str(refused.value)


def test_every_rule_is_shown_to_refuse_something() -> None:
    fired: set[Rule] = set()
    configurations = [(configs.PROJECT, "dev", config) for config, _ in REFUSALS.values()]
    configurations += [("", "dev", {}), (configs.PROJECT, "Dev", {})]
    for project, stack, config in configurations:
        known = {key: value for key, value in config.items() if key in configs.BAD}
        try:
            settings = Settings.model_validate(GOOD | known | {"project": project, "stack": stack})
        except ValueError:
            continue
        fired.update(rule for rule in checks.RULES if any(rule.check(settings)))
    assert fired == set(checks.RULES)


def test_no_rule_is_forgotten_and_each_reads_fields_that_exist() -> None:
    written = {
        value
        for module in (backends, batch, machine, models, names, network, place, studio)
        for value in vars(module).values()
        if isinstance(value, Rule)
    }
    assert written == set(checks.RULES)
    fields = {*CONFIG_FIELDS, "project", "stack"}
    assert all(rule.fields and rule.fields <= fields for rule in checks.RULES)


def test_a_password_that_is_missing_is_asked_for() -> None:
    with pytest.raises(SettingsError, match="adminPassword: there is none"):
        load({}, project=configs.PROJECT, stack="dev")


def test_findings_come_in_the_order_of_the_manual_and_unknown_keys_last() -> None:
    with pytest.raises(SettingsError) as refused:
        load(
            {"aaa": 1, "timeZone": "x", "labels": {"A": "a"}, "zone": "x", "spot": 1, **GOOD},
            project="",
            stack="dev",
        )
    keys = [finding.key for finding in refused.value.findings]
    assert keys == ["gcp:project", "zone", "spot", "timeZone", "labels", "aaa"]
    assert str(refused.value).startswith("6 settings are wrong; nothing was changed:\n  gcp:")


def test_nobody_is_accused_because_of_a_value_that_cannot_be_read() -> None:
    with pytest.raises(SettingsError) as refused:
        load(
            GOOD
            | {
                "tls": "domian",
                "domain": "label.example.org",
                "preset": "t5",
                "zone": "europe-west9-a",
            },
            project=configs.PROJECT,
            stack="dev",
        )
    assert [finding.key for finding in refused.value.findings] == ["preset", "tls"]


def test_a_key_that_is_encrypted_for_nothing_is_refused_and_not_shown() -> None:
    with pytest.raises(SettingsError) as refused:
        load(
            GOOD | {"domain": "hidden.example.org"},
            project=configs.PROJECT,
            stack="dev",
            secret_keys={"domain", "adminPassword"},
        )
    (finding,) = refused.value.findings
    assert finding.key == "domain"
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///home/me/mine.pth", "interactiveModel: a file of one computer cannot be read"),
        ("https://weights.example.org/mine.pth?sig=secret", "holds a password or a signature"),
        ("https://weights.example.org/mine.pth", ""),
    ],
)
def test_a_model_of_the_teams_own_catalogue_is_known_and_its_address_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    own = tmp_path / "own.toml"
    file = f'{{name = "mine.pth", url = "{url}", sha256 = "{configs.HASH}", size = 7}}'
    own.write_text(f'[interactive.mine]\nlicence = "MIT"\nfiles = [{file}]\n')
    monkeypatch.setenv("ATELIER_CATALOGUE", str(own))
    config = GOOD | {"interactiveModel": "mine"}
    if not words:
        load(config, project=configs.PROJECT, stack="dev")
        return
    with pytest.raises(SettingsError) as refused:
        load(config, project=configs.PROJECT, stack="dev")
    assert words in str(refused.value)
    assert "secret" not in str(refused.value)


def test_a_catalogue_that_cannot_be_read_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATELIER_CATALOGUE", str(tmp_path / "none.toml"))
    with pytest.raises(
        SettingsError, match=r"none\.toml cannot be read.* Mend the file that ATELIER"
    ):
        load(GOOD, project=configs.PROJECT, stack="dev")


def test_every_machine_type_of_a_preset_is_taken() -> None:
    for preset, types in FITTING.items():
        for name, fitting in types.items():
            settings = load(
                GOOD | {"preset": preset, "machineType": name}, project=configs.PROJECT, stack="dev"
            )
            assert settings.machine == fitting
