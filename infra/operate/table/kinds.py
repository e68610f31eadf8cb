"""The resources of the program in words that a labeling team uses."""

import re

MACHINE = "gcp:compute/instance:Instance"
DISK = "gcp:compute/disk:Disk"
ADDRESS = "gcp:compute/address:Address"
FIREWALL = "gcp:compute/firewall:Firewall"
NETWORK = "gcp:compute/network:Network"
BUCKET = "gcp:storage/bucket:Bucket"
KEY = "gcp:serviceaccount/key:Key"
API = "gcp:projects/service:Service"
IMAGE = "docker-build:index:Image"
IMAGE_BUILD = "command:local:Command"
SCHEDULE = "gcp:compute/resourcePolicy:ResourcePolicy"
# The program's dynamic resources.
RESTORE_POINT = "pulumi-python:dynamic/atelier:RestorePoint"
READINESS = "pulumi-python:dynamic/atelier:Readiness"

# In the order in which the table lists them: what a team cares for first.
WORDS = {
    MACHINE: "machine",
    DISK: "data disk",
    BUCKET: "bucket",
    ADDRESS: "static address",
    KEY: "service account key",
    RESTORE_POINT: "restore point",
    IMAGE: "container image",
    IMAGE_BUILD: "image build",
    FIREWALL: "firewall rule",
    NETWORK: "network",
    "gcp:compute/subnetwork:Subnetwork": "subnetwork",
    SCHEDULE: "schedule",
    "gcp:compute/resourcePolicyAttachment:ResourcePolicyAttachment": "machine's schedule",
    "gcp:compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment": "disk's schedule",
    "gcp:serviceaccount/account:Account": "service account",
    "gcp:artifactregistry/repository:Repository": "image repository",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "role on a bucket",
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": "role on the image repository",
    "gcp:compute/instanceIAMMember:InstanceIAMMember": "role on the machine",
    "gcp:serviceaccount/iAMMember:IAMMember": "role on the service account",
    "gcp:projects/iAMMember:IAMMember": "role on the project",
    "gcp:secretmanager/secret:Secret": "secret",
    "gcp:secretmanager/secretVersion:SecretVersion": "secret's value",
    "gcp:secretmanager/secretIamMember:SecretIamMember": "role on the secret",
    "pulumi-python:dynamic/atelier:Budget": "budget",
    "pulumi-python:dynamic/atelier:Alerts": "alerts by e-mail",
    # Of an earlier version: the preview of an upgrade deletes it.
    "gcp:billing/budget:Budget": "budget",
    "pulumi-python:dynamic/atelier:BucketGuest": "studio's part of a bucket",
    API: "API",
    READINESS: "readiness check",
}


def words(token: str) -> str:
    """Return what a resource of this type is called; one that is not known by its class's name."""
    if token in WORDS:
        return WORDS[token]
    name = token.rsplit(":", 1)[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower() or "resource"


def plural(token: str) -> str:
    """Return what those of this type are called of which a stack has several."""
    return f"{words(token)}s" if token == BUCKET else words(token)


def rank(token: str) -> int:
    """Return a type's place in the table; those that are not known come last."""
    return list(WORDS).index(token) if token in WORDS else len(WORDS)
