"""What the double reads in the installed provider package: names, requirements, ids, outputs."""

from typing import Any

import pytest

from tests.cloud.asking import Answered, Asking
from tests.cloud.rpc import UNKNOWN

BUCKET = "gcp:storage/bucket:Bucket"
DISK = "gcp:compute/disk:Disk"
INSTANCE = "gcp:compute/instance:Instance"
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"


def test_an_unknown_argument_is_refused_at_any_depth(bare: Asking) -> None:
    wrong = bare.check(
        BUCKET,
        name="some-bucket",
        location="US",
        colour="red",
        lifecycleRules=[{"action": {"type": "Delete"}, "condition": {"agee": 3}}],
    )
    assert set(wrong) == {"colour", "lifecycleRules[0].condition.agee"}
    assert "is not expected here" in wrong["colour"]


def test_a_missing_argument_is_refused_at_any_depth(bare: Asking) -> None:
    wrong = bare.check(BUCKET, name="some-bucket", versioning={})
    assert set(wrong) == {"location", "versioning.enabled"}


def test_the_members_and_kinds_of_arguments_that_the_program_uses_are_accepted(
    bare: Asking,
) -> None:
    assert not bare.check(MEMBER, bucket="b", role="roles/storage.objectUser", member="user:a@b.c")
    assert not bare.check(DISK, zone="us-central1-a", size=20, type="pd-balanced")


@pytest.mark.parametrize(
    ("name", "accepted"),
    [("two-words", True), ("Upper", False), ("google-images", False), ("ab", False)],
)
def test_a_bucket_is_named_as_google_allows(bare: Asking, name: str, accepted: bool) -> None:
    assert bool(bare.check(BUCKET, name=name, location="US")) is not accepted


def test_a_name_that_is_not_given_is_made_up_and_kept(bare: Asking) -> None:
    first = bare.checked(DISK, name="data", zone="us-central1-a")
    assert first["name"] == "data"
    made = bare.checked(DISK, zone="us-central1-a")
    assert made["name"].startswith("it-")
    assert len(made["name"]) == len("it-") + 7
    assert made["__defaults"] == ["name"]


@pytest.mark.parametrize(
    ("token", "inputs", "identity"),
    [
        (BUCKET, {"name": "some-bucket", "location": "US"}, "some-bucket"),
        (
            DISK,
            {"name": "data", "zone": "us-east1-b"},
            "projects/demo-project/zones/us-east1-b/disks/data",
        ),
        (
            "gcp:compute/firewall:Firewall",
            {"name": "web", "network": "default", "allows": [{"protocol": "tcp"}]},
            "projects/demo-project/global/firewalls/web",
        ),
        (
            "gcp:compute/address:Address",
            {"name": "public"},
            "projects/demo-project/regions/us-central1/addresses/public",
        ),
        (
            "gcp:artifactregistry/repository:Repository",
            {"repositoryId": "tools", "format": "DOCKER", "location": "us-central1"},
            "projects/demo-project/locations/us-central1/repositories/tools",
        ),
        (
            "gcp:serviceaccount/account:Account",
            {"accountId": "lab-machine"},
            "projects/demo-project/serviceAccounts/"
            "lab-machine@demo-project.iam.gserviceaccount.com",
        ),
    ],
)
def test_ids_are_googles(gcp: Asking, token: str, inputs: dict[str, Any], identity: str) -> None:
    assert gcp.create(token, **inputs)[0] == identity


def test_a_preview_knows_what_was_given_and_nothing_that_the_cloud_makes_up(gcp: Asking) -> None:
    _, outputs = gcp.create(DISK, preview=True, name="data", zone="us-central1-a", size=20)
    assert (outputs["name"], outputs["size"]) == ("data", 20)
    assert outputs["selfLink"] == UNKNOWN


def test_a_preview_creates_nothing(gcp: Asking) -> None:
    gcp.create(BUCKET, preview=True, name="some-bucket", location="US")
    assert gcp.look_up("gcp:storage/getBuckets:getBuckets", prefix="some")["buckets"] == []


def test_a_type_that_the_provider_does_not_have_is_named(gcp: Asking) -> None:
    with pytest.raises(Answered, match="no resource type gcp:compute/machine:Machine"):
        gcp.check("gcp:compute/machine:Machine")
