"""The backends' own settings: what a stack takes reaches the services that read it."""

import re

import pytest
import yaml

from infra.settings.backends import ValueRefused, fixed, texts, variables
from infra.settings.facts import REPOSITORY
from infra.settings.models import CHOICES
from tests.infra.render.scenarios import load

COMPOSE = (REPOSITORY / "templates/vm/compose.yml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]


def test_a_stack_sets_or_takes_every_setting_that_the_manual_of_the_backends_has() -> None:
    page = (REPOSITORY / "docs/backends.md").read_text()
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", page, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"[A-Z_]+", row)}
    assert documented == {*variables(), *fixed()}


@pytest.mark.parametrize("name", variables())
def test_the_services_that_read_a_setting_are_given_it(name: str) -> None:
    for service in variables()[name].services:
        assert SERVICES[service]["environment"][name].startswith(f"${{{name}:-"), (service, name)


def test_the_memory_of_the_containers_is_what_compose_gives_them() -> None:
    for choice in CHOICES:
        limit = f"${{{choice.image.upper()}_MEMORY:-{choice.memory_gb}g}}"
        assert SERVICES[choice.image]["mem_limit"] == limit


def test_values_become_the_environments_text() -> None:
    settings = load(
        {
            "backends": {
                "THREADS": 8,
                "IMAGE_MAX_MEGAPIXELS": 250,
                "IMAGE_HOSTS": ["A.example.org", "[2001:db8::1]:80"],
                "SEGMENTATION_MIN_AREA": "0.0001",
            }
        }
    )
    assert texts(settings.backends) == {
        "IMAGE_HOSTS": "a.example.org,[2001:db8::1]:80",
        "IMAGE_MAX_MEGAPIXELS": "250",
        "THREADS": "8",
        "SEGMENTATION_MIN_AREA": "0.0001",
    }


@pytest.mark.parametrize("name", variables())
def test_every_setting_is_refused_beyond_its_range(name: str) -> None:
    variable = variables()[name]
    if variable.type in ("integer", "number"):
        assert variable.text(variable.least)
        assert variable.text(variable.most)
        bad: tuple[object, ...] = (variable.least - 1, variable.most + 1, "many", True, None, [1])
    else:
        bad = ("no such", 7, None, ["a b"], [7])
    for value in bad:
        with pytest.raises(ValueRefused):
            variable.text(value)
