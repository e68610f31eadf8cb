"""The working hours: when the machine is started in the morning and stopped at night.

Owns the schedule, its attachment, and the Compute service agent's right to start and stop this one
machine; without it Google refuses the attachment. A schedule cannot be edited, and a machine can
have one only: a changed one is a new policy, and the old attachment is taken off first. The machine
is never replaced for it. Does not own the limit on one run (`machine`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.settings.fields import Settings
from infra.settings.schedule import InstanceSchedule


@dataclass(frozen=True)
class WorkingHoursArgs:
    """What is scheduled, and when."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    schedule: InstanceSchedule
    instance: gcp.compute.Instance


class WorkingHours(pulumi.ComponentResource):
    """The schedule of one machine.

    Attributes:
        policy: The name of the policy that is attached.
    """

    policy: pulumi.Output[str]

    def __init__(
        self, name: str, args: WorkingHoursArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:WorkingHours", name, None, opts)
        settings, schedule = args.settings, args.schedule
        project = gcp.organizations.get_project_output(
            project_id=settings.project,
            opts=pulumi.InvokeOutputOptions(parent=self, depends_on=args.after),
        )
        grant = gcp.compute.InstanceIAMMember(
            name,
            project=settings.project,
            zone=settings.zone,
            instance_name=args.instance.name,
            role="roles/compute.instanceAdmin.v1",
            member=pulumi.Output.concat(
                "serviceAccount:service-",
                project.number,
                "@compute-system.iam.gserviceaccount.com",
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
        policy = gcp.compute.ResourcePolicy(
            name,
            project=settings.project,
            region=settings.region,
            instance_schedule_policy={
                "time_zone": schedule.time_zone,
                "vm_start_schedule": {"schedule": schedule.start},
                "vm_stop_schedule": {"schedule": schedule.stop},
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=args.after,
                replace_on_changes=["instance_schedule_policy"],
            ),
        )
        attachment = gcp.compute.ResourcePolicyAttachment(
            name,
            project=settings.project,
            zone=settings.zone,
            name=policy.name,
            instance=args.instance.name,
            opts=pulumi.ResourceOptions(parent=self, depends_on=grant, delete_before_replace=True),
        )
        self.policy = attachment.name
        self.register_outputs({"policy": self.policy})
