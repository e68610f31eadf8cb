"""The two buckets: the images to label, and the annotations.

Owns the buckets and their protection from loss. A bucket of the wanted name that is in the project
already is taken up as it is, so what `pulumi destroy` kept is found again by the next `pulumi up`.
Does not own who may read them (`permissions`), nor any object in them.
"""

from dataclasses import dataclass

import pulumi
import pulumi_gcp as gcp

from infra.components.services import Services
from infra.render.cors import cors_rules
from infra.settings.fields import Settings

SOFT_DELETE_DAYS = 7
UNFINISHED_UPLOAD_DAYS = 2
DAY_SECONDS = 24 * 3600
NOT_ENABLED = ("SERVICE_DISABLED", "has not been used in project", "it is disabled")


@dataclass(frozen=True)
class StorageArgs:
    """What the buckets depend on; `origin` is the web origin that may read images from them."""

    settings: Settings
    services: Services
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
        self.source = self._bucket(f"{name}-source", args.settings.source_bucket_name)
        self.target = self._bucket(f"{name}-target", args.settings.target_bucket_name)
        self.register_outputs({"source": self.source, "target": self.target})

    def _bucket(self, resource_name: str, bucket_name: str) -> pulumi.Output[str]:
        settings = self._args.settings
        found = existing(bucket_name, settings.project)
        location = found.location if found else settings.bucket_location or settings.region
        bucket = gcp.storage.Bucket(
            resource_name,
            name=bucket_name,
            project=settings.project,
            # Another place or class than the one there would delete the bucket and make it anew.
            location=location.upper(),
            storage_class=found.storage_class if found else "STANDARD",
            # The provider leaves labels alone that others have set.
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
                depends_on=self._args.services,
                import_=bucket_name if found else None,
            ),
        )
        return bucket.name


def existing(bucket_name: str, project: str) -> gcp.storage.outputs.GetBucketsBucketResult | None:
    """Return the project's bucket of that name, or None; also None where Storage is not enabled."""
    try:
        listed = gcp.storage.get_buckets(prefix=bucket_name, project=project)
    except Exception as fault:  # The SDK raises nothing narrower when a lookup fails.
        if not any(words in str(fault) for words in NOT_ENABLED):
            raise
        pulumi.log.warn(f"{project} has no Storage API yet, so no bucket can be taken up: {fault}")
        return None
    return next((bucket for bucket in listed.buckets if bucket.name == bucket_name), None)
