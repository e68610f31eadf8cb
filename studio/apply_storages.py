"""Carry out what changes about buckets: look whether it can work, change, and prove that it did."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from studio.buckets.address import StorageAddress
from studio.buckets.cloud_storage import READ, WRITE, CloudStorage, image_address
from studio.errors import StorageAccessError
from studio.label_studio.client import Studio
from studio.label_studio.records import Task
from studio.parts.storages import object_name, target_address
from studio.plan import Plan
from studio.project.project_file import ProjectFile


def check_access(project: ProjectFile, cloud: CloudStorage) -> None:
    """Return if this account may do in the project's buckets what labeling takes.

    Label Studio looks no further than whether a target bucket is there. Without the right to write,
    labelers would learn of it one by one, when they submit.

    Raises:
        StorageError: it may not; the message names what is missing.
    """
    if project.source.bucket:
        cloud.demand(project.source.bucket, READ)
    if project.target:
        cloud.demand(project.target.bucket, WRITE)


def read_saved(project: ProjectFile, cloud: CloudStorage) -> dict[str, datetime]:
    """Return when each object of the target was written, by its name below the prefix.

    Raises:
        StorageError: the target cannot be listed.
    """
    address = target_address(project.target)
    if address is None:
        return {}
    return {
        found.name.removeprefix(address.prefix): found.updated for found in cloud.objects(address)
    }


def change_storages(plan: Plan, number: int, studio: Studio) -> None:
    """Make and change storages, before any task needs them."""
    changes = plan.storages
    if changes.source:
        studio.parts.storages.save_source(number, changes.source)
    if changes.target:
        studio.parts.storages.make_target(number, changes.target)
    # The new one is there before the old one goes: no annotation falls between them.
    for old in changes.remove_targets:
        studio.parts.storages.remove_target(old)


def save_annotations(
    project: ProjectFile, plan: Plan, number: int, studio: Studio, cloud: CloudStorage
) -> None:
    """Have Label Studio write the annotations that the target lacks, and look whether it did.

    Raises:
        StorageAccessError: some are still not there.
    """
    address = target_address(project.target)
    if address is None or not plan.storages.unsaved:
        return
    if plan.storages.target is None:  # a new one was filled when it was made
        for target in studio.parts.storages.targets(number):
            if target.address == address:
                studio.parts.storages.save_all(target)
    _check_saved(address, plan.storages.unsaved, read_saved(project, cloud))


def check_an_image(
    project: ProjectFile, number: int, studio: Studio, known: Sequence[Task]
) -> None:
    """Open one image of the bucket as a browser does.

    Args:
        known: the project's tasks, as they were before this run.

    Raises:
        MediaError: it does not come, and no other would.
    """
    bucket = project.source.bucket
    if bucket is None:
        return
    task = _task_of(bucket, known) or _task_of(bucket, studio.parts.tasks(number))
    if task is not None and task.source is not None:
        studio.parts.storages.check_image(task.id, task.source)


def _task_of(bucket: StorageAddress, tasks: Sequence[Task]) -> Task | None:
    start = image_address(bucket.bucket, "")
    return next((task for task in tasks if (task.source or "").startswith(start)), None)


def _check_saved(
    address: StorageAddress, tasks: tuple[int, ...], saved: Mapping[str, datetime]
) -> None:
    lost = [task for task in tasks if object_name(task) not in saved]
    if lost:
        raise StorageAccessError(
            f"Label Studio could not save the annotations of {len(lost)} tasks to {address}. They "
            "are safe in its database. Its account needs the role Storage Object User on the "
            "bucket; the next run tries again"
        )
