"""The buckets: kept, adopted, versioned, and readable from the stack's own page only."""

import pytest

from tests.infra.conftest import ADDRESS, Deploy, Recorded, Stack

BUCKET = "storage/bucket:Bucket"


def both(stack: Stack) -> tuple[Recorded, Recorded]:
    """The source and the target, which are registered in no particular order."""
    named = {bucket.inputs["name"]: bucket for bucket in stack.all(BUCKET)}
    return named["demo-project-dev-source"], named["demo-project-dev-target"]


def found(name: str, location: str = "EUROPE-WEST4") -> dict[str, object]:
    """A bucket that is in the project already."""
    return {
        "name": name,
        "location": location,
        "labels": {"team": "images"},
        "storageClass": "NEARLINE",
        "selfLink": f"links/{name}",
    }


def test_a_new_bucket_lies_where_the_machine_is(deploy: Deploy) -> None:
    source, target = both(deploy())

    assert source.parent == "atelier:gcp:Storage"
    assert source.inputs["location"] == target.inputs["location"] == "US-CENTRAL1"
    assert not source.request.importId


def test_a_bucket_that_is_there_is_taken_up_where_and_as_it_is(deploy: Deploy) -> None:
    stack = deploy(buckets=[found("demo-project-dev-source")])

    source, target = both(stack)
    assert source.request.importId == "demo-project-dev-source"
    assert source.inputs["location"] == "EUROPE-WEST4"
    assert source.inputs["storageClass"] == "NEARLINE"
    assert not target.request.importId


def test_a_bucket_that_only_begins_alike_is_left_alone(deploy: Deploy) -> None:
    stack = deploy(buckets=[found("demo-project-dev-source-archive")])

    assert not any(bucket.request.importId for bucket in stack.all(BUCKET))


def test_a_project_without_the_storage_api_has_no_buckets_yet_and_that_is_said(
    deploy: Deploy,
) -> None:
    stack = deploy(refusal="googleapi: Error 403: Storage API ... it is disabled. SERVICE_DISABLED")

    assert not any(bucket.request.importId for bucket in stack.all(BUCKET))
    assert "no Storage API yet" in stack.warnings[0]


def test_any_other_refusal_of_the_lookup_stops_the_program(deploy: Deploy) -> None:
    with pytest.raises(Exception, match="caller does not have permission"):
        deploy(refusal="googleapi: Error 403: The caller does not have permission")


def test_the_buckets_outlive_the_stack_unless_their_data_is_given_up(deploy: Deploy) -> None:
    for bucket in deploy().all(BUCKET):
        assert bucket.inputs["deletionPolicy"] == "ABANDON"
        assert bucket.inputs["forceDestroy"] is False
        assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 604800}
    for bucket in deploy(keepData=False).all(BUCKET):
        assert bucket.inputs["deletionPolicy"] == "DELETE"
        assert bucket.inputs["forceDestroy"] is True
        assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 0}


def test_old_versions_go_by_count_and_by_age_and_so_do_unfinished_uploads(deploy: Deploy) -> None:
    bucket = deploy(keptVersions=5, keptVersionDays=9).all(BUCKET)[0]

    assert bucket.inputs["versioning"] == {"enabled": True}
    assert [rule["condition"] for rule in bucket.inputs["lifecycleRules"]] == [
        {"numNewerVersions": 5, "withState": "ARCHIVED"},
        {"daysSinceNoncurrentTime": 9, "withState": "ARCHIVED"},
        {"age": 2},
    ]


def test_nothing_in_them_is_public(deploy: Deploy) -> None:
    for bucket in deploy().all(BUCKET):
        assert bucket.inputs["uniformBucketLevelAccess"] is True
        assert bucket.inputs["publicAccessPrevention"] == "enforced"


def test_only_the_stacks_own_page_may_read_images_from_them(deploy: Deploy) -> None:
    (rule,) = deploy().all(BUCKET)[0].inputs["cors"]

    assert rule == {
        "origins": [f"https://{ADDRESS}"],
        "methods": ["GET"],
        "responseHeaders": ["Content-Type", "Access-Control-Allow-Origin"],
        "maxAgeSeconds": 3600,
    }
