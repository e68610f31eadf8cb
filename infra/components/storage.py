"""The two buckets: the images to label, and the annotations.

Owns the buckets that the stack made, and their protection from loss. They are known by the stack's
labels, so what `pulumi destroy` kept is found again by the next `pulumi up`. A bucket that is named
in the config and has no such labels is somebody's: it is used, and is not owned
(`infra.dynamic.guest`). Where one of a default name has none, they may be lost, and the program
ends: the engine would delete a bucket that the state knows and the program no longer declares. Does
not own who may read them (`permissions`), nor any object in them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.dynamic.buckets import BucketError, Buckets, put_labels
from infra.dynamic.calls import is_not_enabled
from infra.dynamic.credentials import Access
from infra.dynamic.guest import BucketGuest
from infra.render.cors import api_rules, cors_rules
from infra.settings.fields import Settings
from infra.settings.stack_config import end

SOFT_DELETE_DAYS = 7
UNFINISHED_UPLOAD_DAYS = 2
DAY_SECONDS = 24 * 3600
# Beyond it the number is not worth the minutes that listing takes.
MOST_COUNTED = 10_000


@dataclass(frozen=True)
class StorageArgs:
    """What the buckets depend on.

    Attributes:
        after: What has to be there before a bucket is touched.
        origin: The web origin that may read images from them.
    """

    settings: Settings
    after: Sequence[pulumi.Resource]
    origin: pulumi.Input[str]


class Storage(pulumi.ComponentResource):
    """The buckets.

    Attributes:
        source: The name of the bucket with the images.
        target: The name of the bucket with the annotations.
    """

    source: pulumi.Output[str]
    target: pulumi.Output[str]

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("atelier:gcp:Storage", name, None, opts)
        self._args = args
        settings = args.settings
        source, target = settings.source_bucket, settings.target_bucket
        self.source = self._bucket(name, "source", settings.source_bucket_name, bool(source))
        self.target = self._bucket(name, "target", settings.target_bucket_name, bool(target))
        self.register_outputs({"source": self.source, "target": self.target})

    def _bucket(self, name: str, role: str, bucket_name: str, is_named: bool) -> pulumi.Output[str]:
        resource_name, settings = f"{name}-{role}", self._args.settings
        found = existing(bucket_name, settings.project)
        if found is None:
            return self._own(resource_name, bucket_name, None)
        if not is_own(found.labels, settings):
            if not is_named:
                end(without_labels(bucket_name, f"{role}Bucket", settings))
            return self._guest(resource_name, bucket_name)
        if not settings.keep_data:
            pulumi.log.warn(to_be_deleted(bucket_name, settings), self)
        return self._own(resource_name, bucket_name, found)

    def _guest(self, resource_name: str, bucket_name: str) -> pulumi.Output[str]:
        settings = self._args.settings
        pulumi.log.info(
            f"gs://{bucket_name} was not made by this stack: it gets the studio's roles and one"
            " CORS rule, and else stays as it is, also when the stack goes.",
            self,
        )
        guest = BucketGuest(
            resource_name,
            project=settings.project,
            bucket=bucket_name,
            cors=pulumi.Output.from_input(self._args.origin).apply(
                lambda origin: api_rules(settings, origin=origin)
            ),
            versioning=settings.versioning == "all",
            own_labels=settings.own_labels,
            opts=pulumi.ResourceOptions(parent=self, depends_on=self._args.after),
        )
        return guest.bucket

    def _own(
        self,
        resource_name: str,
        bucket_name: str,
        found: gcp.storage.outputs.GetBucketsBucketResult | None,
    ) -> pulumi.Output[str]:
        settings = self._args.settings
        location = found.location if found else settings.bucket_location or settings.region
        bucket = gcp.storage.Bucket(
            resource_name,
            name=bucket_name,
            project=settings.project,
            # Another place or class than the one there would delete the bucket and make it anew.
            location=location.upper(),
            storage_class=found.storage_class if found else "STANDARD",
            # By them it is known again, and the provider leaves those alone that others have set.
            labels=settings.labels_all,
            # With ABANDON `pulumi destroy` leaves the bucket; without it, it deletes all objects.
            deletion_policy="ABANDON" if settings.keep_data else "DELETE",
            force_destroy=not settings.keep_data,
            # Access lists of single objects would go round the bucket's roles.
            uniform_bucket_level_access=True,
            # One role for allUsers would otherwise publish every image.
            public_access_prevention="enforced",
            versioning={"enabled": True},
            # Google's default keeps deleted bytes, and bills them, for seven days.
            soft_delete_policy={
                "retention_duration_seconds": SOFT_DELETE_DAYS * DAY_SECONDS
                if settings.keep_data
                else 0
            },
            lifecycle_rules=[
                {
                    "action": {"type": "Delete"},
                    "condition": {
                        "num_newer_versions": settings.kept_versions,
                        "with_state": "ARCHIVED",
                    },
                },
                {
                    "action": {"type": "Delete"},
                    "condition": {
                        "days_since_noncurrent_time": settings.kept_version_days,
                        "with_state": "ARCHIVED",
                    },
                },
                {
                    "action": {"type": "AbortIncompleteMultipartUpload"},
                    "condition": {"age": UNFINISHED_UPLOAD_DAYS},
                },
            ],
            cors=pulumi.Output.from_input(self._args.origin).apply(
                lambda origin: [
                    gcp.storage.BucketCorArgs(**rule)
                    for rule in cors_rules(settings, origin=origin)
                ]
            ),
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=self._args.after,
                import_=bucket_name if found else None,
            ),
        )
        return bucket.name


def is_own(labels: Mapping[str, str], settings: Settings) -> bool:
    """Whether a bucket with these labels was made by this stack, in whichever state's time."""
    return settings.own_labels.items() <= dict(labels).items()


def without_labels(bucket_name: str, key: str, settings: Settings) -> str:
    """Return why a bucket of a default name is not used, and what to do; `key` is its setting."""
    return (
        f"gs://{bucket_name} has the name of this stack's own bucket, but not the labels by which"
        " the stack knows it. Nothing was changed. If the stack made it, put them back:"
        f" {put_labels(bucket_name, settings.own_labels)}. If it is somebody else's, name it, and"
        f" it is used and stays as it is: pulumi config set atelier:{key} {bucket_name}."
    )


def to_be_deleted(bucket_name: str, settings: Settings) -> str:
    """Return what `pulumi destroy` will delete, with the number of objects."""
    buckets = Buckets(settings.project, Access.of(_of_provider))
    try:
        number = buckets.count(bucket_name, MOST_COUNTED)
    except BucketError as fault:
        objects = f"all its objects, which could not be counted ({fault})"
    else:
        more = "or more " if number == MOST_COUNTED else ""
        objects = f"its {number} {more}objects, older versions among them"
    return (
        f"keepData is false: pulumi destroy will delete gs://{bucket_name} with {objects}."
        " To keep it: pulumi config set atelier:keepData true, then pulumi up."
    )


def existing(bucket_name: str, project: str) -> gcp.storage.outputs.GetBucketsBucketResult | None:
    """Return the project's bucket of that name, or None; also None where Storage is not enabled."""
    try:
        listed = gcp.storage.get_buckets(prefix=bucket_name, project=project)
    except Exception as fault:  # The SDK raises nothing narrower when a lookup fails.
        if not is_not_enabled(str(fault)):
            raise
        pulumi.log.warn(f"{project} has no Storage API yet, so no bucket can be taken up: {fault}")
        return None
    return next((bucket for bucket in listed.buckets if bucket.name == bucket_name), None)


def _of_provider(key: str) -> str | None:
    return pulumi.Config("gcp").get(key.removeprefix("gcp:"))
