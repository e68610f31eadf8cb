"""The machine: one Compute Engine instance that runs the studio and both backends.

Owns the instance, its boot disk and its working hours. Does not own its data disk, address, network
or account: they outlive it. A new image, compose file, project file, key or schedule is an update
in place. What replaces it: zone, Spot, GPU, boot image and the maximum run time, which Google fixes
when a machine is made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components import metadata
from infra.components.data_disk import DataDisk
from infra.components.identity import Identity
from infra.components.images import Images
from infra.components.network import Network
from infra.components.permissions import Permissions
from infra.components.secrets import Secrets
from infra.components.working_hours import WorkingHours, WorkingHoursArgs
from infra.settings.facts import DATA_DEVICE
from infra.settings.fields import Settings

HOUR_SECONDS = 3600


@dataclass(frozen=True)
class MachineArgs:
    """What the machine is made of, and what has to be there before it boots."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    identity: Identity
    network: Network
    disk: DataDisk
    images: Images
    permissions: Permissions
    secrets: Secrets


class Machine(pulumi.ComponentResource):
    """The instance.

    Attributes:
        instance: The resource itself.
        id: Google's number for it: a new machine has a new one.
        images: The SHA-256 of the attribute that names the images it is to run.
        attributes: A SHA-256 of the other attributes that its containers are made from.
    """

    instance: gcp.compute.Instance
    id: pulumi.Output[str]
    images: pulumi.Output[str]
    attributes: pulumi.Output[str]

    def __init__(
        self, name: str, args: MachineArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Machine", name, None, opts)
        settings, machine = args.settings, args.settings.machine
        told = metadata.attributes(
            metadata.MetadataArgs(
                settings,
                args.network.address,
                args.identity.email,
                args.secrets.password,
                args.images.references,
                args.identity.key,
            )
        )
        self.instance = gcp.compute.Instance(
            name,
            name=settings.name,
            project=settings.project,
            zone=settings.zone,
            machine_type=machine.machine_type,
            guest_accelerators=[{"type": machine.accelerator, "count": 1}]
            if machine.accelerator
            else None,
            scheduling=scheduling(settings),
            boot_disk={
                "initialize_params": {
                    "image": machine.boot_image,
                    "size": settings.boot_disk_gb,
                    "type": "pd-balanced",
                    "labels": settings.labels_all,
                }
            },
            attached_disks=[{"source": args.disk.link, "device_name": DATA_DEVICE}],
            network_interfaces=[
                {
                    "subnetwork": args.network.subnetwork,
                    "access_configs": [{"nat_ip": args.network.address}],
                }
            ],
            # The account's roles are the limit; narrower scopes would only hide them.
            service_account={"email": args.identity.email, "scopes": ["cloud-platform"]},
            metadata=told,
            labels=settings.labels_all,
            shielded_instance_config={
                # The driver on Google's accelerator images is signed, so it loads all the same.
                "enable_secure_boot": True,
                "enable_vtpm": True,
                "enable_integrity_monitoring": True,
            },
            # Without it a new machine type or service account is refused while the machine runs.
            allow_stopping_for_update=True,
            deletion_protection=settings.deletion_protection,
            opts=pulumi.ResourceOptions(
                parent=self,
                # Google alone would refuse late: after `pulumi destroy` took the schedule away.
                protect=settings.deletion_protection,
                # It pulls images and reads buckets as soon as it boots.
                depends_on=[*args.after, args.permissions, args.network],
                # Two machines can hold neither one name, one address nor one writable disk.
                delete_before_replace=True,
                # The key is in there.
                additional_secret_outputs=["metadata"],
                # The schedule is attached by a resource of its own, and is seen here as drift.
                ignore_changes=["resourcePolicies"],
            ),
        )
        self.id = self.instance.instance_id
        self.images = metadata.images_digest(told)
        self.attributes = metadata.settings_digest(told)
        if settings.instance_schedule:
            WorkingHours(
                f"{name}-hours",
                WorkingHoursArgs(settings, args.after, settings.instance_schedule, self.instance),
                pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"name": self.instance.name, "id": self.id})


def scheduling(settings: Settings) -> gcp.compute.InstanceSchedulingArgsDict:
    """Return how Google may stop the machine, and when it has to."""
    # A machine with a GPU cannot be moved to another host while it runs, a Spot one is not.
    stays = settings.machine.gpu or settings.spot
    rules: gcp.compute.InstanceSchedulingArgsDict = {
        "provisioning_model": "SPOT" if settings.spot else "STANDARD",
        "preemptible": settings.spot,
        "automatic_restart": not settings.spot,
        "on_host_maintenance": "TERMINATE" if stays else "MIGRATE",
    }
    if settings.spot or settings.max_run_hours:
        # Google's default for Spot is DELETE: the boot disk, and the machine's name, would go.
        rules["instance_termination_action"] = "STOP"
    if settings.max_run_hours:
        rules["max_run_duration"] = {"seconds": settings.max_run_hours * HOUR_SECONDS}
    return rules
