"""What the stack adds to a bucket of somebody else's, and takes away again: nothing but that.

Pulumi's own bucket resource knows a bucket as a whole: imported, it would replace the CORS rules of
others, their lifecycle, labels, encryption and the rest. So a bucket that the stack did not make
gets, beside roles for the machine's account (`infra.components.permissions`), one CORS rule beside
its others and, where `versioning` asks for it, versions. What was there already is not ours, and
stays when the stack goes.

A bucket that a stack made and that lost its labels looks like somebody else's. As a guest's it
would no longer be declared as the stack's, and the engine would delete it. So one that is set up as
this version sets up its own is refused. The engine deletes what is no longer declared at the end of
an update that had no error (pulumi/pkg/resource/deploy/deployment_executor.go), hence never then.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    Resource,
    UpdateResult,
)

from infra.dynamic.buckets import (
    Bucket,
    BucketError,
    BucketGoneError,
    Buckets,
    CorsRule,
    put_labels,
)
from infra.dynamic.calls import short
from infra.dynamic.credentials import GoogleProvider

State = dict[str, Any]
WANTED = ("cors", "versioning", "own_labels")
# Actions and conditions of the rules in `infra.components.storage`, as the API names them.
OWN_LIFECYCLE = {
    ("Delete", "numNewerVersions"),
    ("Delete", "daysSinceNoncurrentTime"),
    ("AbortIncompleteMultipartUpload", "age"),
}


class BucketGuestProvider(GoogleProvider):
    """Adds to a bucket, and takes away what it added."""

    def check(self, _olds: State, news: State) -> CheckResult:
        """Refuse a bucket that seems to be a stack's own, in a preview already.

        Where the bucket cannot be looked at, `create` will say so.
        """
        told = ""
        if not _olds:
            with suppress(BucketError):
                told = seems_own(Buckets(news["project"], self.access).look(news["bucket"]), news)
        return CheckResult(news, [CheckFailure("bucket", told)] if told else [])

    def create(self, props: State) -> CreateResult:
        """Add what is not there."""
        with short(BucketError):
            found = Buckets(props["project"], self.access).look(props["bucket"])
            if told := seems_own(found, props):
                raise BucketError(told)
        return CreateResult(props["bucket"], self._changed({}, props))

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Another bucket is another guest."""
        return DiffResult(
            changes=any(_olds.get(key) != _news[key] for key in ("bucket", *WANTED)),
            replaces=["bucket"] if _olds["bucket"] != _news["bucket"] else [],
        )

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Put the new rule in the place of the old one."""
        return UpdateResult(self._changed(_olds, _news))

    def delete(self, _id: str, _props: State) -> None:
        """Take away what was added, if it is still there, and the bucket too."""
        with suppress(BucketGoneError):
            self._changed(_props, {**_props, "cors": [], "versioning": False})

    def _changed(self, olds: State, news: State) -> State:
        """Change the bucket, and return the state: `added` is what is ours in it."""
        ours: State = olds.get("added") or {"cors": [], "versioning": False}
        # The engine makes every number a float, which the API does not take for an integer.
        wanted: list[CorsRule] = [
            {**rule, "maxAgeSeconds": int(rule["maxAgeSeconds"])} for rule in news["cors"]
        ]

        def to(bucket: Bucket) -> Bucket:
            if _labelled(bucket, news):
                return bucket  # Made by the stack since, which declares it as a whole.
            kept = [rule for rule in bucket.cors if rule not in ours["cors"]]
            cors = [*kept, *(rule for rule in wanted if rule not in kept)]
            without = bucket.versioning and not ours["versioning"]
            return replace(bucket, cors=cors, versioning=without or news["versioning"])

        with short(BucketError):
            before = Buckets(news["project"], self.access).change(news["bucket"], to)
        kept = [rule for rule in before.cors if rule not in ours["cors"]]
        added = {
            "cors": [rule for rule in wanted if rule not in kept],
            "versioning": news["versioning"] and (ours["versioning"] or not before.versioning),
        }
        return {**news, "added": added}


def seems_own(bucket: Bucket, props: State) -> str:
    """Return why the bucket may be one that a stack made; empty where it is somebody else's.

    Its lifecycle tells, which nobody else writes in just these three rules, unless its label names
    another stack.
    """
    own: dict[str, str] = props["own_labels"]
    has = {(rule["action"]["type"], key) for rule in bucket.lifecycle for key in rule["condition"]}
    another = bucket.labels.get("atelier-stack") not in (None, own["atelier-stack"])
    if another or _labelled(bucket, props) or not has >= OWN_LIFECYCLE:
        return ""
    name = props["bucket"]
    return (
        f"gs://{name} is set up as a bucket of this program, but has not the labels by which its"
        " stack knows it. Nothing was changed. If this stack made it, put them back:"
        f" {put_labels(name, own)}. If it is somebody else's, say so:"
        f" {put_labels(name, {'atelier-stack': 'none'})}."
    )


def _labelled(bucket: Bucket, props: State) -> bool:
    own: State = props.get("own_labels") or {}
    return bool(own) and own.items() <= dict(bucket.labels).items()


class BucketGuest(Resource, module="atelier", name="BucketGuest"):
    """What is ours in a bucket that is not.

    Attributes:
        bucket: The bucket's name, when what is ours is in it.
    """

    bucket: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        project: str,
        bucket: str,
        cors: pulumi.Input[list[dict[str, object]]],
        versioning: bool,
        own_labels: dict[str, str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: dict[str, pulumi.Input[Any]] = {
            "project": project,
            "bucket": bucket,
            "cors": cors,
            "versioning": versioning,
            "own_labels": own_labels,
            "added": None,
        }
        super().__init__(BucketGuestProvider(), name, props, opts)
