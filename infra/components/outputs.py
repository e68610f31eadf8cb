"""What the stack tells when it is up: where the studio is, how to get in, what it costs."""

import pulumi

from infra.components.batch import Batch
from infra.components.identity import Identity
from infra.components.machine import Machine
from infra.components.network import Network
from infra.components.storage import Storage
from infra.components.watch import Watch
from infra.render.cost import estimate
from infra.render.url import next_steps, ssh_command, tunnel_command
from infra.settings.fields import Settings


def export(
    settings: Settings,
    identity: Identity,
    network: Network,
    storage: Storage,
    machine: Machine,
    batch: Batch | None,
    watch: Watch | None,
) -> None:
    """Export the stack's outputs. None of them is secret; the password stays in the config."""
    values: dict[str, pulumi.Input[object]] = {
        "url": network.url,
        "address": network.address,
        "source_bucket": storage.source,
        "target_bucket": storage.target,
        "service_account": identity.email,
        "machine": machine.instance.name,
        "zone": machine.instance.zone,
        "ssh": ssh_command(settings),
        "tunnel": tunnel_command(settings),
        "cost": estimate(settings).sentence(),
        "next_steps": network.address.apply(lambda ip: next_steps(settings, ip)),
    }
    if watch is not None:
        values["dashboard"] = watch.dashboard
    if batch is not None:
        values["batch"] = batch.told
    for name, value in values.items():
        pulumi.export(name, value)
