"""The data disk: the database and what is uploaded, on a disk that outlives the machine.

Owns the disk, its daily snapshots, and the restore point that a new disk is made from. The disk's
name is generated, so that in a zone change the new one is made before the old one goes: whatever
fails in between, one of them has the data. Does not attach it (`machine`).
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.services import Services
from infra.dynamic.restore import Stack
from infra.dynamic.restore_point import RestorePoint
from infra.settings.fields import Settings

DAILY_SNAPSHOTS_DAYS = 7
SNAPSHOT_TIME_UTC = "02:00"


@dataclass(frozen=True)
class DataDiskArgs:
    """What the disk depends on."""

    settings: Settings
    services: Services


class DataDisk(pulumi.ComponentResource):
    """The disk.

    Attributes:
        link: The disk's link, known when it exists.
        snapshot: The snapshot that it was made from; empty when it began empty.
        restore_point: What finds that; it is not made where another state has the studio.
    """

    link: pulumi.Output[str]
    snapshot: pulumi.Output[str]
    restore_point: pulumi.Resource

    def __init__(
        self, name: str, args: DataDiskArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:DataDisk", name, None, opts)
        settings = args.settings
        name = f"{name}-data"
        self.restore_point = restore_point = RestorePoint(
            name,
            project=settings.project,
            zone=settings.zone,
            stack=Stack(settings.name, settings.data_disk_prefix, settings.labels_all),
            disk_gb=settings.data_disk_gb,
            restore_from=settings.restore_from,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.services),
        )
        self.snapshot = restore_point.snapshot
        disk = gcp.compute.Disk(
            name,
            project=settings.project,
            zone=settings.zone,
            size=settings.data_disk_gb,
            type="pd-balanced",
            # Not in ignore_changes: that would make the disk of a new zone from the old snapshot,
            # and `make restore` change nothing.
            snapshot=self.snapshot.apply(lambda link: link or None),
            labels=settings.labels_all,
            # Named after the disk: with one prefix for all, two disks that go in the same minute,
            # as after a move that was turned back, would ask for the same name.
            create_snapshot_before_destroy=settings.keep_data,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.services),
        )
        self.link = disk.self_link
        daily = gcp.compute.ResourcePolicy(
            f"{name}-daily",
            project=settings.project,
            region=settings.region,
            snapshot_schedule_policy={
                "schedule": {
                    "daily_schedule": {"days_in_cycle": 1, "start_time": SNAPSHOT_TIME_UTC}
                },
                "retention_policy": {
                    "max_retention_days": DAILY_SNAPSHOTS_DAYS,
                    "on_source_disk_delete": "KEEP_AUTO_SNAPSHOTS"
                    if settings.keep_data
                    else "APPLY_RETENTION_POLICY",
                },
                "snapshot_properties": {"labels": settings.labels_all},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.services),
        )
        gcp.compute.DiskResourcePolicyAttachment(
            f"{name}-daily",
            project=settings.project,
            zone=settings.zone,
            name=daily.name,
            disk=disk.name,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"link": self.link, "snapshot": self.snapshot})
