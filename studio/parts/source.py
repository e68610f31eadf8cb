"""The source storage, by which Label Studio opens the images of the source bucket.

A project has one for each bucket that its tasks' images are in. Label Studio finds it by the
bucket's name, to sign an image's address or to pass its bytes on. It never imports from it: its own
import knows nothing of the catalogue, nor of tasks that are there already.

No storage holds a key. Label Studio uses the credentials of its own process, so that no key lies in
its database, and a new key takes a restart alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.buckets.cloud_storage import READ
from studio.label_studio.storages import SourceStorage
from studio.part import Context, Step
from studio.project.project_file import ProjectFile

OF_DATA = False
# How long a signed address is valid; an image that is opened later gets a new one.
PRESIGN_MINUTES = 15


@dataclass(frozen=True)
class OpenSource(Step):
    """Create a source storage, or change the one with its id."""

    storage: SourceStorage

    def describe(self) -> str:
        verb = "change how images are opened" if self.storage.id else "open images"
        media = "presigned" if self.storage.presign else "proxy"
        return f"{verb} from gs://{self.storage.bucket} ({media})"

    def carry_out(self, context: Context) -> None:
        context.studio.storages.save_source(context.project_id, self.storage)


def look(context: Context) -> Sequence[SourceStorage]:
    """Return the source storages, oldest first.

    Raises:
        StorageError: this account cannot read the bucket; the message names what is missing.
    """
    if context.project.source.bucket:
        context.cloud.demand(context.project.source.bucket, READ)
    return context.studio.storages.sources(context.project_id) if context.project_id else ()


def compare(project: ProjectFile, seen: Sequence[SourceStorage]) -> list[Step]:
    if project.source.bucket is None:
        return []
    bucket = project.source.bucket.bucket
    # Label Studio takes the first one of a bucket.
    found = next((storage for storage in seen if storage.bucket == bucket), None)
    wanted = SourceStorage(
        bucket=bucket,
        presign=project.source.media == "presigned",
        presign_minutes=PRESIGN_MINUTES,
        # People could start Label Studio's own import, which would double the tasks.
        synchronizable=False,
        id=found.id if found else 0,
    )
    return [] if wanted == found else [OpenSource(wanted)]
