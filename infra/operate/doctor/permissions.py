"""The permissions that an update uses, on the project.

From what the Google provider's documentation names for each resource of the program, and
docs.cloud.google.com/iam/docs/permissions-reference. `testIamPermissions` takes a hundred.
"""

from infra.settings.fields import Settings

_ALWAYS = (
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.setIamPolicy",
    "compute.addresses.create",
    "compute.addresses.use",
    "compute.disks.create",
    "compute.disks.use",
    "compute.firewalls.create",
    "compute.instances.create",
    "compute.instances.get",
    "compute.instances.getGuestAttributes",
    "compute.instances.getSerialPortOutput",
    "compute.instances.setLabels",
    "compute.instances.setMetadata",
    "compute.instances.setServiceAccount",
    "compute.instances.start",
    "compute.instances.stop",
    "compute.networks.create",
    "compute.networks.updatePolicy",
    "compute.snapshots.create",
    "compute.subnetworks.create",
    "compute.subnetworks.use",
    "compute.subnetworks.useExternalIp",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create",
    "resourcemanager.projects.get",
    "serviceusage.services.enable",
    "storage.buckets.create",
    "storage.buckets.get",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
)
_KEY = ("iam.serviceAccountKeys.create",)
_SIGNER = ("iam.serviceAccounts.setIamPolicy",)
_SCHEDULE = (
    "compute.instances.addResourcePolicies",
    "compute.instances.setIamPolicy",
    "compute.resourcePolicies.create",
    "compute.resourcePolicies.use",
)
_PUSH = ("artifactregistry.repositories.uploadArtifacts",)
_CLOUD_BUILD = ("cloudbuild.builds.create",)


def needed(settings: Settings) -> tuple[str, ...]:
    """Return the permissions that these settings need, sorted."""
    names = [*_ALWAYS]
    if settings.auth == "key":
        names += _KEY
    elif settings.media_access == "presigned":
        names += _SIGNER
    if settings.instance_schedule:
        names += _SCHEDULE
    if settings.images == "docker":
        names += _PUSH
    if settings.images == "cloudbuild":
        names += _CLOUD_BUILD
    return tuple(sorted(names))
