"""The resources of the program in words that a labeling team uses."""

import re

MACHINE = "gcp:compute/instance:Instance"
DISK = "gcp:compute/disk:Disk"
ADDRESS = "gcp:compute/address:Address"
FIREWALL = "gcp:compute/firewall:Firewall"
BUCKET = "gcp:storage/bucket:Bucket"
KEY = "gcp:serviceaccount/key:Key"
API = "gcp:projects/service:Service"
IMAGE = "docker-build:index:Image"
IMAGE_BUILD = "command:local:Command"
SCHEDULE = "gcp:compute/resourcePolicy:ResourcePolicy"
# The program's only dynamic resource.
RESTORE_POINT = "pulumi-python:dynamic/atelier:RestorePoint"

WORDS = {
    MACHINE: "machine",
    DISK: "data disk",
    ADDRESS: "static address",
    FIREWALL: "firewall rule",
    BUCKET: "bucket",
    KEY: "service account key",
    API: "API",
    IMAGE: "container image",
    IMAGE_BUILD: "image build",
    SCHEDULE: "schedule",
    RESTORE_POINT: "restore point",
    "gcp:artifactregistry/repository:Repository": "image repository",
    "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember": "role on the image repository",
    "gcp:billing/budget:Budget": "budget",
    "gcp:compute/diskResourcePolicyAttachment:DiskResourcePolicyAttachment": "disk's schedule",
    "gcp:compute/network:Network": "network",
    "gcp:compute/resourcePolicyAttachment:ResourcePolicyAttachment": "machine's schedule",
    "gcp:compute/subnetwork:Subnetwork": "subnetwork",
    "gcp:projects/iAMMember:IAMMember": "role in the project",
    "gcp:serviceaccount/account:Account": "service account",
    "gcp:serviceaccount/iAMMember:IAMMember": "role on the service account",
    "gcp:storage/bucketIAMMember:BucketIAMMember": "role on a bucket",
}


def words(token: str) -> str:
    """Return what a resource of this type is called; one that is not known by its class's name."""
    if token in WORDS:
        return WORDS[token]
    name = token.rsplit(":", 1)[-1]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower() or "resource"
