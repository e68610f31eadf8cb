"""What the machine's account may do: the least that Label Studio, the backends and the boot need.

Owns roles on the two buckets, on the registry and, for signing without a key, on the account
itself. Grants nothing on the project: a machine that is broken into reads no other bucket.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.identity import Identity
from infra.components.images import Repository
from infra.components.storage import Storage
from infra.settings.fields import Settings

# Label Studio asks for the bucket itself (storage.buckets.get) before it lists what is in it.
BUCKET_READER = "roles/storage.legacyBucketReader"
SOURCE_ROLES = {"objects": "roles/storage.objectViewer", "bucket": BUCKET_READER}
TARGET_ROLES = {"objects": "roles/storage.objectUser", "bucket": BUCKET_READER}


@dataclass(frozen=True)
class PermissionsArgs:
    """Who gets the roles, and on what; `repositories` are those that the machine pulls from."""

    settings: Settings
    identity: Identity
    storage: Storage
    repositories: Mapping[str, Repository]


class Permissions(pulumi.ComponentResource):
    """The account's roles; the machine depends on them, as it pulls images when it boots."""

    def __init__(
        self, name: str, args: PermissionsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Permissions", name, None, opts)
        member = args.identity.member
        granted: list[pulumi.Output[str]] = []
        buckets = (
            ("source", args.storage.source, SOURCE_ROLES),
            ("target", args.storage.target, TARGET_ROLES),
        )
        for label, bucket, roles in buckets:
            for on, role in roles.items():
                grant = gcp.storage.BucketIAMMember(
                    f"{name}-{label}-{on}",
                    bucket=bucket,
                    role=role,
                    member=member,
                    opts=pulumi.ResourceOptions(parent=self),
                )
                granted.append(grant.role)
        for label, repository in args.repositories.items():
            reader = gcp.artifactregistry.RepositoryIamMember(
                f"{name}-{label}",
                project=repository.project,
                location=repository.location,
                repository=repository.name,
                role="roles/artifactregistry.reader",
                member=member,
                opts=pulumi.ResourceOptions(parent=self),
            )
            granted.append(reader.role)
        settings = args.settings
        if settings.auth == "keyless" and settings.media_access == "presigned":
            # Without a private key a URL is signed by IAM, in the account's own name.
            signer = gcp.serviceaccount.IAMMember(
                f"{name}-signer",
                service_account_id=args.identity.account_name,
                role="roles/iam.serviceAccountTokenCreator",
                member=member,
                opts=pulumi.ResourceOptions(parent=self),
            )
            granted.append(signer.role)
        self.register_outputs({"roles": granted})
