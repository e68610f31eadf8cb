"""Buckets that are there before the stack: taken up as they are, with what is in them."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.cloud.gcp.state import of_kind
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import PROJECT, MakeStack
from tests.infra.engine.plans import touched

pytestmark = pytest.mark.integration

SOURCE, TARGET = "photos-of-last-year", "results-of-last-year"


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
    planned: dict[str, Any]
    up: Result
    again: Result


@pytest.fixture(scope="module")
def adopted(make_stack: MakeStack) -> Adopted:
    stack = make_stack(sourceBucket=SOURCE, targetBucket=TARGET)
    plant(stack, SOURCE, location="EU", storageClass="NEARLINE", labels={"owner": "photo-desk"})
    planned = stack.preview(json=True).json()
    return Adopted(
        stack, planned, stack.up(check=False), stack.up("--expect-no-changes", check=False)
    )


def bucket(stack: Stack, name: str) -> dict[str, Any]:
    return of_kind({"resources": stack.cloud}, "storage.Bucket")[name]["outputs"]


def test_the_preview_imports_what_is_there_and_creates_what_is_not(adopted: Adopted) -> None:
    steps = touched(adopted.planned)
    assert steps["Bucket atelier-dev-source"] == "import"
    assert steps["Bucket atelier-dev-target"] == "create"


def test_it_keeps_its_place_and_class_and_its_objects(adopted: Adopted) -> None:
    assert adopted.up.returncode == 0, adopted.up.said
    has = bucket(adopted.stack, SOURCE)
    assert (has["location"], has["storageClass"]) == ("EU", "NEARLINE")
    assert [path.name for path in adopted.stack.state_of_cloud.objects(SOURCE)] == ["old.jpg"]


def test_it_gets_the_stacks_protection(adopted: Adopted) -> None:
    has = bucket(adopted.stack, SOURCE)
    assert has["versioning"] == {"enabled": True}
    assert has["publicAccessPrevention"] == "enforced"
    assert has["deletionPolicy"] == "ABANDON"
    assert has["labels"]["atelier-stack"] == "dev"


def test_a_second_up_changes_nothing(adopted: Adopted) -> None:
    assert adopted.again.returncode == 0, adopted.again.said
