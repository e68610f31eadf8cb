"""What jobs over an archive get, and that a stack without them has none of it."""

import pytest

from infra.content import content_hash
from tests.infra.conftest import Deploy, Stack
from tests.infra.settings import configs

EMAIL = "atelier-dev-batch@demo-project.iam.gserviceaccount.com"
STAGING = "demo-project-dev-staging"
RUNNERS = ("cloudrun", "dataflow")


def granted(stack: Stack) -> set[tuple[str, str]]:
    """The roles of the jobs' account, and on what."""
    return {
        (
            str(item.inputs.get("bucket") or item.inputs.get("repository") or "the project"),
            item.inputs["role"],
        )
        for item in stack.resources
        if EMAIL in str(item.inputs.get("member"))
    }


def test_a_stack_without_jobs_has_nothing_of_them(deploy: Deploy) -> None:
    stack = deploy()

    assert not [item for item in stack.resources if "batch" in item.name or "stag" in item.name]
    assert "batch" not in stack.outputs


def test_the_account_reads_the_source_and_writes_the_target_and_the_staging_bucket(
    deploy: Deploy,
) -> None:
    assert granted(deploy(batch="cloudrun")) == {
        ("demo-project-dev-source", "roles/storage.objectViewer"),
        ("demo-project-dev-target", "roles/storage.objectUser"),
        (STAGING, "roles/storage.objectUser"),
    }


def test_a_worker_of_dataflows_is_one_and_pulls_its_image_itself(deploy: Deploy) -> None:
    more = granted(deploy(batch="dataflow")) - granted(deploy(batch="cloudrun"))

    assert more == {
        ("the project", "roles/dataflow.worker"),
        ("atelier-dev", "roles/artifactregistry.reader"),
    }


def test_what_lies_in_the_staging_bucket_goes_after_days_and_with_the_stack(
    deploy: Deploy,
) -> None:
    bucket = deploy(batch="cloudrun").named("storage/bucket:Bucket", "atelier-dev-staging")

    assert bucket.parent == "atelier:gcp:Batch"
    assert bucket.inputs["name"] == STAGING
    assert bucket.inputs["lifecycleRules"] == [
        {"action": {"type": "Delete"}, "condition": {"age": 7}}
    ]
    assert bucket.inputs["forceDestroy"] is True
    assert bucket.inputs.get("deletionPolicy", "DELETE") == "DELETE"
    assert bucket.inputs["softDeletePolicy"] == {"retentionDurationSeconds": 0}
    assert bucket.inputs["publicAccessPrevention"] == "enforced"


def test_a_staging_bucket_that_a_lost_state_left_is_taken_up(deploy: Deploy) -> None:
    left = {
        "name": STAGING,
        "location": "US-EAST1",
        "labels": {"atelier-stack": "dev", "managed-by": "atelier"},
        "storageClass": "STANDARD",
        "selfLink": f"links/{STAGING}",
    }

    def staging(**left: object) -> tuple[str, str]:
        stack = deploy(batch="cloudrun", buckets=[left])
        bucket = stack.named("storage/bucket:Bucket", "atelier-dev-staging")
        return bucket.request.importId, bucket.inputs["location"]

    assert staging(**left) == (STAGING, "US-EAST1")
    assert staging(**left | {"labels": {}}) == ("", "US-CENTRAL1")


@pytest.mark.parametrize("runner", RUNNERS)
def test_one_output_holds_all_that_a_job_is_started_with(deploy: Deploy, runner: str) -> None:
    told = dict(deploy(batch=runner).outputs["batch"])

    subnetwork, private = told.pop("subnetwork"), told.pop("private")
    assert told == {
        "runner": runner,
        "project": "demo-project",
        "stack": "dev",
        "region": "us-central1",
        "service_account": EMAIL,
        "source": "demo-project-dev-source",
        "bucket": "demo-project-dev-target",
        "staging": STAGING,
        "image": f"registry/atelier-dev-batch@sha256:{64 * 'b'}",
    }
    assert private is (runner == "dataflow")
    assert (subnetwork or "").startswith("links/") is private


@pytest.mark.parametrize("runner", RUNNERS)
def test_the_image_has_both_models_and_knows_who_runs_it(deploy: Deploy, runner: str) -> None:
    stack = deploy(batch=runner)

    (image,) = [item for item in stack.resources if item.name == "atelier-dev-batch"
                and item.type == "docker-build:index:Image"]  # fmt: skip
    arguments = dict(image.inputs["buildArgs"])
    del arguments["VERSION"], arguments["WEIGHTS_MIRROR"]
    assert arguments["RUNNER"] == runner
    assert arguments["SAM_CHECKPOINT_URL"].endswith("/sam_vit_b_01ec64.pth")
    assert "segformer" in arguments["SEGMENTATION_MODEL_URL"]
    assert arguments["SEGMENTATION_LABEL_MAP"].startswith("/app/backends/segmentation/")
    assert image.inputs["dockerfile"] == {"location": "../batch/Dockerfile"}
    assert image.inputs["tags"][0].endswith(f":{content_hash('batch', arguments=arguments)}")


def test_no_machine_is_told_of_the_image(deploy: Deploy) -> None:
    def images(**config: object) -> str:
        machine = deploy(**config).one("compute/instance:Instance")
        return machine.inputs["metadata"]["atelier-images"]

    assert images(batch="cloudrun") == images()


def test_a_prebuilt_image_is_taken_and_its_own_repository_alone_is_read(deploy: Deploy) -> None:
    reference = f"us-docker.pkg.dev/demo-project/jobs/batch@{configs.DIGEST}"
    prebuilt = {**configs.PREBUILT, "batch": reference}
    stack = deploy(batch="dataflow", images="prebuilt", prebuilt=prebuilt)

    assert stack.outputs["batch"]["image"] == reference
    assert ("jobs", "roles/artifactregistry.reader") in granted(stack)
    readers = stack.all("artifactregistry/repositoryIamMember:RepositoryIamMember")
    assert {(one.inputs["repository"], EMAIL in one.inputs["member"]) for one in readers} == {
        ("atelier", False),
        ("jobs", True),
    }


@pytest.mark.parametrize(("runner", "api"), [("cloudrun", "run"), ("dataflow", "dataflow")])
def test_only_the_runners_own_api_is_enabled(deploy: Deploy, runner: str, api: str) -> None:
    def enabled(**config: object) -> set[str]:
        services = deploy(**config).all("projects/service:Service")
        return {service.inputs["service"] for service in services}

    assert enabled(batch=runner) - enabled() == {f"{api}.googleapis.com"}
