"""The images, the data disk, the budget and the alerts, as the program asks for them."""

from typing import Any

import pytest

from infra.content import content_hash
from infra.settings.facts import IMAGE_NAMES
from infra.version import read_version
from tests.infra.conftest import ADDRESS, PASSWORD, PROJECT_NUMBER, Deploy, Recorded, Stack
from tests.infra.settings import configs

DISK = "compute/disk:Disk"


def test_docker_images_are_built_from_the_repository_in_an_update_only(deploy: Deploy) -> None:
    stack = deploy()

    images = {
        item.name: item for item in stack.resources if item.type == "docker-build:index:Image"
    }
    assert set(images) == {f"atelier-dev-{name}" for name in IMAGE_NAMES}
    frontend = images["atelier-dev-frontend"]
    assert frontend.inputs["buildOnPreview"] is False
    assert frontend.inputs["push"] is True
    assert frontend.inputs["platforms"] == ["linux/amd64"]
    assert frontend.inputs["context"] == {"location": ".."}
    assert frontend.inputs["dockerfile"] == {"location": "../backends/frontend/Dockerfile"}
    assert frontend.inputs["tags"] == [
        "us-central1-docker.pkg.dev/demo-project/atelier-dev/frontend:" + content_hash("frontend")
    ]
    assert frontend.inputs["buildArgs"] == {"VERSION": read_version()}
    assert "gcp:artifactregistry/repository:Repository atelier-dev" in frontend.depends_on


def built(stack: Stack, image: str) -> Recorded:
    """Return the resource that builds an image."""
    builders = ("docker-build:index:Image", "command:local:Command")
    (found,) = [
        item
        for item in stack.resources
        if item.type in builders and item.name == f"atelier-dev-{image}"
    ]
    return found


def test_the_default_models_are_built_in_and_are_part_of_the_tags(deploy: Deploy) -> None:
    stack = deploy()

    interactive = built(stack, "segment_anything_model").inputs
    arguments = dict(interactive["buildArgs"])
    assert arguments.pop("VERSION") == read_version()
    assert arguments.pop("WEIGHTS_MIRROR") == ""
    assert arguments["SAM_CHECKPOINT_URL"].endswith("/sam_vit_b_01ec64.pth")
    assert len(arguments["SAM_CHECKPOINT_SHA256"]) == 64
    tag = interactive["tags"][0].rpartition(":")[2]
    assert tag == content_hash("segment_anything_model", arguments=arguments)
    assert tag != content_hash("segment_anything_model")
    assert "secrets" not in interactive
    segmentation = built(stack, "segmentation").inputs["buildArgs"]
    assert segmentation["SEGMENTATION_LABEL_MAP"].startswith("/app/backends/segmentation/")
    assert segmentation["SEGMENTATION_MODEL_SHA256"].count(",") == 2


def test_demo_weights_are_built_in_where_they_are_asked_for(deploy: Deploy) -> None:
    stack = deploy(interactiveModel="demo", segmentationModel="demo")

    for image in ("segment_anything_model", "segmentation"):
        inputs = built(stack, image).inputs
        assert {value for key, value in inputs["buildArgs"].items() if key != "VERSION"} == {""}
        assert inputs["tags"][0].endswith(f":{content_hash(image)}")


def test_a_bucket_is_read_with_the_builders_own_token_which_is_no_reason_to_build_again(
    deploy: Deploy,
) -> None:
    stack = deploy(segmentationModel=f"gs://a-bucket/mine#{configs.FOLDER}")

    image = built(stack, "segmentation")
    assert image.inputs["secrets"] == {"google_token": "ya29.token"}
    assert image.is_secret("secrets", "google_token")
    assert image.inputs["ignoreSecretsInDiffCalculation"] == ["google_token"]
    assert "secrets" not in built(stack, "segment_anything_model").inputs


def test_a_mirror_is_asked_with_the_builders_right_and_is_no_part_of_the_tag(
    deploy: Deploy,
) -> None:
    own_hosts = built(deploy(), "segment_anything_model").inputs
    image = built(deploy(weightsMirror="gs://a-bucket/weights"), "segment_anything_model")

    assert image.inputs["buildArgs"]["WEIGHTS_MIRROR"] == "gs://a-bucket/weights"
    assert image.inputs["tags"] == own_hosts["tags"]
    assert image.inputs["secrets"] == {"google_token": "ya29.token"}
    by_google = deploy(images="cloudbuild", weightsMirror="https://mirror.example.org")
    environment = built(by_google, "segmentation").inputs["environment"]
    assert environment["WEIGHTS_MIRROR"] == "https://mirror.example.org"


def test_cloud_build_is_told_the_weights_and_runs_again_for_others(deploy: Deploy) -> None:
    def asked(**config: str) -> Any:
        return built(deploy(images="cloudbuild", **config), "segment_anything_model").inputs

    default, demo = asked(), asked(interactiveModel="demo")
    assert default["environment"]["SAM_CHECKPOINT_URL"].startswith("https://")
    # Given and empty: what the caller's own environment holds must not be built in.
    assert demo["environment"]["SAM_CHECKPOINT_URL"] == ""
    assert default["triggers"] != demo["triggers"]


def test_a_preview_is_told_both_models_and_what_does_not_fit(deploy: Deploy) -> None:
    stack = deploy(preset="cpu", interactiveModel="sam-vit-h")

    images = next(item for item in stack.resources if item.type == "atelier:gcp:Images")
    interactive, segmentation = images.inputs["models"]
    assert interactive["name"] == "sam-vit-h"
    assert interactive["bytes"] > 2e9
    assert interactive["warning"].startswith("sam-vit-h needs a GPU, and preset cpu has none")
    assert segmentation["licence"] == "MIT"
    assert "commercial" in segmentation["obliges"]
    assert stack.warnings == [interactive["warning"] + "."]


def test_the_registrys_token_is_a_secret(deploy: Deploy) -> None:
    stack = deploy()

    image = next(item for item in stack.resources if item.type == "docker-build:index:Image")
    (registry,) = image.inputs["registries"]
    assert registry["password"] == "ya29.token"
    (sent,) = image.sent["registries"]
    assert sent["password"] != registry["password"]


def test_cloud_build_runs_when_what_an_image_is_built_from_changes(deploy: Deploy) -> None:
    stack = deploy(images="cloudbuild")

    commands = [item for item in stack.resources if item.type == "command:local:Command"]
    frontend = next(item for item in commands if item.name == "atelier-dev-frontend")
    assert len(commands) == len(IMAGE_NAMES)
    assert frontend.inputs["create"] == "./cloudbuild.sh"
    assert frontend.inputs["triggers"] == [content_hash("frontend")]
    assert frontend.inputs["environment"]["DOCKERFILE"] == "backends/frontend/Dockerfile"
    assert frontend.inputs["environment"]["IMAGE"].endswith(content_hash("frontend"))
    # A changed environment runs the command again, and a version alone is no reason to build.
    assert set(frontend.inputs["environment"]) == {"PROJECT", "BUILDER", "DOCKERFILE", "IMAGE"}


def test_cloud_build_builds_as_an_account_of_the_stacks_own_with_three_roles(
    deploy: Deploy,
) -> None:
    stack = deploy(images="cloudbuild")

    frontend = next(item for item in stack.resources if item.type == "command:local:Command")
    email = "atelier-dev-build@demo-project.iam.gserviceaccount.com"
    assert frontend.inputs["environment"]["BUILDER"] == email
    grants = [item.inputs for item in stack.resources if email in item.inputs.get("member", "")]
    assert {grant["role"] for grant in grants} == {
        "roles/artifactregistry.writer",
        "roles/logging.logWriter",
        "roles/storage.objectViewer",
    }
    (sources,) = [grant for grant in grants if "condition" in grant]
    assert "demo-project_cloudbuild/objects/" in sources["condition"]["expression"]
    assert not [item for item in deploy().resources if "-build" in item.name]


def test_the_data_disk_is_made_create_first_and_leaves_a_snapshot(deploy: Deploy) -> None:
    disk = deploy().one(DISK)

    assert disk.parent == "atelier:gcp:DataDisk"
    assert "name" not in disk.inputs
    assert not disk.request.deleteBeforeReplace
    assert not disk.request.ignoreChanges
    assert disk.inputs["createSnapshotBeforeDestroy"] is True
    assert "snapshot" not in disk.inputs


def test_given_up_data_leaves_no_snapshot(deploy: Deploy) -> None:
    def retention(**config: bool) -> str:
        policy = deploy(**config).named(
            "compute/resourcePolicy:ResourcePolicy", "atelier-dev-data-daily"
        )
        return policy.inputs["snapshotSchedulePolicy"]["retentionPolicy"]["onSourceDiskDelete"]

    assert deploy(keepData=False).one(DISK).inputs["createSnapshotBeforeDestroy"] is False
    assert retention(keepData=False) == "APPLY_RETENTION_POLICY"
    assert retention() == "KEEP_AUTO_SNAPSHOTS"


def test_the_restore_point_knows_the_stacks_disks_and_no_secret(deploy: Deploy) -> None:
    stack = deploy(restoreFrom="none")

    point = next(item for item in stack.resources if item.type.endswith(":RestorePoint"))
    assert point.parent == "atelier:gcp:DataDisk"
    inputs = dict(point.inputs)
    provider = inputs.pop("__provider")
    assert len(provider) < 200
    assert inputs == {
        "project": "demo-project",
        "zone": "us-central1-a",
        "instance": "atelier-dev",
        "disk_prefix": "atelier-dev-data-",
        "labels": {"atelier-stack": "dev", "managed-by": "atelier"},
        "disk_gb": 20,
        "restore_from": "none",
    }
    assert "gcp:projects/service:Service atelier-dev-compute" in point.depends_on


def test_the_cost_is_an_input_of_the_guardrails(deploy: Deploy) -> None:
    stack = deploy()

    guardrails = next(item for item in stack.resources if item.type == "atelier:gcp:Guardrails")
    assert guardrails.inputs["cost"]["hour_usd"] > 0.5
    assert not [item for item in stack.resources if item.type.endswith(":Budget")]


def test_the_registry_deletes_what_is_old_and_keeps_the_last_of_each_image(deploy: Deploy) -> None:
    policies = deploy().one("artifactregistry/repository:Repository").inputs["cleanupPolicies"]

    keep, delete = policies
    assert (keep["action"], delete["action"]) == ("KEEP", "DELETE")
    # Ten pushes, of three versions each: what runs and what went before it, however old.
    assert keep["mostRecentVersions"] == {"keepCount": 30}
    assert "packageNamePrefixes" not in keep["mostRecentVersions"]
    assert delete["condition"] == {"olderThan": "7776000s"}


def test_a_billing_account_makes_a_budget_with_alerts(deploy: Deploy) -> None:
    stack = deploy(billingAccount="012345-6789AB-CDEF01", budgetUsd=70)

    (budget,) = [item for item in stack.resources if item.type.endswith(":Budget")]
    assert budget.inputs["units"] == 70
    assert budget.inputs["projects"] == [f"projects/{PROJECT_NUMBER}"]
    assert budget.inputs["alerts"] == [0.5, 0.9, 1]
    assert budget.inputs["channel"] == ""


def alerts(stack: Stack) -> list[Recorded]:
    return [item for item in stack.resources if item.type.endswith(":Alerts")]


def test_an_administrator_who_can_be_written_to_is(deploy: Deploy) -> None:
    stack = deploy(adminEmail="lead@garments.studio")

    (made,) = alerts(stack)
    assert made.inputs["email"] == "lead@garments.studio"
    assert made.inputs["url"] == f"https://{ADDRESS}"
    # Before the machine is there, its studio would seem to be down.
    assert any("Instance" in name for name in made.depends_on)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"adminEmail": "it@sub.example.org"},
        {"adminEmail": "it@garments.studio", "alerts": False},
    ],
)
def test_nobody_is_written_to_at_an_examples_address_or_unasked(
    deploy: Deploy, settings: dict[str, object]
) -> None:
    stack = deploy(**settings)
    assert alerts(stack) == []
    assert not [item for item in stack.resources if item.name.endswith("-monitoring")]


@pytest.mark.parametrize(
    "settings", [{"access": "iap", "tls": "off"}, {"allowedRanges": ["203.0.113.0/24"]}]
)
def test_where_googles_checkers_cannot_come_in_they_are_not_asked_to(
    deploy: Deploy, settings: dict[str, object]
) -> None:
    (made,) = alerts(deploy(adminEmail="lead@garments.studio", **settings))
    assert made.inputs["url"] == ""


def test_everything_is_labelled(deploy: Deploy) -> None:
    stack = deploy(labels={"team": "images"})

    wanted = {"atelier-stack": "dev", "managed-by": "atelier", "team": "images"}
    labelled = [item for item in stack.resources if "labels" in item.inputs]
    assert all(item.inputs["labels"] == wanted for item in labelled)
    assert {item.type.split(":")[-1] for item in labelled} == {
        "Address",
        "Bucket",
        "Disk",
        "Instance",
        "Repository",
        "RestorePoint",
        "Secret",
    }


def test_every_resource_is_a_child_of_a_component(deploy: Deploy) -> None:
    stack = deploy(billingAccount="012345-6789AB-CDEF01")

    for item in stack.resources:
        if not item.type.startswith("atelier:"):
            assert item.parent.startswith("atelier:gcp:"), item


def test_the_outputs_say_where_to_go_and_hold_no_secret(deploy: Deploy) -> None:
    outputs = deploy().outputs

    assert outputs["url"] == "https://198.51.100.7"
    assert outputs["source_bucket"] == "demo-project-dev-source"
    assert "--tunnel-through-iap" in outputs["ssh"]
    assert PASSWORD not in str(outputs)
    assert "a2V5" not in str(outputs)
