"""A stack from its first preview to its end and back again, and a second one beside it."""

import base64
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cloud.gcp.state import of_kind
from tests.cloud.workspace import Result, Stack
from tests.infra.engine.conftest import PASSWORD, PROJECT, MakeStack
from tests.infra.engine.plans import counts, touched

pytestmark = pytest.mark.integration

NEW_STACK = {
    "atelier:gcp:DataDisk": 1,
    "atelier:gcp:Guardrails": 1,
    "atelier:gcp:Identity": 1,
    "atelier:gcp:Images": 1,
    "atelier:gcp:Machine": 1,
    "atelier:gcp:Network": 1,
    "atelier:gcp:Permissions": 1,
    "atelier:gcp:Secrets": 1,
    "atelier:gcp:Services": 1,
    "atelier:gcp:Storage": 1,
    "atelier:gcp:WorkingHours": 1,
    "docker-build:index:Image": 3,
    "gcp:artifactregistry/repository:Repository": 1,
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": 1,
    "gcp:compute/address:Address": 1,
    "gcp:compute/disk:Disk": 1,
    "gcp:compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment": 1,
    "gcp:compute/firewall:Firewall": 2,
    "gcp:compute/instance:Instance": 1,
    "gcp:compute/instanceIAMMember:InstanceIAMMember": 1,
    "gcp:compute/network:Network": 1,
    "gcp:compute/resourcePolicy:ResourcePolicy": 2,
    "gcp:compute/resourcePolicyAttachment:ResourcePolicyAttachment": 1,
    "gcp:compute/subnetwork:Subnetwork": 1,
    "gcp:projects/service:Service": 9,
    "gcp:secretmanager/secret:Secret": 1,
    "gcp:secretmanager/secretIamMember:SecretIamMember": 1,
    "gcp:secretmanager/secretVersion:SecretVersion": 1,
    "gcp:serviceaccount/account:Account": 1,
    "gcp:serviceaccount/key:Key": 1,
    "gcp:storage/bucket:Bucket": 2,
    "gcp:storage/bucketIAMMember:BucketIAMMember": 4,
    "pulumi-python:dynamic/atelier:Readiness": 1,
    "pulumi-python:dynamic/atelier:RestorePoint": 1,
    "pulumi:pulumi:Stack": 1,
}
BUCKETS = [f"{PROJECT}-dev-source", f"{PROJECT}-dev-target"]
IMAGE = "garment.jpg"


@dataclass
class Life:
    """One stack's operations, in order, and what the cloud held after some of them."""

    stack: Stack
    done: dict[str, Result] = field(default_factory=dict)
    clouds: dict[str, dict[str, Any]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    def does(self, name: str, result: Result) -> None:
        self.done[name] = result
        self.clouds[name] = self.stack.cloud

    def one(self, after: str, kind: str) -> dict[str, Any]:
        """Return the only resource of a kind that there was after an operation."""
        (found,) = of_kind({"resources": self.clouds[after]}, kind).values()
        return found["outputs"]


@pytest.fixture(scope="module")
def life(make_stack: MakeStack) -> Life:
    stack = make_stack()
    life = Life(stack)
    life.does("preview", stack.preview(json=True))
    life.does("up", stack.up())
    life.does("again", stack.up("--expect-no-changes", check=False))
    life.does("refresh", stack.refresh("--expect-no-changes", check=False))
    life.kept["state"] = stack.pulumi("stack", "export", "--stack", "dev").stdout
    life.kept["outputs"] = stack.outputs()
    stack.config(keyVersion=2)
    life.kept["rotation"] = stack.preview(json=True).json()
    # From here on with what jobs over an archive need, which no preview above knows.
    stack.config(batch="cloudrun")
    life.does("rotated", stack.up())
    stack.put_object(f"{PROJECT}-dev-staging", "plan.json", b"left by a job")
    stack.put_object(BUCKETS[0], IMAGE, b"pixels")
    with stack.state_of_cloud.open() as data:
        (disk,) = of_kind(data, "compute.Disk").values()
        disk["content"] = ["annotations of the first sprint"]
    life.does("destroyed", stack.destroy())
    life.does("destroyed again", stack.destroy(check=False))
    life.does("next sprint", stack.up())
    life.does("settled", stack.up("--expect-no-changes", check=False))
    life.kept["batch"] = stack.outputs()["batch"]
    return life


def test_a_preview_of_a_new_stack_lists_every_resource(life: Life) -> None:
    assert counts(life.done["preview"].json()) == NEW_STACK


def test_a_preview_makes_nothing(life: Life) -> None:
    assert life.clouds["preview"] == {}


def test_the_preview_shows_what_it_costs(life: Life) -> None:
    steps = life.done["preview"].json()["steps"]
    costs = [step["newState"].get("inputs", {}).get("cost") for step in steps]
    assert any(cost and cost["hour_usd"] > 0 for cost in costs)


def test_up_makes_what_the_preview_listed(life: Life) -> None:
    made = sum(NEW_STACK.values())
    assert f"+ {made} created" in life.done["up"].stdout


def test_a_second_up_changes_nothing(life: Life) -> None:
    assert life.done["again"].returncode == 0, life.done["again"].said


def test_a_refresh_finds_no_drift(life: Life) -> None:
    assert life.done["refresh"].returncode == 0, life.done["refresh"].said


def test_the_outputs_say_where_to_go_and_what_it_costs(life: Life) -> None:
    outputs = life.kept["outputs"]
    assert outputs["url"] == f"https://{outputs['address']}"
    assert outputs["source_bucket"] == BUCKETS[0]
    assert "an hour running" in outputs["cost"]
    assert "pulumi destroy" in outputs["next_steps"]


def secrets(life: Life) -> list[str]:
    """Return what must be read nowhere: password and keys, as they are and as they travel."""
    keys = [life.one(when, "serviceaccount.Key")["privateKey"] for when in ("up", "rotated")]
    lines = base64.b64decode(keys[0]).decode().splitlines()
    private = max(lines, key=len).strip().split("\\n")[1]
    return [PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), private, *keys]


@pytest.mark.parametrize("place", ["state", "logs", "outputs", "backend and config files"])
def test_no_secret_is_in(life: Life, place: str) -> None:
    texts = {
        "state": [life.kept["state"]],
        "logs": [result.said for result in life.done.values()],
        "outputs": [str(life.kept["outputs"])],
        "backend and config files": [
            path.read_text(errors="replace")
            for name in ("backend", "config", "home")
            for path in (life.stack.folder / name).rglob("*")
            if path.is_file()
        ],
    }[place]
    assert texts
    assert [secret[:12] for secret in secrets(life) for text in texts if secret in text] == []


def test_the_secrets_do_reach_the_machine(life: Life) -> None:
    metadata = life.one("up", "compute.Instance")["metadata"]
    secret = life.one("up", "secretmanager.SecretVersion")
    assert secret["secretData"] == PASSWORD
    assert f"ADMIN_PASSWORD_SECRET={secret['name']}\n" in metadata["atelier-env"]
    assert [name for name, text in metadata.items() if PASSWORD in str(text)] == []
    key = life.one("up", "serviceaccount.Key")["privateKey"]
    assert metadata["GOOGLE_APPLICATION_CREDENTIALS_BASE64"] == key


def test_a_new_key_version_makes_a_key_and_updates_the_machine(life: Life) -> None:
    assert touched(life.kept["rotation"]) == {
        "Key atelier-dev-key": "replace",
        "Instance atelier-dev": "update",
        "Readiness atelier-dev": "update",
    }
    before, after = (life.one(when, "serviceaccount.Key") for when in ("up", "rotated"))
    assert before["key"] != after["key"]
    machine = life.one("rotated", "compute.Instance")
    assert machine["metadata"]["GOOGLE_APPLICATION_CREDENTIALS_BASE64"] == after["privateKey"]
    assert machine["instanceId"] == life.one("up", "compute.Instance")["instanceId"]


def test_the_new_key_is_there_before_the_old_one_goes(life: Life) -> None:
    said = life.done["rotated"].stdout
    machine_updated = said.index("Instance atelier-dev updated")
    assert said.index("Key atelier-dev-key created replacement") < machine_updated
    assert machine_updated < said.index("Key atelier-dev-key deleting original")


def test_after_destroy_only_data_and_services_are_left(life: Life) -> None:
    kinds = {key.split(" ")[0] for key in life.clouds["destroyed"]}
    assert kinds == {"projects.Service", "storage.Bucket", "compute.Snapshot"}


def test_a_bucket_with_images_survives_destroy(life: Life) -> None:
    assert set(of_kind({"resources": life.clouds["destroyed"]}, "storage.Bucket")) == set(BUCKETS)
    assert [path.name for path in life.stack.state_of_cloud.objects(BUCKETS[0])] == [IMAGE]


def test_what_jobs_need_is_there_and_leaves_no_bucket_behind(life: Life) -> None:
    told = life.kept["batch"]
    for when in ("rotated", "next sprint"):
        there = life.clouds[when]
        assert f"storage.Bucket {told['staging']}" in there
        accounts = of_kind({"resources": there}, "serviceaccount.Account").values()
        assert told["service_account"] in [one["outputs"]["email"] for one in accounts]
    assert "@sha256:" in told["image"]
    assert f"storage.Bucket {told['staging']}" not in life.clouds["destroyed"]


def test_destroying_twice_is_no_error(life: Life) -> None:
    assert life.done["destroyed again"].returncode == 0, life.done["destroyed again"].said
    assert life.clouds["destroyed again"] == life.clouds["destroyed"]


def test_the_next_up_takes_the_buckets_up_again_without_a_switch(life: Life) -> None:
    said = life.done["next sprint"].stdout
    assert "2 imported" in said
    assert set(BUCKETS) < set(of_kind({"resources": life.clouds["next sprint"]}, "storage.Bucket"))


def test_the_next_sprints_disk_has_the_last_ones_annotations(life: Life) -> None:
    (disk,) = of_kind({"resources": life.clouds["next sprint"]}, "compute.Disk").values()
    assert disk["content"] == ["annotations of the first sprint"]


def test_and_then_nothing_changes_any_more(life: Life) -> None:
    assert life.done["settled"].returncode == 0, life.done["settled"].said


def test_a_second_stack_stands_beside_the_first_in_one_project(
    life: Life, make_stack: MakeStack
) -> None:
    before = set(life.stack.cloud)
    second = make_stack("prod", life.stack.folder)
    made = second.up(check=False)
    assert made.returncode == 0, made.said
    assert before <= set(second.cloud)
    second.destroy()
    assert life.stack.preview("--expect-no-changes", check=False).returncode == 0
