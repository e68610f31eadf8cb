"""What a changed setting or file does to a running stack, as the real engine plans it."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cloud.workspace import ROOT, Stack
from tests.infra.engine.changes import GROUPS, MACHINE, WAIT, Change
from tests.infra.engine.conftest import MakeStack
from tests.infra.engine.plans import details, resource, touched

pytestmark = pytest.mark.integration

ROWS = [(group, change) for group, changes in GROUPS.items() for change in changes]
FILES = {  # {file: the only thing that a change of it touches, and how}
    "templates/vm/compose.yml": (MACHINE, "metadata.atelier-compose"),
    "templates/vm/startup.sh": (MACHINE, "metadata.startup-script"),
    "backends/segmentation/model.py": ("Image atelier-dev-segmentation", "tags"),
}


@pytest.fixture(scope="module")
def running(make_stack: MakeStack) -> Stack:
    stack = make_stack()
    stack.up()
    return stack


def plan(stack: Stack, name: str, **settings: object) -> dict[str, Any]:
    """Preview the stack with other settings, beside others that are being previewed."""
    file = stack.folder / f"{name}.yaml"
    content = yaml.safe_load(stack.config_file.read_text())
    content["config"] |= {f"atelier:{key}": value for key, value in settings.items()}
    file.write_text(yaml.safe_dump(content))
    shown = stack.pulumi("preview", "--json", "--stack", "dev", "--config-file", str(file))
    return shown.json()


@pytest.fixture(scope="module")
def plans(running: Stack) -> dict[str, dict[str, Any]]:
    """{group: the preview of all its changes}"""

    def preview(group: str) -> tuple[str, dict[str, Any]]:
        settings = {change.setting: change.value for change in GROUPS[group]}
        return group, plan(running, group.replace(" ", "-"), **settings)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(preview, GROUPS))


@pytest.mark.parametrize(
    ("group", "change"), ROWS, ids=[f"{change.setting}={change.value}"[:40] for _, change in ROWS]
)
def test_it_does_what_the_table_says(
    plans: dict[str, dict[str, Any]], group: str, change: Change
) -> None:
    planned, paths = touched(plans[group]), details(plans[group])
    for effect in change.effects:
        assert planned[effect.resource] == effect.operation
        found = {
            path: kind
            for path, kind in paths[effect.resource].items()
            if path.startswith(effect.properties or ("nothing in particular",))
        }
        for name in effect.properties:
            assert any(path.startswith(name) for path in found), (name, paths[effect.resource])
        if effect.properties:
            replaces = any(kind.endswith("-replace") for kind in found.values())
            assert replaces is (effect.operation == "replace"), found


@pytest.mark.parametrize("group", GROUPS)
def test_nothing_else_is_touched(plans: dict[str, dict[str, Any]], group: str) -> None:
    expected: dict[str, set[str]] = {}
    for change in GROUPS[group]:
        for effect in change.effects:
            expected.setdefault(effect.resource, set()).update(effect.properties)
    planned, paths = touched(plans[group]), details(plans[group])
    assert set(planned) == set(expected)
    for name, properties in expected.items():
        stray = [path for path in paths[name] if not path.startswith(tuple(properties))]
        assert properties == set() or stray == [], name


def left_out(folder: str, names: list[str]) -> list[str]:
    """Return what of the repository is not copied; infra/.local is a link that Pulumi needs."""
    return [name for name in names if folder == str(ROOT) and name.startswith(".")]


def test_a_changed_file_updates_the_machine_in_place(running: Stack, tmp_path: Path) -> None:
    """In a copy of the repository: new compose file, startup script and model code at once."""
    copy = tmp_path / "repository"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=left_out)
    (copy / ".local").symlink_to(ROOT / ".local")
    for name in FILES:
        with open(copy / name, "a") as file:
            file.write("\n# changed\n")
    shown = running.pulumi(
        *("preview", "--json", "--stack", "dev", "--config-file", str(running.config_file)),
        *("--cwd", str(copy)),
    )
    planned, paths = touched(shown.json()), details(shown.json())
    assert planned == dict.fromkeys((*(name for name, _ in FILES.values()), WAIT), "update")
    for name, path in FILES.values():
        assert path in {it.partition("[")[0] for it in paths[name]}, paths[name]
    assert "metadata.atelier-images" in paths[MACHINE]


def test_a_step_of_the_plan_names_its_resource() -> None:
    urn = "urn:pulumi:dev::atelier::atelier:gcp:Machine$gcp:compute/instance:Instance::atelier-dev"
    assert resource(urn) == MACHINE
