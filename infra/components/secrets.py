"""The admin password in Secret Manager, which the machine's account may read.

A machine's metadata can be read by whoever may look at the machine (compute.instances.get, which
Viewer has), so there it holds the name of the secret's version only. With `auth: key` that keeps
nobody from the password: the key in the metadata is the account's, so who can read the metadata can
read the password. `auth: keyless` closes this. A new password is a new version, and a new version
is another name, by which the machine notices it. Does not own the account's key (`identity`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.identity import Identity
from infra.settings.fields import Settings

READER = "roles/secretmanager.secretAccessor"


@dataclass(frozen=True)
class SecretsArgs:
    """What the secret depends on."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    identity: Identity


class Secrets(pulumi.ComponentResource):
    """The secret.

    Attributes:
        password: projects/NUMBER/secrets/NAME/versions/N, known when the account may read it.
    """

    password: pulumi.Output[str]

    def __init__(
        self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Secrets", name, None, opts)
        settings = args.settings
        secret = gcp.secretmanager.Secret(
            name,
            secret_id=f"{settings.name}-admin-password",
            project=settings.project,
            # `auto` is refused where a policy (gcp.resourceLocations) allows some regions only:
            # https://docs.cloud.google.com/secret-manager/docs/choosing-replication.
            replication={"user_managed": {"replicas": [{"location": settings.region}]}},
            labels=settings.labels_all,
            # Google lets no secret's replication be changed, and a new one would need another name.
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=args.after, ignore_changes=["replication"]
            ),
        )
        reader = gcp.secretmanager.SecretIamMember(
            name,
            project=settings.project,
            secret_id=secret.secret_id,
            role=READER,
            member=args.identity.member,
            opts=pulumi.ResourceOptions(parent=self),
        )
        # Replaced create-first, so the machine has the new version before the old one is destroyed.
        version = gcp.secretmanager.SecretVersion(
            name,
            secret=secret.id,
            secret_data=pulumi.Output.secret(settings.admin_password.get_secret_value()),
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["secret_data"]),
        )
        self.password = pulumi.Output.all(version.name, reader.role).apply(lambda both: both[0])
        self.register_outputs({"password": self.password})
