"""Pulumi.yaml, the manual and the ready stacks say what the settings say.

After a change of the settings' fields `python -m infra.settings.schema` rewrites the first two.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.render.cost import estimate
from infra.settings import schema as config_schema
from infra.settings.fields import CONFIG_FIELDS, Settings
from infra.settings.load import load as load_settings
from infra.settings.machines import GPU_OF, PRESETS
from infra.settings.stack_config import parse
from tests.infra.settings import configs

ROOT = Path(__file__).parents[3]
SCENARIOS = ("cpu-trial", "iap-only", "keyless", "own-domain", "spot-gpu")
REWRITE = "run `python -m infra.settings.schema`"


def config_of(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text())["config"]


def load(path: Path, stack: str) -> Settings:
    """The file's settings, with what `pulumi config set` adds."""
    config = {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in config_of(path).items()
    }
    return parse(
        config | {"gcp:project": configs.PROJECT, "atelier:adminPassword": configs.PASSWORD},
        stack=stack,
    )


def test_the_schema_is_written_from_the_settings() -> None:
    text = (ROOT / "Pulumi.yaml").read_text()
    assert config_schema.project_file_text(text) == text, REWRITE


def test_the_schema_has_type_default_and_description_of_every_key() -> None:
    config = config_of(ROOT / "Pulumi.yaml")
    assert len(config) == len(CONFIG_FIELDS)
    defaults = load_settings(
        {key: entry["default"] for key, entry in config.items() if "default" in entry}
        | {"adminPassword": configs.PASSWORD},
        project=configs.PROJECT,
        stack="dev",
    )
    assert defaults == load_settings(
        {"adminPassword": configs.PASSWORD}, project=configs.PROJECT, stack="dev"
    )
    assert all(entry["description"].endswith(".") for entry in config.values())
    assert [key for key, entry in config.items() if "default" not in entry] == ["adminPassword"]
    assert [key for key, entry in config.items() if entry.get("secret")] == ["adminPassword"]
    assert {entry["type"] for entry in config.values()} == {
        "string",
        "integer",
        "boolean",
        "array",
        "object",
    }


def test_the_project_names_what_the_engine_starts() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert (project["name"], project["main"]) == ("atelier", "infra/")
    assert project["runtime"]["options"]["virtualenv"] == ".local/env/operator"


def test_the_manual_is_written_from_the_settings() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    assert config_schema.manual_text(text) == text, REWRITE
    assert config_schema.table() in text


def test_the_manual_names_every_ready_stack() -> None:
    text = (ROOT / "docs/settings.md").read_text()
    assert re.findall(r"^\| `examples/Pulumi\.(.+)\.yaml` \|", text, re.MULTILINE) == [*SCENARIOS]
    assert sorted(path.name for path in (ROOT / "examples").glob("Pulumi.*")) == [
        f"Pulumi.{name}.yaml" for name in SCENARIOS
    ]


def test_the_dev_stack_is_ready_after_two_commands() -> None:
    path = ROOT / "Pulumi.dev.yaml"
    commands = re.findall(r"pulumi config set (?:--secret )?(\S+)", path.read_text())
    assert commands == ["gcp:project", "atelier:adminPassword"]
    assert load(path, "dev").stack == "dev"


def test_the_dev_stack_is_the_cheapest_machine_with_a_gpu() -> None:
    settings = load(ROOT / "Pulumi.dev.yaml", "dev")
    prices = {
        preset: estimate(settings.model_copy(update={"preset": preset})).hour_usd
        for preset in PRESETS
        if GPU_OF[preset]
    }
    assert all(prices.values())
    assert prices[settings.preset] == min(prices.values(), key=lambda price: price or 0)
    assert settings.instance_schedule is not None
    assert not settings.spot


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_says_for_whom_it_is_and_loads(scenario: str) -> None:
    path = ROOT / f"examples/Pulumi.{scenario}.yaml"
    assert path.read_text().startswith("# For ")
    settings = load(path, "team")
    assert len(config_of(path)) >= 5
    given = {key.removeprefix("atelier:") for key in config_of(path)}
    assert given <= config_schema.schema().keys()
    expected = {
        "cpu-trial": settings.preset == "cpu" and not settings.keep_data,
        "iap-only": settings.access == "iap" and settings.tls == "off",
        "keyless": settings.auth == "keyless" and settings.images == "cloudbuild",
        "own-domain": settings.tls == "domain" and settings.domain == "label.example.org",
        "spot-gpu": settings.spot and settings.machine.accelerator == "nvidia-tesla-t4",
    }
    assert expected[scenario]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("zone", "string"),
        ("preset", "string"),
        ("adminPassword", "string"),
        ("dataDiskGb", "integer"),
        ("spot", "boolean"),
        ("allowedRanges", "array"),
        ("prebuilt", "object"),
    ],
)
def test_each_key_has_pulumis_name_for_its_type(key: str, kind: str) -> None:
    assert config_schema.kind(key) == kind


def test_allowed_values_are_a_sentence_of_the_description() -> None:
    schema = config_schema.schema()
    assert schema["tls"]["description"].endswith(" One of address, domain or off.")
    assert schema["maxRunHours"]["description"].endswith(" From 0 to 2880.")
