"""The permissions that an update uses, on the project.

From what the Google provider's documentation names for each resource of the program, and
docs.cloud.google.com/iam/docs/permissions-reference. `testIamPermissions` takes a hundred.
"""

from infra.settings.fields import Settings

_ALWAYS = (
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.getIamPolicy",
    "artifactregistry.repositories.setIamPolicy",
    "compute.addresses.create",
    "compute.addresses.use",
    "compute.disks.addResourcePolicies",
    "compute.disks.create",
    "compute.disks.createSnapshot",
    "compute.disks.list",
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
    "compute.resourcePolicies.create",
    "compute.resourcePolicies.use",
    "compute.snapshots.create",
    "compute.snapshots.list",
    "compute.subnetworks.create",
    "compute.subnetworks.use",
    "compute.subnetworks.useExternalIp",
    "iam.serviceAccounts.actAs",
    "iam.serviceAccounts.create",
    "resourcemanager.projects.get",
    "secretmanager.secrets.create",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.setIamPolicy",
    "secretmanager.versions.access",
    "secretmanager.versions.add",
    "secretmanager.versions.destroy",
    "serviceusage.services.enable",
    "storage.buckets.create",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
)
_KEY = ("iam.serviceAccountKeys.create",)
_SIGNER = ("iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy")
_SCHEDULE = ("compute.instances.addResourcePolicies", "compute.instances.setIamPolicy")
_PUSH = ("artifactregistry.repositories.uploadArtifacts",)
# Some roles, of the account that builds and of Dataflow's workers, are given on the project.
_ON_PROJECT = ("resourcemanager.projects.getIamPolicy", "resourcemanager.projects.setIamPolicy")
_CLOUD_BUILD = ("cloudbuild.builds.create", *_ON_PROJECT)
# An update does without these, and nobody is written to. An alert on a log is a rule of Cloud
# Logging's, too.
ALERTS = (
    "logging.notificationRules.create",
    "monitoring.alertPolicies.create",
    "monitoring.dashboards.create",
    "monitoring.notificationChannels.create",
    "monitoring.uptimeCheckConfigs.create",
)
# An update starts no job: it does without these, and whoever starts one does not.
JOBS = {
    "off": (),
    "cloudrun": ("run.executions.get", "run.jobs.create", "run.jobs.delete", "run.jobs.run"),
    "dataflow": ("dataflow.jobs.cancel", "dataflow.jobs.create", "dataflow.jobs.get"),
}


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
    if settings.batch == "dataflow":
        names += _ON_PROJECT
    if settings.alert_email:
        names += ALERTS
    names += JOBS[settings.batch]
    return tuple(sorted(set(names)))
