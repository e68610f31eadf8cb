"""The machine, its metadata and its working hours, as the program asks for them."""

import base64

from tests.infra.conftest import ADDRESS, PASSWORD, PASSWORD_SECRET, PROJECT_NUMBER, Deploy

INSTANCE = "compute/instance:Instance"
POLICY = "compute/resourcePolicy:ResourcePolicy"
KEY = "GOOGLE_APPLICATION_CREDENTIALS_BASE64"


def test_its_name_is_explicit_so_the_old_one_goes_before_the_new_one_comes(deploy: Deploy) -> None:
    machine = deploy().one(INSTANCE)

    assert machine.parent == "atelier:gcp:Machine"
    assert machine.inputs["name"] == "atelier-dev"
    assert machine.request.deleteBeforeReplace
    assert machine.request.deleteBeforeReplaceDefined


def test_it_boots_only_when_its_account_may_pull_and_read(deploy: Deploy) -> None:
    stack = deploy()

    waits_for = stack.one(INSTANCE).depends_on
    grants = stack.all("storage/bucketIAMMember:BucketIAMMember")
    grants += stack.all("artifactregistry/repositoryIamMember:RepositoryIamMember")
    assert len(grants) == 5
    assert {f"{grant.type} {grant.name}" for grant in grants} <= waits_for
    assert "gcp:compute/firewall:Firewall atelier-dev-web" in waits_for


def test_the_key_is_a_secret_input_and_output(deploy: Deploy) -> None:
    machine = deploy().one(INSTANCE)

    metadata = machine.inputs["metadata"]
    assert base64.b64decode(metadata[KEY]) == b"key"
    assert machine.is_secret("metadata", KEY)
    assert "metadata" in machine.request.additionalSecretOutputs


def test_the_password_is_in_secret_manager_for_the_machines_account_alone(deploy: Deploy) -> None:
    stack = deploy()
    metadata = stack.one(INSTANCE).inputs["metadata"]
    version = stack.one("secretmanager/secretVersion:SecretVersion")
    (reader,) = stack.all("secretmanager/secretIamMember:SecretIamMember")

    assert [name for name, text in metadata.items() if PASSWORD in text] == []
    assert f"ADMIN_PASSWORD_SECRET={PASSWORD_SECRET}\n" in metadata["atelier-env"]
    assert version.inputs["secretData"] == PASSWORD
    assert version.is_secret("secretData")
    assert "secretData" in version.request.additionalSecretOutputs
    assert reader.inputs["role"] == "roles/secretmanager.secretAccessor"
    assert reader.inputs["member"].startswith("serviceAccount:atelier-dev@")


def test_the_password_lies_in_the_stacks_region_and_stays_in_the_first_one(deploy: Deploy) -> None:
    """A policy may forbid `auto`; a change would be a new secret under the name of the old one."""
    secret = deploy().one("secretmanager/secret:Secret")

    assert secret.inputs["replication"] == {
        "userManaged": {"replicas": [{"location": "us-central1"}]}
    }
    assert list(secret.request.ignoreChanges) == ["replication"]


def test_what_is_not_secret_can_be_read_in_a_preview(deploy: Deploy) -> None:
    machine = deploy().one(INSTANCE)

    for attribute in ("startup-script", "atelier-env", "atelier-images", "atelier-caddyfile"):
        assert not machine.is_secret("metadata", attribute)
        assert PASSWORD not in machine.inputs["metadata"][attribute]


def test_every_attribute_comes_from_what_was_made(deploy: Deploy) -> None:
    metadata = deploy().one(INSTANCE).inputs["metadata"]

    assert ADDRESS in metadata["atelier-caddyfile"]
    assert "atelier-dev@demo-project.iam.gserviceaccount.com" in metadata["atelier-env"]
    assert (
        f"FRONTEND_IMAGE=registry/atelier-dev-frontend@sha256:{64 * 'b'}"
        in (metadata["atelier-images"])
    )
    assert metadata["startup-script"].startswith("#!")
    assert metadata["enable-guest-attributes"] == "TRUE"


def test_keyless_puts_no_key_anywhere(deploy: Deploy) -> None:
    stack = deploy(auth="keyless")

    assert not stack.all("serviceaccount/key:Key")
    assert KEY not in stack.one(INSTANCE).inputs["metadata"]


def test_the_data_disk_is_attached_under_the_name_that_the_boot_script_looks_for(
    deploy: Deploy,
) -> None:
    machine = deploy().one(INSTANCE)

    assert machine.inputs["attachedDisks"] == [
        {"source": "links/atelier-dev-data-1a2b3c4", "deviceName": "atelier-data"}
    ]


def test_a_gpu_machine_stops_for_maintenance_and_after_its_hours(deploy: Deploy) -> None:
    assert deploy(maxRunHours=30).one(INSTANCE).inputs["scheduling"] == {
        "provisioningModel": "STANDARD",
        "preemptible": False,
        "automaticRestart": True,
        "onHostMaintenance": "TERMINATE",
        "instanceTerminationAction": "STOP",
        "maxRunDuration": {"seconds": 108000},
    }


def test_a_spot_machine_is_stopped_by_google_and_not_deleted(deploy: Deploy) -> None:
    scheduling = deploy(spot=True, maxRunHours=0).one(INSTANCE).inputs["scheduling"]

    assert scheduling == {
        "provisioningModel": "SPOT",
        "preemptible": True,
        "automaticRestart": False,
        "onHostMaintenance": "TERMINATE",
        "instanceTerminationAction": "STOP",
    }


def test_a_machine_without_a_gpu_moves_to_another_host_while_it_runs(deploy: Deploy) -> None:
    machine = deploy(preset="cpu", maxRunHours=0).one(INSTANCE)

    assert machine.inputs["scheduling"]["onHostMaintenance"] == "MIGRATE"
    assert "instanceTerminationAction" not in machine.inputs["scheduling"]
    assert "guestAccelerators" not in machine.inputs
    assert "atelier-compose-gpu" not in machine.inputs["metadata"]


def test_only_a_t4_is_attached_by_name(deploy: Deploy) -> None:
    machine = deploy(preset="t4").one(INSTANCE)

    assert machine.inputs["guestAccelerators"] == [{"type": "nvidia-tesla-t4", "count": 1}]
    assert "guestAccelerators" not in deploy().one(INSTANCE).inputs


def test_it_is_shielded_and_logs_people_in_by_their_own_accounts(deploy: Deploy) -> None:
    inputs = deploy().one(INSTANCE).inputs

    assert inputs["shieldedInstanceConfig"] == {
        "enableSecureBoot": True,
        "enableVtpm": True,
        "enableIntegrityMonitoring": True,
    }
    assert inputs["metadata"]["enable-oslogin"] == "TRUE"
    assert inputs["metadata"]["block-project-ssh-keys"] == "TRUE"


def test_deletion_protection_is_a_choice(deploy: Deploy) -> None:
    assert deploy().one(INSTANCE).inputs["deletionProtection"] is False
    assert deploy(deletionProtection=True).one(INSTANCE).inputs["deletionProtection"] is True


def test_a_changed_schedule_is_a_new_policy_whose_old_attachment_goes_first(
    deploy: Deploy,
) -> None:
    stack = deploy()

    policy = stack.named(POLICY, "atelier-dev-hours")
    assert "name" not in policy.inputs
    assert list(policy.request.replaceOnChanges) == ["instanceSchedulePolicy"]
    attachment = stack.one("compute/resourcePolicyAttachment:ResourcePolicyAttachment")
    assert attachment.request.deleteBeforeReplace
    assert list(stack.one(INSTANCE).request.ignoreChanges) == ["resourcePolicies"]


def test_google_may_start_and_stop_this_machine_before_its_schedule_is_attached(
    deploy: Deploy,
) -> None:
    stack = deploy()

    grant = stack.one("compute/instanceIAMMember:InstanceIAMMember")
    agent = f"service-{PROJECT_NUMBER}@compute-system.iam.gserviceaccount.com"
    assert grant.inputs["member"] == f"serviceAccount:{agent}"
    assert grant.inputs["instanceName"] == "atelier-dev"
    attachment = stack.one("compute/resourcePolicyAttachment:ResourcePolicyAttachment")
    assert f"{grant.type} {grant.name}" in attachment.depends_on


def test_without_working_hours_there_is_no_schedule(deploy: Deploy) -> None:
    stack = deploy(workHours="off")

    assert "atelier:gcp:WorkingHours" not in stack.types()
    assert [policy.name for policy in stack.all(POLICY)] == ["atelier-dev-data-daily"]
