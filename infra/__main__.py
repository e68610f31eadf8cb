"""The stack: its settings, its components, and what it tells when it is up."""

import pulumi

# First of ours: it makes the imports below quicker.
import infra.garbage  # noqa: F401 # pyright: ignore[reportUnusedImport]
from infra.components.batch import Batch, BatchArgs
from infra.components.data_disk import DataDisk, DataDiskArgs
from infra.components.guardrails import Guardrails, GuardrailsArgs
from infra.components.identity import Identity, IdentityArgs
from infra.components.images import Images, ImagesArgs
from infra.components.machine import Machine, MachineArgs
from infra.components.network import Network, NetworkArgs
from infra.components.outputs import export
from infra.components.permissions import Permissions, PermissionsArgs
from infra.components.secrets import Secrets, SecretsArgs
from infra.components.services import Services, ServicesArgs
from infra.components.storage import Storage, StorageArgs
from infra.components.watch import Watch, WatchArgs
from infra.dynamic.readiness_resource import Readiness
from infra.settings.stack_config import read

settings = read()
name = settings.name

services = Services(name, ServicesArgs(settings))
disk = DataDisk(name, DataDiskArgs(settings, services))
# Where the restore point may not begin, another state has the studio: nothing else is touched.
after = (services, disk.restore_point)
identity = Identity(name, IdentityArgs(settings, after))
secrets = Secrets(name, SecretsArgs(settings, after, identity))
network = Network(name, NetworkArgs(settings, after, identity.email))
storage = Storage(name, StorageArgs(settings, after, network.url))
images = Images(name, ImagesArgs(settings, after))
permissions = Permissions(name, PermissionsArgs(settings, identity, storage, images.repositories))
machine = Machine(
    name,
    MachineArgs(settings, after, identity, network, disk, images, permissions, secrets),
)
watch = None
if settings.alert_email:
    watch = Watch(name, WatchArgs(settings, (machine,), network.url))
Guardrails(name, GuardrailsArgs(settings, after, watch.channel if watch else ""))
batch = None
if settings.batch != "off":
    batch = Batch(name, BatchArgs(settings, after, storage, images, network.subnetwork))
if settings.ready_minutes:
    Readiness(
        name,
        settings,
        instance_id=machine.id,
        images=machine.images,
        attributes=machine.attributes,
        url=network.url,
        address=network.address,
        opts=pulumi.ResourceOptions(parent=machine),
    )

export(settings, identity, network, storage, machine, batch, watch)
