"""What jobs over a whole archive need at Google: an API, an account, a bucket for while they run.

Owns the account and its roles: it reads the source bucket, writes the target's and the staging
bucket's objects, and may do what Google wants of a worker. Owns the staging bucket, in which every
object is deleted after days. Does not own a job: those are made by whoever starts one, and here
nothing runs. Nor what they write, which is in the target bucket and stays there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.images import Images
from infra.components.storage import Storage, existing, is_own
from infra.settings.apis import BATCH
from infra.settings.fields import Settings

STAGED_DAYS = 7
READER = "roles/storage.objectViewer"
WRITER = "roles/storage.objectUser"
# docs.cloud.google.com/dataflow/docs/concepts/security-and-permissions, "Worker service account".
# It has storage.objects.get on all of the project's buckets, which Dataflow wants of its workers.
WORKER = "roles/dataflow.worker"


@dataclass(frozen=True)
class BatchArgs:
    """What the jobs are made from; `subnetwork` is the link of the machine's."""

    settings: Settings
    after: Sequence[pulumi.Resource]
    storage: Storage
    images: Images
    subnetwork: pulumi.Input[str]


class Batch(pulumi.ComponentResource):
    """The account and the bucket.

    Attributes:
        told: What a job is started with, known when API and roles are there.
    """

    told: pulumi.Output[Mapping[str, object]]

    def __init__(
        self, name: str, args: BatchArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        settings = args.settings
        place = {"runner": settings.batch, "region": settings.region}
        super().__init__("atelier:gcp:Batch", name, place, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        api = gcp.projects.Service(
            f"{name}-{BATCH[settings.batch]}",
            service=f"{BATCH[settings.batch]}.googleapis.com",
            project=settings.project,
            disable_on_destroy=False,
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        account = gcp.serviceaccount.Account(
            f"{name}-batch",
            account_id=f"{settings.name}-batch",
            project=settings.project,
            display_name=f"Runs the jobs over the archive of stack {settings.stack}",
            opts=pulumi.ResourceOptions(parent=self, depends_on=args.after),
        )
        staging = self._staging(name, args)
        granted = [api.service, *self._on_buckets(name, args.storage, staging, account.member)]
        is_dataflow = settings.batch == "dataflow"
        if is_dataflow:
            granted += self._of_a_worker(name, args, account.member)
        self.told = pulumi.Output.all(
            **place,
            project=settings.project,
            stack=settings.stack,
            service_account=account.email,
            source=args.storage.source,
            bucket=args.storage.target,
            staging=staging,
            image=args.images.batch,
            # Cloud Run's tasks are in Google's own network.
            subnetwork=args.subnetwork if is_dataflow else None,
            # There workers reach Google's APIs without addresses of their own (`network`).
            private=is_dataflow,
            granted=granted,
        ).apply(lambda known: {key: known[key] for key in known if key != "granted"})
        self.register_outputs({"told": self.told})

    def _staging(self, name: str, args: BatchArgs) -> pulumi.Output[str]:
        settings = args.settings
        bucket_name = settings.staging_bucket_name
        found = existing(bucket_name, settings.project)
        if found and not is_own(found.labels, settings):
            found = None  # Somebody's: making it is refused, in Google's words.
        bucket = gcp.storage.Bucket(
            f"{name}-staging",
            name=bucket_name,
            project=settings.project,
            # Of one that a lost state left, as it is: another place would make it anew.
            location=(found.location if found else settings.region).upper(),
            labels=settings.labels_all,
            force_destroy=True,
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            # Google's default keeps, and bills, what a job deletes for seven days.
            soft_delete_policy={"retention_duration_seconds": 0},
            lifecycle_rules=[{"action": {"type": "Delete"}, "condition": {"age": STAGED_DAYS}}],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=args.after, import_=bucket_name if found else None
            ),
        )
        return bucket.name

    def _on_buckets(
        self,
        name: str,
        storage: Storage,
        staging: pulumi.Output[str],
        member: pulumi.Output[str],
    ) -> list[pulumi.Output[str]]:
        roles = {
            "source": (storage.source, READER),
            "target": (storage.target, WRITER),
            "staging": (staging, WRITER),
        }
        return [
            gcp.storage.BucketIAMMember(
                f"{name}-batch-{label}", bucket=bucket, role=role, member=member, opts=self._child
            ).role
            for label, (bucket, role) in roles.items()
        ]

    def _of_a_worker(
        self, name: str, args: BatchArgs, member: pulumi.Output[str]
    ) -> list[pulumi.Output[str]]:
        worker = gcp.projects.IAMMember(
            f"{name}-batch-worker",
            project=args.settings.project,
            role=WORKER,
            member=member,
            opts=self._child,
        )
        # Dataflow's workers pull as their own account; Cloud Run has one of Google's for it.
        pulls = [
            gcp.artifactregistry.RepositoryIamMember(
                f"{name}-batch-{label}",
                project=repository.project,
                location=repository.location,
                repository=repository.name,
                role="roles/artifactregistry.reader",
                member=member,
                opts=self._child,
            ).role
            for label, repository in args.images.batch_repositories.items()
        ]
        return [worker.role, *pulls]
