"""Who builds the images with `images: cloudbuild`: a service account of the stack's own.

Builds would otherwise run as the Compute Engine default account, which has no role in new projects
and may edit everything in old ones:
https://cloud.google.com/build/docs/cloud-build-service-account-updates.
Owns the account and its roles: it reads the sources that gcloud uploads, pushes to the stack's
repository and writes the build's log, and can do nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.settings.fields import Settings


@dataclass(frozen=True)
class BuilderArgs:
    """What the account depends on, and the repository that it pushes to."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    location: pulumi.Input[str]
    repository: pulumi.Input[str]


class Builder(pulumi.ComponentResource):
    """The account.

    Attributes:
        email: Its e-mail address, known when it has its roles.
    """

    email: pulumi.Output[str]

    def __init__(
        self, name: str, args: BuilderArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Builder", name, None, opts)
        settings, child = args.settings, pulumi.ResourceOptions(parent=self)
        account = gcp.serviceaccount.Account(
            f"{name}-build",
            account_id=f"{settings.name}-build",
            project=settings.project,
            display_name=f"Builds the images of stack {settings.stack}",
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        pushes = gcp.artifactregistry.RepositoryIamMember(
            f"{name}-build",
            project=settings.project,
            location=args.location,
            repository=args.repository,
            role="roles/artifactregistry.writer",
            member=account.member,
            opts=child,
        )
        logs = gcp.projects.IAMMember(
            f"{name}-build-logs",
            project=settings.project,
            role="roles/logging.logWriter",
            member=account.member,
            opts=child,
        )
        # Where `gcloud builds submit` uploads to unless told otherwise.
        staging = f"projects/_/buckets/{settings.project}_cloudbuild"
        sources = gcp.projects.IAMMember(
            f"{name}-build-sources",
            project=settings.project,
            role="roles/storage.objectViewer",
            member=account.member,
            condition={
                "title": "sources of builds",
                "expression": f'resource.name.startsWith("{staging}/objects/")',
            },
            opts=child,
        )
        self.email = pulumi.Output.all(account.email, pushes.role, logs.role, sources.role).apply(
            lambda known: known[0]
        )
        self.register_outputs({"email": self.email})
