"""Whom Google tells when the studio is in trouble, and what it shows: alerts and a dashboard.

Owns a channel to `adminEmail`, a check of the studio's address, two alerts by e-mail, and a page of
the figures that Google has of the machine. Does not own what is inside the machine, how full its
disks are or whether it still has its GPU: Google sees that by an agent alone, which would need a
role on the project that the machine does without.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from infra.dynamic.alerts import Alerts
from infra.render.dashboard import address
from infra.settings.fields import Settings


@dataclass(frozen=True)
class WatchArgs:
    """What is looked after; not before it is there, or Google would write of that."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    url: pulumi.Output[str]


class Watch(pulumi.ComponentResource):
    """The alerts.

    Attributes:
        channel: The channel's name at Google; empty where it could not be made.
        dashboard: Where people see the figures; empty likewise.
    """

    channel: pulumi.Output[str]
    dashboard: pulumi.Output[str]

    def __init__(
        self, name: str, args: WatchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Watch", name, None, opts)
        settings = args.settings
        alerts = Alerts(
            f"{name}-alerts",
            project=settings.project,
            display_name=settings.name,
            stack=settings.stack,
            email=settings.alert_email,
            url=args.url if settings.is_open else "",
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        self.channel = alerts.names.apply(lambda names: (names or {}).get("channel", ""))
        self.dashboard = alerts.names.apply(
            lambda names: address((names or {}).get("dashboard", ""), settings.project)
        )
        self.register_outputs({"channel": self.channel, "dashboard": self.dashboard})
