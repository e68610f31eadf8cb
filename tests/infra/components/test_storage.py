"""The buckets: kept, adopted, versioned, and readable from the stack's own page only."""

from pathlib import Path

import pytest

from infra.components.storage import to_be_deleted, without_labels
from infra.settings.load import load
from tests.cloud.compute_api import ComputeApi
from tests.cloud.gcp.state import Cloud
from tests.infra.conftest import ADDRESS, PASSWORD, Deploy, Recorded, Stack

BUCKET = "storage/bucket:Bucket"


def both(stack: Stack) -> tuple[Recorded, Recorded]:
    """The source and the target, which are registered in no particular order."""
    named = {bucket.inputs["name"]: bucket for bucket in stack.all(BUCKET)}
    return named["demo-project-dev-source"], named["demo-project-dev-target"]


OWN = {"atelier-stack": "dev", "managed-by": "atelier"}


def found(name: str, **labels: str) -> dict[str, object]:
    """A bucket that is in the project already."""
    return {
        "name": name,
        "location": "EUROPE-WEST4",
        "labels": {"team": "images", **labels},
        "storageClass": "NEARLINE",
        "selfLink": f"links/{name}",
    }


def test_a_new_bucket_lies_where_the_machine_is(deploy: Deploy) -> None:
    source, target = both(deploy())

    assert source.parent == "atelier:gcp:Storage"
    assert source.inputs["location"] == target.inputs["location"] == "US-CENTRAL1"
    assert not source.request.importId


def test_a_bucket_that_the_stack_left_is_taken_up_where_and_as_it_is(deploy: Deploy) -> None:
    stack = deploy(buckets=[found("demo-project-dev-source", **OWN)])

    source, target = both(stack)
    assert source.request.importId == "demo-project-dev-source"
    assert source.inputs["location"] == "EUROPE-WEST4"
    assert source.inputs["storageClass"] == "NEARLINE"
    assert not target.request.importId


@pytest.mark.parametrize(
    "labels", [{}, {"managed-by": "atelier"}, {**OWN, "atelier-stack": "prod"}]
)
def test_a_bucket_of_anothers_gets_one_rule_and_roles_where_the_config_names_it(
    deploy: Deploy, labels: dict[str, str]
) -> None:
    stack = deploy(
        buckets=[found("demo-project-dev-source", **labels)],
        sourceBucket="demo-project-dev-source",
        keepData=False,
    )

    (own,) = stack.all(BUCKET)
    assert own.inputs["name"] == "demo-project-dev-target"
    (guest,) = [item for item in stack.resources if item.type.endswith(":BucketGuest")]
    assert guest.inputs["bucket"] == "demo-project-dev-source"
    assert guest.inputs["versioning"] is False
    assert [rule["origin"] for rule in guest.inputs["cors"]] == [[f"https://{ADDRESS}"]]
    assert guest.inputs["own_labels"] == OWN
    roles = stack.all("storage/bucketIAMMember:BucketIAMMember")
    assert [it.inputs["bucket"] for it in roles].count("demo-project-dev-source") == 2


@pytest.mark.parametrize("keep", [True, False])
def test_a_bucket_of_a_default_name_without_the_labels_stops_the_program(
    deploy: Deploy, keep: bool
) -> None:
    """Only their labels are gone, perhaps: undeclared, the engine would delete a bucket."""
    with pytest.raises(SystemExit):
        deploy(buckets=[found("demo-project-dev-target", **{"managed-by": "x"})], keepData=keep)


def test_the_labels_are_named_with_the_command_that_puts_them_back() -> None:
    settings = load({"adminPassword": PASSWORD}, project="demo-project", stack="dev")

    assert without_labels("b", "targetBucket", settings).endswith(
        " Nothing was changed. If the stack made it, put them back: gcloud storage buckets update"
        " gs://b --update-labels=atelier-stack=dev,managed-by=atelier. If it is somebody else's,"
        " name it, and it is used and stays as it is: pulumi config set atelier:targetBucket b."
    )


def test_what_will_be_deleted_is_named_with_the_number_of_objects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = ComputeApi(Cloud(tmp_path))
    monkeypatch.setenv("GOOGLE_STORAGE_CUSTOM_ENDPOINT", f"{api.url}/storage/v1/")
    settings = load(
        {"keepData": False, "adminPassword": PASSWORD}, project="demo-project", stack="dev"
    )
    for name in ("a.jpg", "b.jpg"):
        file = tmp_path / "buckets" / "mine" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    with api.cloud.open() as data:
        data["resources"]["storage.Bucket mine"] = {"outputs": {"name": "mine"}}
    assert "will delete gs://mine with its 2 objects" in to_be_deleted("mine", settings)
    said = to_be_deleted("gone", settings)
    api.close()
    assert "gs://gone with all its objects, which could not be counted (Could not" in said


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
