"""backends/settings.toml, by which stacks are checked, says what the backends take."""

import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from backends.segment_anything_model.settings import SegmentAnythingSettings
from backends.segmentation.settings import SegmentationSettings
from backends.serving.settings import EnvironmentSettings, ServingSettings

ROOT = Path(__file__).parents[2]
LISTED: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "backends/settings.toml").read_text())
CLASSES: dict[str, tuple[type[EnvironmentSettings], ...]] = {
    "segmentation": (ServingSettings, SegmentationSettings),
    "segment_anything_model": (ServingSettings, SegmentAnythingSettings),
}
NEEDED = {"MODEL_CLASS": "a:B", "SAM_CHECKPOINT": "/weights"}


def readers(name: str) -> dict[str, type[EnvironmentSettings]]:
    """Return the services that know a setting, each with the class that has it."""
    return {
        service: known
        for service, classes in CLASSES.items()
        for known in classes
        if name.lower() in known.model_fields
    }


def takes(known: type[EnvironmentSettings], name: str, value: object) -> bool:
    try:
        known.model_validate({**NEEDED, name: str(value)})
    except ValidationError:
        return False
    return True


def test_every_setting_is_listed_once() -> None:
    fields = {
        name.upper() for known in CLASSES.values() for one in known for name in one.model_fields
    }
    assert fields == {*LISTED["settings"], *LISTED["stack"]}
    assert not LISTED["settings"].keys() & LISTED["stack"].keys()


@pytest.mark.parametrize("name", LISTED["settings"])
def test_the_services_of_a_setting_are_those_that_read_it(name: str) -> None:
    assert sorted(LISTED["settings"][name]["services"]) == sorted(readers(name))


@pytest.mark.parametrize("name", LISTED["settings"])
def test_what_is_allowed_is_taken(name: str) -> None:
    entry = LISTED["settings"][name]
    for known in readers(name).values():
        kind = entry["type"]
        if kind in ("integer", "number"):
            assert takes(known, name, entry["from"])
            assert takes(known, name, entry["to"])
            assert takes(known, name, entry["from"] + 0.25) == (kind == "number")
            assert not takes(known, name, entry["from"] - 1)
        elif kind == "words":
            assert all(takes(known, name, word) for word in entry["words"])
            assert not takes(known, name, "another")
            literals = get_args(known.model_fields[name.lower()].annotation)
            assert set(literals) in (set(), set(entry["words"]))
        else:
            assert kind == "hosts"
            assert takes(known, name, "images.example.org,[2001:db8::1]:80,127.0.0.1:9000")
            assert not takes(known, name, "https://images.example.org")
