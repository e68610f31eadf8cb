"""An annotation that is saved counts as submitted, whatever its project's target says.

Label Studio 1.23.2 writes to each target storage while an annotation is being saved (the receivers
of post_save in io_storages/*/models.py). One that is away holds up a labeler's Submit for two
minutes, and then the answer is 500, although the annotation is in the database: Submit once more
makes a second one. Here a thread of its own writes. The labeler waits for it for a moment only, and
what it could not write is written by the next `studio apply`.
"""

import logging
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connections, transaction  # pyright: ignore[reportMissingImports]
from django.db.models.signals import post_save  # pyright: ignore[reportMissingImports]
from io_storages.azure_blob.models import (  # pyright: ignore[reportMissingImports]
    export_annotation_to_azure_storages,
)
from io_storages.gcs.models import (  # pyright: ignore[reportMissingImports]
    export_annotation_to_gcs_storages,
)
from io_storages.localfiles.models import (  # pyright: ignore[reportMissingImports]
    export_annotation_to_local_files,
)
from io_storages.redis.models import (  # pyright: ignore[reportMissingImports]
    export_annotation_to_redis_storages,
)
from io_storages.s3.models import (  # pyright: ignore[reportMissingImports]
    export_annotation_to_s3_storages,
)
from tasks.models import Annotation  # pyright: ignore[reportMissingImports]

log = logging.getLogger(__name__)

# Cloud Storage takes some 0.2 s. Who waits as long as this finds the target up to date.
WAIT_SECONDS = 3.0
# Writes at a time in each process: each holds a connection to the database, of which there are few.
MOST_WRITES = 16

LATER = "the next run of `studio apply` writes it there"

WRITERS: tuple[Callable[..., None], ...] = (
    export_annotation_to_gcs_storages,
    export_annotation_to_s3_storages,
    export_annotation_to_azure_storages,
    export_annotation_to_redis_storages,
    export_annotation_to_local_files,
)

_places = threading.BoundedSemaphore(MOST_WRITES)


def take_over() -> None:
    """Write in place of Label Studio's own receivers, by them."""
    for writer in WRITERS:
        if not post_save.disconnect(writer, sender=Annotation):
            log.error("%s was not called at a Submit; the targets may get it twice", writer)
    post_save.connect(_saved, sender=Annotation, dispatch_uid="atelier-targets")


def _saved(sender: type, instance: Any, **told: Any) -> None:
    if instance.project.get_all_export_storage_objects:
        # Another connection does not see it before.
        transaction.on_commit(partial(_write_beside, instance.pk))


def _write_beside(number: int) -> None:
    if not _places.acquire(blocking=False):
        log.error("annotation %s is saved, and not in its project's target: %s", number, LATER)
        return
    thread = threading.Thread(target=_write, args=(number,), name=f"target {number}", daemon=True)
    thread.start()
    thread.join(WAIT_SECONDS)


def _write(number: int) -> None:
    try:
        for writer in WRITERS:
            write_newest(number, writer)
    # Nobody else would see it.
    except Exception:
        log.exception("annotation %s is saved; whether it is in the target is unknown", number)
    finally:
        connections.close_all()
        _places.release()


def write_newest(number: int, writer: Callable[..., None]) -> None:
    """Write the state of an annotation's task, and again where it has changed meanwhile.

    Google's client tries for two minutes to write what it was given first. Without this, an older
    state could come after a newer one.
    """
    written = None
    while (annotation := Annotation.objects.filter(pk=number).first()) is not None:
        state = _state(annotation.task_id)
        if state == written:
            return
        try:
            writer(sender=Annotation, instance=annotation)
        # Whatever a storage's client raises. The database has the annotation.
        except Exception as error:  # noqa: BLE001
            log.error(
                "annotation %s is saved, and not in its project's target: %s. %s: %s",
                *(number, LATER, type(error).__name__, error),
            )
            return
        written = state


def _state(task: int) -> list[tuple[Any, ...]]:
    found = Annotation.objects.filter(task=task).order_by("id")
    return [*found.values_list("id", "updated_at")]
