"""Who the machine is: a service account of its own and, where asked for, a key of it.

Does not own what the account may do (`permissions`). The project's default account is not used: it
is shared by all machines and may edit the whole project. The key opens what the account may read,
the admin password in Secret Manager too, to whoever can read the machine's metadata.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.settings.fields import Settings


@dataclass(frozen=True)
class IdentityArgs:
    """What the identity depends on."""

    settings: Settings
    after: Sequence[pulumi.Resource]


class Identity(pulumi.ComponentResource):
    """The machine's service account.

    Attributes:
        account_name: projects/PROJECT/serviceAccounts/EMAIL, as IAM names it.
        email: Its e-mail address.
        member: The same as a member of an IAM policy.
        key: A secret: the key's JSON in base64. None with `auth: keyless`, where there is no key.
    """

    account_name: pulumi.Output[str]
    email: pulumi.Output[str]
    member: pulumi.Output[str]
    key: pulumi.Output[str] | None

    def __init__(
        self, name: str, args: IdentityArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Identity", name, None, opts)
        settings = args.settings
        account = gcp.serviceaccount.Account(
            name,
            account_id=settings.name,
            project=settings.project,
            display_name=f"Labeling studio of stack {settings.stack}",
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        self.account_name = account.name
        self.email = account.email
        self.member = account.member
        self.key = None
        if settings.auth == "key":
            # Replaced create-first, so the machine has the new key before the old one is deleted.
            key = gcp.serviceaccount.Key(
                f"{name}-key",
                service_account_id=account.name,
                keepers={"version": str(settings.key_version)},
                opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["private_key"]),
            )
            self.key = pulumi.Output.secret(key.private_key)
        self.register_outputs({"email": self.email})
