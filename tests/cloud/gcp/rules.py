"""What the cloud refuses when a resource is made, changed or deleted."""

import json
import re

from tests.cloud.gcp import faults, snapshots
from tests.cloud.gcp.facts import APIS, IN_USE, PROTECTED
from tests.cloud.gcp.machines import refuse_firewall, refuse_machine
from tests.cloud.gcp.state import Cloud, Data, last, named, of_kind
from tests.cloud.rpc import Refused

MEMBER = re.compile(
    r"allUsers|allAuthenticatedUsers|(user|group|serviceAccount):[^@\s]+@[^@\s]+\.[^@\s]+"
    r"|domain:[^\s]+|(projectOwner|projectEditor|projectViewer):[^\s]+|principal(Set)?://.+"
)
# What is no longer there when that is deleted of whose id its own begins.
OWNED = r"I[Aa][Mm]Member$|PolicyAttachment$|^serviceaccount\.Key$|^secretmanager\.SecretVersion$"
PUBLIC = ("allUsers", "allAuthenticatedUsers")
ROLE = re.compile(r"roles/[a-zA-Z0-9.]+|(projects|organizations)/[^/]+/roles/[a-zA-Z0-9_.]+")
BUCKET_ROLES = {
    *("admin", "bucketViewer", "folderAdmin", "legacyBucketOwner", "legacyBucketReader"),
    *("legacyBucketWriter", "legacyObjectOwner", "legacyObjectReader", "objectAdmin"),
    *("objectCreator", "objectUser", "objectViewer"),
}


def refuse_create(data: Data, kind: str, values: Data) -> None:
    """Refuse what the cloud would refuse of a new resource.

    Raises:
        Refused: in its words.
    """
    refuse_disabled_api(data, kind, values)
    if kind == "compute.Disk" and values.get("snapshot"):
        snapshots.require(data, values["snapshot"], values["size"])
    if kind == "compute.ResourcePolicyAttachment":
        refuse_second_schedule(data, values)
    refuse_values(data, kind, values)


def refuse_values(data: Data, kind: str, values: Data, own: str = "") -> None:
    """Refuse what is wrong with a resource, new or changed (then `own` is its id)."""
    if kind == "compute.Instance":
        refuse_machine(data, values, own)
    if kind == "compute.Firewall":
        refuse_firewall(values)
    if re.search(r"I[Aa][Mm](Member|Binding)$", kind):
        for member in [values["member"]] if "member" in values else values.get("members", []):
            refuse_member(data, kind, values, member)


def refuse_disabled_api(data: Data, kind: str, values: Data) -> None:
    """Refuse a resource whose API is not enabled in the project by a projects.Service."""
    service, _ = APIS.get(kind.split(".")[0], (None, ""))
    if kind == "projects.Service" or service is None:
        return
    enabled = {last(identity) for identity in of_kind(data, "projects.Service")}
    if service not in enabled:
        raise Refused(faults.disabled(kind, values, {}))


def refuse_member(data: Data, kind: str, values: Data, member: str) -> None:
    """Refuse a role that does not exist or a member that is malformed, missing or the public."""
    role = values["role"]
    supported = (
        not kind.startswith("storage.") or role.removeprefix("roles/storage.") in BUCKET_ROLES
    )
    if not ROLE.fullmatch(role) or not (supported or role.startswith(("projects/", "organ"))):
        raise Refused(
            f"Error applying IAM policy: googleapi: Error 400: Role {role} is not supported for "
            "this resource., invalid"
        )
    if not MEMBER.fullmatch(member):
        raise Refused(
            f'Error applying IAM policy: googleapi: Error 400: The member "{member}" is of an '
            "unknown type. Please set a valid type prefix for the member., badRequest"
        )
    bucket = named(data, "storage.Bucket", values.get("bucket", ""))
    closed = bucket and bucket["outputs"].get("publicAccessPrevention") == "enforced"
    if member in PUBLIC and closed:
        raise Refused(
            "Error applying IAM policy: googleapi: Error 412: The member bindings allUsers and "
            "allAuthenticatedUsers are not allowed since public access prevention is enforced., "
            "conditionNotMet"
        )
    email = member.partition(":")[2]
    account = re.fullmatch(r"[^@]+@[^@.]+\.iam\.gserviceaccount\.com", email)
    agent = re.match(r"service-\d+@", email)
    if account and not agent and not named(data, "serviceaccount.Account", email):
        raise Refused(
            f"Error applying IAM policy: googleapi: Error 400: Service account {email} does not "
            "exist., badRequest"
        )


def refuse_second_schedule(data: Data, values: Data) -> None:
    """A machine takes one instance schedule at a time."""
    for identity, other in of_kind(data, "compute.ResourcePolicyAttachment").items():
        has = other["outputs"]
        same = last(has["instance"]) == last(values["instance"]) and has["zone"] == values["zone"]
        if same and has["name"] != values["name"]:
            raise Refused(
                "Error creating ResourcePolicyAttachment: googleapi: Error 400: Invalid value for "
                "field 'resource.resourcePolicies': ''. The instance already has a resource "
                f"policy attached ({identity})., invalid"
            )


def refuse_delete(cloud: Cloud, data: Data, kind: str, identity: str, state: Data) -> None:
    """Refuse a deletion: protection, objects in a bucket, something else that uses it.

    A disk that a machine holds is no reason: the provider detaches it first.
    """
    name = kind.split(".")[1]
    if kind in PROTECTED and state.get("deletionProtection"):
        raise Refused(
            f"Cannot delete {name} {identity}: deletion protection is enabled. Set "
            "deletion_protection to false and run `pulumi up` before attempting to delete it"
        )
    if kind == "storage.Bucket" and not state.get("forceDestroy"):
        inside = of_kind(data, "storage.BucketObject").values()
        if cloud.objects(identity) or any(it["inputs"]["bucket"] == identity for it in inside):
            raise Refused(
                f"Error trying to delete bucket {identity} containing objects without "
                "`force_destroy` set to true"
            )
    users = using(data, kind, identity, state) if kind in IN_USE else []
    if users and kind != "compute.Disk":
        raise Refused(
            f"Error waiting for Deleting {name}: The {name.lower()} resource '{identity}' is "
            f"already being used by '{users[0]}' (resourceInUseByAnotherResource)"
        )


def using(data: Data, kind: str, identity: str, state: Data) -> list[str]:
    """Return what of Compute Engine names a resource: its id, its address, a policy's name."""
    found: list[str] = []
    endings = [f'{value}"' for value in (identity, state.get("address")) if value]
    for key, record in data["resources"].items():
        other, _, other_id = key.partition(" ")
        text = json.dumps(record["outputs"])
        attached = kind == "compute.ResourcePolicy" and other.endswith("PolicyAttachment")
        if key == f"{kind} {identity}" or not other.startswith("compute."):
            continue
        if any(ending in text for ending in endings) or (
            attached and record["outputs"]["name"] == state.get("name")
        ):
            found.append(other_id)
    return found


def detach(data: Data, disk: str) -> None:
    """Take a disk (its link) off the machines that hold it."""
    for record in of_kind(data, "compute.Instance").values():
        has = record["outputs"]
        has["attachedDisks"] = [
            one for one in has.get("attachedDisks", []) if one["source"] != disk
        ]


def forget_attached(data: Data, kind: str, identity: str) -> None:
    """Delete what goes with a resource: roles on it, policies attached to it, keys, versions."""
    owner = f"b/{identity}/" if kind == "storage.Bucket" else f"{identity}/"
    for key in list(data["resources"]):
        other, _, other_id = key.partition(" ")
        if re.search(OWNED, other) and other_id.startswith(owner):
            del data["resources"][key]
