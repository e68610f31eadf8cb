"""The way to the machine: a network of its own, a static address and who may come in.

Owns a network, because a project's default one lets the whole internet reach port 22. The ports of
the ML backends, 7070 and 9090, are in no rule: what no rule lets in, Google refuses.

The rules name their target by service account. Google takes tags or accounts in one rule, not both,
and a tag can be put on any machine by whoever may edit it, an account only by those who may use it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.render.url import SSH_PORT, url
from infra.settings.facts import EVERYWHERE, PLAIN_PORT, TLS_PORT
from infra.settings.fields import Settings
from infra.settings.regions import subnet_number

# Where Google's Identity-Aware Proxy connects from:
# https://cloud.google.com/iap/docs/using-tcp-forwarding
IAP_RANGE = "35.235.240.0/20"


@dataclass(frozen=True)
class NetworkArgs:
    """What the network depends on; `service_account` is the e-mail address that rules aim at."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    service_account: pulumi.Input[str]


class Network(pulumi.ComponentResource):
    """The network, the address and the firewall.

    Attributes:
        address: The static IPv4 address.
        url: The web origin that labelers open.
        subnetwork: The link of the subnetwork that the machine joins.
    """

    address: pulumi.Output[str]
    url: pulumi.Output[str]
    subnetwork: pulumi.Output[str]

    def __init__(
        self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Network", name, None, opts)
        settings = args.settings
        after = pulumi.ResourceOptions(parent=self, depends_on=args.after)
        network = gcp.compute.Network(
            name, project=settings.project, auto_create_subnetworks=False, opts=after
        )
        subnetwork = gcp.compute.Subnetwork(
            name,
            project=settings.project,
            region=settings.region,
            network=network.self_link,
            ip_cidr_range=subnet_range(settings.region),
            private_ip_google_access=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Also with `access: iap`: the machine fetches its packages and images through it.
        address = gcp.compute.Address(
            name,
            project=settings.project,
            region=settings.region,
            labels=settings.labels_all,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        self.address = address.address
        self.url = self.address.apply(lambda ip: url(settings, ip))
        self.subnetwork = subnetwork.self_link
        for purpose, ranges, ports in open_ports(settings):
            gcp.compute.Firewall(
                f"{name}-{purpose}",
                project=settings.project,
                network=network.self_link,
                source_ranges=ranges,
                target_service_accounts=[args.service_account],
                allows=[{"protocol": "tcp", "ports": [str(port) for port in ports]}],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({"address": self.address, "url": self.url})


def open_ports(settings: Settings) -> list[tuple[str, list[str], list[int]]]:
    """Return the rules as (purpose, source ranges, ports)."""
    if settings.access == "iap":
        return [("iap", [IAP_RANGE], [SSH_PORT, PLAIN_PORT])]
    ssh = ("iap", [IAP_RANGE], [SSH_PORT])
    ranges = list(settings.allowed_ranges)
    if settings.tls == "off":
        return [("web", ranges, [PLAIN_PORT]), ssh]
    rules = [("web", ranges, [80, TLS_PORT]), ssh]
    if EVERYWHERE not in ranges:
        # The certificate authority asks from addresses that it does not tell
        # (https://letsencrypt.org/docs/faq/). All else on 80 is sent on to 443.
        rules.append(("certificate", [EVERYWHERE], [80]))
    return rules


def subnet_range(region: str) -> str:
    """Return a region's own range: in a move the old and the new subnetwork are there together."""
    return f"10.80.{subnet_number(region)}.0/24"
