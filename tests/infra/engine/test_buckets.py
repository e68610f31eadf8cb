"""Buckets that are there before the stack: used as they are, and left as they were."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.cloud.gcp.state import of_kind
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import PROJECT, MakeStack
from tests.infra.engine.plans import touched

pytestmark = pytest.mark.integration

SOURCE, TARGET = "photos-of-last-year", "results-of-last-year"
THEIRS = {"origins": ["https://shop.example.com"], "methods": ["PUT"], "maxAgeSeconds": 60}


def plant(stack: Stack, name: str, **has: object) -> None:
    """Put a bucket into the cloud that no stack made."""
    outputs = {
        "deletionPolicy": "DELETE",
        "effectiveLabels": has.get("labels", {}),
        "forceDestroy": False,
        "name": name,
        "project": PROJECT,
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{name}",
        "url": f"gs://{name}",
        **has,
    }
    record = {"inputs": {"name": name, **has}, "outputs": outputs, "seed": name}
    with stack.state_of_cloud.open() as data:
        data["resources"][f"storage.Bucket {name}"] = record
    stack.put_object(name, "old.jpg", b"old")


@dataclass
class Adopted:
    """A stack whose source bucket was there before it."""

    stack: Stack
    before: dict[str, Any]
    planned: dict[str, Any]
    up: Result
    during: dict[str, Any]
    again: Result
    destroyed: Result


@pytest.fixture(scope="module")
def adopted(make_stack: MakeStack) -> Adopted:
    stack = make_stack(sourceBucket=SOURCE, targetBucket=TARGET, keepData=False)
    plant(
        stack,
        SOURCE,
        location="EU",
        storageClass="NEARLINE",
        labels={"owner": "photo-desk"},
        cors=[THEIRS],
        uniformBucketLevelAccess=False,
    )
    before = bucket(stack, SOURCE)
    planned = stack.preview(json=True).json()
    up = stack.up(check=False)
    during = bucket(stack, SOURCE)
    again = stack.up("--expect-no-changes", check=False)
    return Adopted(stack, before, planned, up, during, again, stack.destroy(check=False))


def bucket(stack: Stack, name: str) -> dict[str, Any]:
    return of_kind({"resources": stack.cloud}, "storage.Bucket")[name]["outputs"]


def test_the_preview_makes_what_is_not_there_and_leaves_what_is(adopted: Adopted) -> None:
    steps = touched(adopted.planned)
    assert "Bucket atelier-dev-source" not in steps
    assert steps["BucketGuest atelier-dev-source"] == "create"
    assert steps["Bucket atelier-dev-target"] == "create"


def test_it_gets_one_rule_beside_its_own_and_else_stays_as_it_is(adopted: Adopted) -> None:
    assert adopted.up.returncode == 0, adopted.up.said
    theirs, ours = adopted.during["cors"]
    assert theirs == THEIRS
    assert ours["methods"] == ["GET"]
    assert adopted.during | {"cors": [THEIRS]} == adopted.before


def test_a_second_up_changes_nothing(adopted: Adopted) -> None:
    assert adopted.again.returncode == 0, adopted.again.said


def test_it_outlives_a_stack_that_keeps_no_data(adopted: Adopted) -> None:
    assert adopted.destroyed.returncode == 0, adopted.destroyed.said
    assert bucket(adopted.stack, SOURCE) == adopted.before
    assert TARGET not in of_kind({"resources": adopted.stack.cloud}, "storage.Bucket")
    assert [path.name for path in adopted.stack.state_of_cloud.objects(SOURCE)] == ["old.jpg"]
