"""A target that is away for longer than Google's client tries: two minutes. Mostly waiting."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cloud.storage.server import Fault
from tests.studio.buckets.conftest import BucketPlace
from tests.studio.buckets.test_target import eventually, saved

pytestmark = pytest.mark.waits

# What Google's client tries for, and a little more: who submitted first is given up meanwhile.
OUTAGE_SECONDS = 130
EARLY, LATE = 5, 4
LATE_AFTER_SECONDS = 100


def test_of_nine_people_in_two_minutes_without_a_target_everything_is_there_once_afterwards(
    workplace: BucketPlace, annotate: Callable[[int], None], pictures: Path
) -> None:
    scene = min(pictures.glob("*.jpg")).read_bytes()
    for number in range(EARLY + LATE - 3):
        more = scene + bytes([number])  # Another file, and the same picture.
        workplace.stand_in.put(workplace.source, f"autumn/more-{number}.jpg", more, "image/jpeg")
    workplace.apply()
    numbers = sorted(task["id"] for task in workplace.tasks().values())
    assert len(numbers) == EARLY + LATE
    workplace.stand_in.break_down(Fault("POST", f"/b/{workplace.target}/o", status=503))
    began = time.monotonic()
    try:
        with ThreadPoolExecutor(EARLY + LATE) as people:
            assert len([*people.map(annotate, numbers[:EARLY])]) == EARLY
            time.sleep(LATE_AFTER_SECONDS - (time.monotonic() - began))
            assert len([*people.map(annotate, numbers[EARLY:])]) == LATE
        time.sleep(OUTAGE_SECONDS - (time.monotonic() - began))
        assert saved(workplace) == {}
    finally:
        workplace.stand_in.break_down()
    # Who submitted late is still being tried for.
    eventually(lambda: len(saved(workplace)) == LATE)
    assert sorted(saved(workplace)) == names(numbers[EARLY:])

    # Who submitted early is not, and is found by what the machine runs every ten minutes.
    output = workplace.apply("--data-only")
    assert f"save the annotations of {EARLY} tasks to the target" in output
    there = saved(workplace)
    assert sorted(there) == names(numbers)
    in_the_target = [one["id"] for task in there.values() for one in task["annotations"]]
    in_label_studio = [workplace.annotations(number) for number in numbers]
    assert sorted(in_the_target) == sorted(one["id"] for (one,) in in_label_studio)
    written = workplace.stand_in.server.service.objects.versions(workplace.target)
    assert sorted(version.name for version in written) == names(numbers), (
        "and each was written once"
    )
    assert "nothing to change" in workplace.apply("--data-only")


def names(tasks: list[int]) -> list[str]:
    return sorted(f"sprint-1/{number}.json" for number in tasks)
