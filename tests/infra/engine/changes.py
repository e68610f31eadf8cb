"""What a changed setting does to a running stack: the table that docs and plan are compared with.

Each row is proved by a preview of the real engine (`test_changes`). Rows of one group are previewed
together, which is quicker and loses nothing: each names the properties that it changes, and in a
group nothing else may change.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Operation = Literal["create", "update", "replace", "delete"]

MACHINE = "Instance atelier-dev"
DISK = "Disk atelier-dev-data"
RESTORE_POINT = "RestorePoint atelier-dev-data"
WAIT = "Readiness atelier-dev"
DAILY = "ResourcePolicy atelier-dev-data-daily"
HOURS = "ResourcePolicy atelier-dev-hours"
HOURS_ATTACHED = "ResourcePolicyAttachment atelier-dev-hours"
HOURS_ALLOWED = "InstanceIAMMember atelier-dev-hours"
BUCKETS = ("Bucket atelier-dev-source", "Bucket atelier-dev-target")
REGISTRY = "Repository atelier-dev"
IMAGES = tuple(
    f"Image atelier-dev-{name}" for name in ("frontend", "segmentation", "segment_anything_model")
)


class Effect(NamedTuple):
    """One resource that a change touches; `properties`: the beginnings of their paths.

    A replaced resource is replaced because of them. None are named where it follows another one,
    or is made or deleted.
    """

    resource: str
    operation: Operation
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """A setting's new value in a stack that was made with the defaults, and all its effects."""

    setting: str
    value: object
    effects: tuple[Effect, ...]

    @property
    def machine(self) -> Operation | Literal["untouched"]:
        """What happens to the machine."""
        for effect in self.effects:
            if effect.resource == MACHINE:
                return effect.operation
        return "untouched"


def machine(*properties: str) -> Effect:
    return Effect(MACHINE, "update", properties)


def rolled(*properties: str) -> tuple[Effect, ...]:
    """A machine that takes up other metadata, and is waited for."""
    return (machine(*properties), Effect(WAIT, "update"))


def new_machine(*properties: str) -> tuple[Effect, ...]:
    """A replaced machine: what is attached to it is attached again."""
    return (
        Effect(MACHINE, "replace", properties),
        Effect(HOURS_ALLOWED, "replace"),
        Effect(HOURS_ATTACHED, "replace"),
        Effect(WAIT, "update"),
    )


def both_buckets(*properties: str) -> tuple[Effect, ...]:
    return tuple(Effect(bucket, "update", properties) for bucket in BUCKETS)


MOVED_DISK = (
    Effect(RESTORE_POINT, "update"),
    Effect(DISK, "replace", ("zone", "snapshot")),
)

IN_PLACE = (
    Change("machineType", "g2-standard-8", rolled("machineType")),
    Change("bootDiskGb", 80, (machine("bootDisk.initializeParams.size"),)),
    Change("dataDiskGb", 40, (Effect(DISK, "update", ("size",)),)),
    Change(
        "allowedRanges",
        ["192.0.2.0/24"],
        (
            Effect("Firewall atelier-dev-web", "update", ("sourceRanges",)),
            # The certificate authority still has to reach port 80.
            Effect("Firewall atelier-dev-certificate", "create"),
        ),
    ),
    Change(
        "keyVersion",
        2,
        (
            Effect("Key atelier-dev-key", "replace", ("keepers.version",)),
            *rolled("metadata.GOOGLE_APPLICATION_CREDENTIALS_BASE64"),
        ),
    ),
    Change(
        "workHours",
        "09:00-17:00",
        (
            Effect(HOURS, "replace", ("instanceSchedulePolicy",)),
            Effect(HOURS_ATTACHED, "replace", ("name",)),
            # It never turns itself off in the first hour of a working day.
            *rolled("metadata.atelier-env"),
        ),
    ),
    Change("idleMinutes", 90, rolled("metadata.atelier-env")),
    Change("deletionProtection", True, (machine("deletionProtection"),)),
    Change(
        "labels",
        {"team": "garments"},
        (
            machine("labels", "bootDisk.initializeParams.labels"),
            Effect(DISK, "update", ("labels",)),
            Effect("Address atelier-dev", "update", ("labels",)),
            Effect(REGISTRY, "update", ("labels",)),
            Effect("Secret atelier-dev", "update", ("labels",)),
            Effect(DAILY, "update", ("snapshotSchedulePolicy.snapshotProperties.labels",)),
            *both_buckets("labels"),
        ),
    ),
    Change("keptVersions", 5, both_buckets("lifecycleRules[0].condition.numNewerVersions")),
    Change(
        "keptVersionDays", 60, both_buckets("lifecycleRules[1].condition.daysSinceNoncurrentTime")
    ),
    Change("corsOrigins", ["*"], both_buckets("cors")),
    Change("mediaAccess", "proxy", rolled("metadata.atelier-env")),
    Change("adminEmail", "lead@example.org", rolled("metadata.atelier-env")),
    Change("acmeEmail", "it@example.org", rolled("metadata.atelier-caddyfile")),
    Change("restoreFrom", "none", ()),
    Change("zones", ["us-central1-b"], ()),
    Change("alerts", False, ()),
    Change("budgetUsd", 50, ()),
    Change("sprintDays", 3, ()),
    Change("readyMinutes", 30, ()),
)

OTHER_MODEL = (
    Change(
        "interactiveModel",
        "sam2.1-tiny",
        (
            Effect("Image atelier-dev-segment_anything_model", "update", ("tags", "buildArgs")),
            *rolled("metadata.atelier-images"),
        ),
    ),
    Change(
        "weightsMirror",
        "https://mirror.example.org/weights",
        (
            # The tag stays: the weights are the same wherever they come from.
            Effect("Image atelier-dev-segment_anything_model", "update", ("tags", "buildArgs")),
            Effect("Image atelier-dev-segmentation", "update", ("buildArgs",)),
            *rolled("metadata.atelier-images"),
        ),
    ),
)

OTHER_BACKENDS = (
    Change(
        "segmentationModel",
        "demo",
        (
            Effect("Image atelier-dev-segmentation", "update", ("tags", "buildArgs")),
            *rolled("metadata.atelier-images"),
        ),
    ),
    Change("backends", {"MAX_BODY_MB": 64}, rolled("metadata.atelier-env")),
    Change(
        "batch",
        "dataflow",
        (
            Effect("Service atelier-dev-dataflow", "create"),
            Effect("Account atelier-dev-batch", "create"),
            Effect("Bucket atelier-dev-staging", "create"),
            Effect("Image atelier-dev-batch", "create"),
            Effect("IAMMember atelier-dev-batch-worker", "create"),
            Effect("RepositoryIamMember atelier-dev-batch-registry", "create"),
            *(
                Effect(f"BucketIAMMember atelier-dev-batch-{bucket}", "create")
                for bucket in ("source", "target", "staging")
            ),
        ),
    ),
)

REPLACING = (
    Change("preset", "t4", new_machine("guestAccelerators", "machineType")),
    Change(
        "spot",
        True,
        new_machine(
            "scheduling.provisioningModel", "scheduling.preemptible", "scheduling.automaticRestart"
        ),
    ),
    Change(
        "bootImage",
        "projects/our-images/global/images/family/with-driver",
        new_machine("bootDisk.initializeParams.image"),
    ),
    Change("maxRunHours", 30, new_machine("scheduling.maxRunDuration")),
)

OTHER_ZONE = (
    Change(
        "zone",
        "us-central1-b",
        (
            *new_machine("zone", "attachedDisks"),
            *MOVED_DISK,
            Effect(
                "DiskResourcePolicyAttachment atelier-dev-data-daily", "replace", ("disk", "zone")
            ),
        ),
    ),
)

OTHER_REGION = (
    Change(
        "zone",
        "us-east1-c",
        (
            *new_machine("zone", "attachedDisks", "metadata", "networkInterfaces"),
            *MOVED_DISK,
            Effect(
                "DiskResourcePolicyAttachment atelier-dev-data-daily",
                "replace",
                ("disk", "zone", "name"),
            ),
            Effect(DAILY, "replace", ("region",)),
            Effect(HOURS, "replace", ("region",)),
            Effect("Address atelier-dev", "replace", ("region",)),
            Effect("Subnetwork atelier-dev", "replace", ("region", "ipCidrRange")),
            Effect(REGISTRY, "replace", ("location",)),
            Effect("RepositoryIamMember atelier-dev-registry", "replace", ("location",)),
            *(Effect(image, "update", ("tags", "registries")) for image in IMAGES),
            # The bucket stays where it is; its rule names the new address.
            *both_buckets("cors"),
        ),
    ),
)

TURNED_OFF = (
    Change(
        "workHours",
        "off",
        (
            Effect(HOURS, "delete"),
            Effect(HOURS_ATTACHED, "delete"),
            Effect(HOURS_ALLOWED, "delete"),
            *rolled("metadata.atelier-env"),
        ),
    ),
    Change(
        "auth",
        "keyless",
        (
            Effect("Key atelier-dev-key", "delete"),
            Effect("IAMMember atelier-dev-signer", "create"),
            *rolled("metadata.GOOGLE_APPLICATION_CREDENTIALS_BASE64", "metadata.atelier-env"),
        ),
    ),
    Change(
        "access",
        "iap",
        (
            Effect("Firewall atelier-dev-web", "delete"),
            Effect("Firewall atelier-dev-iap", "update", ("allows",)),
            *rolled("metadata.atelier-env"),
        ),
    ),
    Change(
        "tls",
        "off",
        (
            *rolled(
                "metadata.atelier-env",
                "metadata.atelier-caddyfile",
                "metadata.atelier-compose-tls",
            ),
            *both_buckets("cors"),
        ),
    ),
    Change(
        "keepData",
        False,
        (
            *both_buckets("deletionPolicy", "forceDestroy", "softDeletePolicy"),
            Effect(DISK, "update", ("createSnapshotBeforeDestroy",)),
            Effect(DAILY, "update", ("snapshotSchedulePolicy.retentionPolicy",)),
        ),
    ),
)

PREBUILT = (
    Change(
        "prebuilt",
        {
            name: f"ghcr.io/example/{name}@sha256:{'a' * 64}"
            for name in ("frontend", "segmentation", "segment_anything_model")
        },
        (
            *rolled("metadata.atelier-images", "metadata.atelier-env"),
            Effect(REGISTRY, "delete"),
            Effect("RepositoryIamMember atelier-dev-registry", "delete"),
            *(Effect(image, "delete") for image in IMAGES),
        ),
    ),
    Change("images", "prebuilt", rolled("metadata.atelier-images")),
)

# {name: what is previewed together}
GROUPS = {
    "in place": IN_PLACE,
    "another model": OTHER_MODEL,
    "other backends": OTHER_BACKENDS,
    "replacing": REPLACING,
    "another zone": OTHER_ZONE,
    "another region": OTHER_REGION,
    "turned off": TURNED_OFF,
    "prebuilt": PREBUILT,
}
