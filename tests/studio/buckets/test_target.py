"""Annotations: saved to the target bucket as they are submitted, and caught up when that failed."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cloud.storage.server import Fault
from tests.studio.buckets.conftest import BucketPlace

pytestmark = pytest.mark.integration

Annotate = Callable[[int], None]
PEOPLE = 9
SUBMIT_SECONDS = 60


def saved(workplace: BucketPlace) -> dict[str, dict]:
    """The target's live objects, by name."""
    return {
        version.name: json.loads(workplace.stand_in.read(workplace.target, version.name))
        for version in workplace.stand_in.live(workplace.target)
    }


def eventually(holds: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def first_task(workplace: BucketPlace) -> int:
    return min(task["id"] for task in workplace.tasks().values())


def test_a_submitted_annotation_lands_in_the_target_with_its_facts(
    workplace: BucketPlace, annotate: Annotate
) -> None:
    workplace.apply()
    number = first_task(workplace)
    annotate(number)
    ((name, content),) = saved(workplace).items()
    assert name == f"sprint-1/{number}.json"
    assert content["data"]["image"].startswith(f"gs://{workplace.source}/autumn/")
    assert content["data"]["Name"]
    (annotation,) = content["annotations"]
    assert annotation["result"][1]["value"]["labels"] == ["dress"]
    assert "nothing to change" in workplace.apply()


def test_every_change_of_an_annotation_is_kept_as_a_version_and_can_be_put_back(
    workplace: BucketPlace, annotate: Annotate
) -> None:
    workplace.apply()
    number = first_task(workplace)
    annotate(number)
    (found,) = workplace.annotations(number)
    workplace.label_studio.request(
        "PATCH", f"/api/annotations/{found['id']}/", json={"result": [], "lead_time": 5}
    )
    versions = workplace.stand_in.server.service.objects.versions(workplace.target)
    assert [bool(version.deleted) for version in versions] == [True, False]
    (content,) = saved(workplace).values()
    assert content["annotations"][0]["result"] == []

    told = workplace.told("history", number)
    assert len([line for line in told.splitlines() if line.startswith("│")]) == 2
    assert "dress 1" in told
    assert "no region" in told
    assert workplace.label_studio.user in told
    assert "as annotation" in workplace.told("restore", number, "--version", "1")
    kept, restored = workplace.annotations(number)
    assert kept["result"] == []
    assert restored["result"] == found["result"]
    assert restored["completed_by"] == found["completed_by"]
    assert restored["parent_annotation"] == found["id"]
    assert "nothing to change" in workplace.told("restore", number, "--version", "1")
    told = workplace.told("history", number)
    assert len([line for line in told.splitlines() if line.startswith("│")]) == 3


def test_what_the_target_refused_is_saved_by_the_next_run(
    workplace: BucketPlace, annotate: Annotate
) -> None:
    workplace.apply()
    number, other, _ = sorted(task["id"] for task in workplace.tasks().values())
    annotate(other)
    grant = workplace.stand_in.cloud.grant
    grant(workplace.target, workplace.account.email, "objectViewer", "legacyBucketReader")
    # The labeler has done all there is to do, and is told nothing else.
    for _ in range(2):
        annotate(number)
    assert list(saved(workplace)) == [f"sprint-1/{other}.json"]
    grant(workplace.target, workplace.account.email, "objectUser", "legacyBucketReader")
    assert "save the annotations of 1 task to the target" in workplace.apply()
    # What the bucket had is not written anew: a bucket keeps few versions, and they are a history.
    written = workplace.stand_in.server.service.objects.versions(workplace.target)
    assert [one.name for one in written] == [f"sprint-1/{one}.json" for one in (number, other)]
    assert len(saved(workplace)[f"sprint-1/{number}.json"]["annotations"]) == 2
    assert "nothing to change" in workplace.apply()


def test_what_nine_people_submit_while_the_target_is_away_is_there_afterwards_exactly_once(
    workplace: BucketPlace, annotate: Annotate, pictures: Path
) -> None:
    scene = min(pictures.glob("*.jpg")).read_bytes()
    for number in range(PEOPLE - len(list(pictures.glob("*.jpg")))):
        more = scene + bytes([number])  # Another file, and the same picture.
        workplace.stand_in.put(workplace.source, f"autumn/more-{number}.jpg", more, "image/jpeg")
    workplace.apply()
    numbers = [task["id"] for task in workplace.tasks().values()]
    assert len(numbers) == PEOPLE
    workplace.stand_in.break_down(Fault("POST", f"/b/{workplace.target}/o", status=503))
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(PEOPLE) as people:
            assert len([*people.map(annotate, numbers)]) == PEOPLE
        (changed,) = workplace.annotations(numbers[0])
        change = {"result": [], "lead_time": 5}
        path = f"/api/annotations/{changed['id']}/"
        workplace.label_studio.request("PATCH", path, json=change)
        assert saved(workplace) == {}
    finally:
        workplace.stand_in.break_down()
    # Label Studio's client for the target asks again for two minutes; nobody waits for that.
    assert time.monotonic() - began < SUBMIT_SECONDS
    # The state before the change may be written last, and is then followed by the newest.
    name = f"sprint-1/{numbers[0]}.json"
    versions = workplace.stand_in.server.service.objects.versions
    eventually(lambda: sum(one.name == name for one in versions(workplace.target)) == 3)
    eventually(lambda: len(saved(workplace)) == PEOPLE)
    there = saved(workplace)
    assert sorted(there) == sorted(f"sprint-1/{number}.json" for number in numbers)
    assert there[name]["annotations"][0]["result"] == []
    in_the_target = [one["id"] for task in there.values() for one in task["annotations"]]
    in_label_studio = [workplace.annotations(number) for number in numbers]
    assert sorted(in_the_target) == sorted(one["id"] for (one,) in in_label_studio)
    assert "nothing to change" in workplace.apply()


def test_an_object_of_an_earlier_state_is_saved_again(
    workplace: BucketPlace, annotate: Annotate, monkeypatch: pytest.MonkeyPatch
) -> None:
    workplace.apply()
    with monkeypatch.context() as patch:
        patch.setattr("tests.cloud.storage.objects._now", lambda: "2026-01-01T00:00:00.000Z")
        annotate(first_task(workplace))
    assert "save the annotations of 1 task to the target" in workplace.apply()
    assert "nothing to change" in workplace.apply()


def test_changed_facts_are_saved_too(workplace: BucketPlace, annotate: Annotate) -> None:
    workplace.apply()
    annotate(first_task(workplace))
    workplace.content["catalogue"]["columns"]["Theme"] = "Name"
    output = workplace.apply()
    assert "change the facts of 3 tasks" in output
    assert "save the annotations of 1 task to the target" in output
    (content,) = saved(workplace).values()
    assert content["data"]["Theme"] == content["data"]["Name"]
    assert "nothing to change" in workplace.apply()


def test_a_target_that_comes_later_or_moves_gets_what_there_is(
    workplace: BucketPlace, annotate: Annotate
) -> None:
    target = workplace.content.pop("target")
    workplace.apply()
    number = first_task(workplace)
    annotate(number)
    workplace.content["target"] = target
    assert f"save annotations to gs://{workplace.target}/sprint-1" in workplace.apply()
    workplace.content["target"] = {"bucket": f"gs://{workplace.target}/sprint-2/"}
    assert f"stop saving annotations to gs://{workplace.target}/sprint-1" in workplace.apply()
    assert set(saved(workplace)) == {f"sprint-1/{number}.json", f"sprint-2/{number}.json"}
    (storage,) = workplace.storages("/export")
    assert storage["prefix"] == "sprint-2"
    del workplace.content["target"]
    assert "stop saving" in workplace.apply()
    assert workplace.storages("/export") == []
    assert len(saved(workplace)) == 2


def test_no_storage_holds_a_key(workplace: BucketPlace) -> None:
    workplace.apply()
    secret = json.loads(workplace.account.key.read_text())["private_key"].splitlines()[1]
    database = workplace.label_studio.data_dir.rglob("*.sqlite3*")
    assert all(secret.encode() not in file.read_bytes() for file in database)
