"""A zone that is out of machines, at the first up and in the middle of a move: nothing is lost."""

import sys
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cloud.gcp.state import of_kind
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import MakeStack

pytestmark = pytest.mark.integration

STOCKOUT = "ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS"
WORDS = ["annotations"]


def stockout(zone: str, *, times: int = 1) -> dict[str, object]:
    return {
        "type": "compute.Instance",
        "where": {"zone": zone},
        "times": times,
        "code": STOCKOUT,
        "zones": ["us-central1-b", "us-central1-f"],
    }


@dataclass
class Moves:
    """What each up said and left in the cloud, by name."""

    stack: Stack
    said: dict[str, Result] = field(default_factory=dict)
    clouds: dict[str, dict[str, Any]] = field(default_factory=dict)

    def up(self, name: str, zone: str = "") -> None:
        if zone:
            self.stack.config(zone=zone)
        self.said[name] = self.stack.up(check=False)
        self.clouds[name] = self.stack.cloud

    def make_up(self, name: str) -> None:
        """Run what `make up` runs."""
        scope = ["--stack", "dev", "--config-file", str(self.stack.config_file)]
        words = [*scope, "--yes", "--no-doctor", "--no-check-builder"]
        command = (sys.executable, "-m", "infra.operate", "up", *words, "--", "--skip-preview")
        self.said[name] = self.stack.run(*command, check=False)
        self.clouds[name] = self.stack.cloud

    def kinds(self, name: str, kind: str) -> dict[str, dict[str, Any]]:
        return of_kind({"resources": self.clouds[name]}, kind)

    def disk(self, name: str) -> dict[str, Any]:
        """Return the only data disk there was."""
        (found,) = self.kinds(name, "compute.Disk").values()
        return found


@pytest.fixture(scope="module")
def moves(make_stack: MakeStack) -> Moves:
    stack = make_stack()
    moves = Moves(stack)
    stack.faults(stockout("us-central1-a"))
    moves.up("first")
    moves.up("first again")
    with stack.state_of_cloud.open() as data:
        (disk,) = of_kind(data, "compute.Disk").values()
        disk["content"] = WORDS
    stack.faults(stockout("us-central1-b"), stockout("us-central1-c", times=9))
    moves.up("move", zone="us-central1-b")
    moves.up("move again")
    moves.up("stuck", zone="us-central1-c")
    moves.up("back", zone="us-central1-b")
    stack.faults(stockout("us-central1-c"))
    stack.config(zone="us-central1-c", zones=["us-central1-b", "us-central1-a"])
    moves.make_up("listed")
    return moves


@pytest.mark.parametrize("name", ["first", "move", "stuck"])
def test_an_up_without_machines_fails_and_names_the_zones_that_have_some(
    moves: Moves, name: str
) -> None:
    result = moves.said[name]
    assert result.returncode != 0
    assert "does not have enough resources available" in result.said
    assert "us-central1-b, us-central1-f zone(s)" in result.said


@pytest.mark.parametrize("name", ["first", "move", "stuck"])
def test_all_but_the_machine_is_there(moves: Moves, name: str) -> None:
    assert moves.kinds(name, "compute.Instance") == {}
    for kind, many in (
        ("compute.Address", 1),
        ("compute.Network", 1),
        ("serviceaccount.Account", 1),
        ("serviceaccount.Key", 1),
        ("storage.Bucket", 2),
    ):
        assert len(moves.kinds(name, kind)) == many, kind
    assert moves.kinds(name, "compute.Disk")


@pytest.mark.parametrize("name", ["first again", "move again", "back", "listed"])
def test_the_next_up_ends_with_a_machine_and_its_disk(moves: Moves, name: str) -> None:
    result = moves.said[name]
    assert result.returncode == 0, result.said
    (machine,) = moves.kinds(name, "compute.Instance").values()
    disk = moves.disk(name)["outputs"]
    assert machine["outputs"]["zone"] == disk["zone"]
    assert [it["source"] for it in machine["outputs"]["attachedDisks"]] == [disk["selfLink"]]
    assert machine["outputs"]["currentStatus"] == "RUNNING"


@pytest.mark.parametrize("name", ["move again", "back"])
def test_the_annotations_moved_along(moves: Moves, name: str) -> None:
    assert moves.disk(name)["outputs"]["zone"] == "us-central1-b"
    assert moves.disk(name)["content"] == WORDS


@pytest.mark.parametrize("name", ["move", "stuck"])
def test_in_the_middle_of_a_move_the_data_is_on_a_disk_and_in_a_snapshot(
    moves: Moves, name: str
) -> None:
    for kind in ("compute.Disk", "compute.Snapshot"):
        assert any(it["content"] == WORDS for it in moves.kinds(name, kind).values()), kind


def test_with_zones_to_go_on_to_the_first_that_has_a_machine_is_taken_and_told(
    moves: Moves,
) -> None:
    said = moves.said["listed"].said
    assert "no such machine free in us-central1-c" in said
    assert "Going on in us-central1-b" in said
    assert "atelier:zone is us-central1-b now, instead of us-central1-c" in said
    assert "atelier:zone: us-central1-b" in moves.stack.config_file.read_text()
    assert moves.disk("listed")["content"] == WORDS


def test_address_key_and_buckets_are_the_same_all_the_time(moves: Moves) -> None:
    for kind in ("compute.Address", "serviceaccount.Key", "storage.Bucket"):
        assert {str(sorted(moves.kinds(name, kind))) for name in moves.clouds} == {
            str(sorted(moves.kinds("first", kind)))
        }
