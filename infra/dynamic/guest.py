"""What the stack adds to a bucket of somebody else's, and takes away again: nothing but that.

Pulumi's own bucket resource knows a bucket as a whole: imported, it would replace the CORS rules of
others, their lifecycle, labels, encryption and the rest. So a bucket that the stack did not make
gets, beside roles for the machine's account (`infra.components.permissions`), one CORS rule beside
its others and, where `versioning` asks for it, versions. What was there already is not ours, and
stays when the stack goes.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, UpdateResult

from infra.dynamic.buckets import Bucket, BucketError, Buckets, CorsRule
from infra.dynamic.credentials import GoogleProvider

State = dict[str, Any]
WANTED = ("cors", "versioning")


class BucketGuestProvider(GoogleProvider):
    """Adds to a bucket, and takes away what it added."""

    def create(self, props: State) -> CreateResult:
        """Add what is not there."""
        return CreateResult(props["bucket"], self._changed({}, props))

    def diff(self, _id: str, _olds: State, _news: State) -> DiffResult:
        """Another bucket is another guest."""
        return DiffResult(
            changes=any(_olds[key] != _news[key] for key in ("bucket", *WANTED)),
            replaces=["bucket"] if _olds["bucket"] != _news["bucket"] else [],
        )

    def update(self, _id: str, _olds: State, _news: State) -> UpdateResult:
        """Put the new rule in the place of the old one."""
        return UpdateResult(self._changed(_olds, _news))

    def delete(self, _id: str, _props: State) -> None:
        """Take away what was added, if it is still there."""
        self._changed(_props, {**_props, "cors": [], "versioning": False})

    def _changed(self, olds: State, news: State) -> State:
        """Change the bucket, and return the state: `added` is what is ours in it."""
        ours: State = olds.get("added") or {"cors": [], "versioning": False}
        # The engine makes every number a float, which the API does not take for an integer.
        wanted: list[CorsRule] = [
            {**rule, "maxAgeSeconds": int(rule["maxAgeSeconds"])} for rule in news["cors"]
        ]

        def to(bucket: Bucket) -> Bucket:
            kept = [rule for rule in bucket.cors if rule not in ours["cors"]]
            cors = [*kept, *(rule for rule in wanted if rule not in kept)]
            without = bucket.versioning and not ours["versioning"]
            return Bucket(cors, without or news["versioning"])

        with _short():
            before = Buckets(news["project"], self.access).change(news["bucket"], to)
        kept = [rule for rule in before.cors if rule not in ours["cors"]]
        added = {
            "cors": [rule for rule in wanted if rule not in kept],
            "versioning": news["versioning"] and (ours["versioning"] or not before.versioning),
        }
        return {**news, "added": added}


@contextmanager
def _short() -> Generator[None]:
    """Drop the causes of an error: the engine shows whole tracebacks, and the words come last."""
    try:
        yield
    except BucketError as fault:
        raise type(fault)(str(fault)) from None


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
        opts: pulumi.ResourceOptions,
    ) -> None:
        props: dict[str, pulumi.Input[Any]] = {
            "project": project,
            "bucket": bucket,
            "cors": cors,
            "versioning": versioning,
            "added": None,
        }
        super().__init__(BucketGuestProvider(), name, props, opts)
