"""What workers elsewhere are told."""

from dataclasses import replace
from pathlib import Path

import pytest

from batch.errors import BatchError
from batch.plan import Plan, read_parts, travelling, write_plan
from batch.sources import Folder, Item

SHARDS = [(Item(f"{number}.jpg", f"s{number}"),) for number in range(7)]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan("pre-labels", "model@1", str(tmp_path), "<View/>", "/scans", "https://a/")


def test_all_tasks_together_do_every_shard_once(plan: Plan) -> None:
    address = write_plan(plan, SHARDS, 3)
    shares = [read_parts(address, index, 3) for index in range(3)]
    assert sorted(shard for _, shards in shares for shard in shards) == SHARDS
    assert all(told == plan for told, _ in shares)
    assert sorted(read_parts(address, 0, 1)[1]) == SHARDS


def test_a_task_too_many_has_nothing_to_do(plan: Plan) -> None:
    assert read_parts(write_plan(plan, SHARDS, 3), 3, 5) == (plan, [])


def test_the_same_images_make_the_same_plan(plan: Plan) -> None:
    assert write_plan(plan, SHARDS, 3) == write_plan(plan, SHARDS, 3)
    assert write_plan(plan, SHARDS[1:], 3) != write_plan(plan, SHARDS, 3)
    assert write_plan(replace(plan, version="model@2"), SHARDS, 3) != write_plan(plan, SHARDS, 3)


def test_workers_find_the_images_as_they_were_named(plan: Plan) -> None:
    assert plan.source() == Folder(Path("/scans"), "https://a/")
    item = Item("gs://scans/1.jpg", "")
    assert replace(plan, root="").source().address(item) == item.name


def test_a_plan_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match=r"there is no plan at .*/plans/abc"):
        read_parts(f"{tmp_path}/plans/abc", 0, 1)


def test_settings_travel_and_secrets_and_paths_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_HOSTS", "pictures.example.org")
    monkeypatch.setenv("SEGMENTATION_REGIONS", "")
    monkeypatch.setenv("SEGMENTATION_MODEL", "/models/mine")
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "secret")
    assert travelling() == {"IMAGE_HOSTS": "pictures.example.org"}
