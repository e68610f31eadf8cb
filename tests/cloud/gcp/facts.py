"""What neither the package nor force_new.json says of Google Cloud."""

import re
from typing import Any

NUMBER = "123456789012"  # The number of every project here.
API = "https://www.googleapis.com/"
COMPUTE = API + "compute/v1/"

# Ids where the package has no import example, or one that is not the id.
IDS = {
    "artifactregistry.RepositoryIamMember": (
        "projects/{project}/locations/{location}/repositories/{repository}/{role}/{member}"
    ),
    "compute.InstanceIAMMember": (
        "projects/{project}/zones/{zone}/instances/{instanceName}/{role}/{member}"
    ),
    "projects.IAMMember": "{project}/{role}/{member}",
    "projects.Service": "{project}/{service}",
    "secretmanager.Secret": "projects/{project}/secrets/{secretId}",
    "secretmanager.SecretIamMember": ("projects/{project}/secrets/{secretId}/{role}/{member}"),
    "secretmanager.SecretVersion": "{secret}/versions/{version}",
    "serviceaccount.Account": "projects/{project}/serviceAccounts/{email}",
    "serviceaccount.IAMMember": "{serviceAccountId}/{role}/{member}",
    "serviceaccount.Key": "{serviceAccountId}/keys/{key}",
    "storage.Bucket": "{name}",
    "storage.BucketIAMMember": "b/{bucket}/{role}/{member}",
    "storage.BucketObject": "{bucket}-{name}",
}

# The property that names a resource, and what it must look like.
RFC1035 = r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"
NAMES = {
    "artifactregistry.Repository": ("repositoryId", RFC1035),
    "serviceaccount.Account": ("accountId", r"[a-z]([-a-z0-9]{4,28}[a-z0-9])"),
    "storage.Bucket": ("name", r"(?!goog)(?!.*google)[a-z0-9][-_.a-z0-9]{1,61}[a-z0-9]"),
}

# What the provider fills in where the program says nothing. Other outputs get made-up values.
DEFAULTS: dict[str, dict[str, Any]] = {
    "compute.Address": {"addressType": "EXTERNAL", "networkTier": "PREMIUM"},
    "compute.Disk": {"type": "pd-standard", "size": 10},
    "compute.Firewall": {"direction": "INGRESS", "priority": 1000},
    "compute.Subnetwork": {"purpose": "PRIVATE"},
    "storage.Bucket": {"storageClass": "STANDARD"},
}

# `deletionProtection` where the program says nothing.
PROTECTED = {"compute.Instance": False}

# A running machine is stopped for a change of these.
STOPPED = (
    "enableDisplay",
    "guestAccelerators",
    "machineType",
    "minCpuPlatform",
    "serviceAccount",
    "shieldedInstanceConfig",
)

# Creating one of these a second time succeeds.
REPEATABLE = re.compile(r"IAMMember|IamMember|^projects\.Service$|ResourcePolicyAttachment$")

# What may not be deleted while something else names it.
IN_USE = (
    "compute.Address",
    "compute.Disk",
    "compute.Network",
    "compute.ResourcePolicy",
    "compute.Subnetwork",
)

# The API that must be enabled before a resource of a module is made. Storage and Service Usage
# are enabled in every new project.
APIS = {
    "artifactregistry": ("artifactregistry.googleapis.com", "Artifact Registry API"),
    "billing": ("billingbudgets.googleapis.com", "Cloud Billing Budget API"),
    "compute": ("compute.googleapis.com", "Compute Engine API"),
    "iap": ("iap.googleapis.com", "Cloud Identity-Aware Proxy API"),
    "monitoring": ("monitoring.googleapis.com", "Cloud Monitoring API"),
    "secretmanager": ("secretmanager.googleapis.com", "Secret Manager API"),
    "serviceaccount": ("iam.googleapis.com", "Identity and Access Management (IAM) API"),
    "projects": ("cloudresourcemanager.googleapis.com", "Cloud Resource Manager API"),
}


def shrinks(old: Any, new: Any) -> bool:
    """Return whether a number became smaller."""
    numbers = isinstance(old, int | float) and isinstance(new, int | float)
    return numbers and new < old


# Conditions in the provider's code (CustomizeDiff) that a list of properties cannot hold.
REPLACE_IF = {
    ("compute.Disk", "size"): shrinks,
    ("compute.Instance", "metadataStartupScript"): lambda old, new: True,
}
