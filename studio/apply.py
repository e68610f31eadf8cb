"""Make Label Studio agree with a project file."""

from dataclasses import dataclass

from studio.apply_storages import (
    change_storages,
    check_access,
    check_an_image,
    read_saved,
    save_annotations,
)
from studio.buckets.cloud_storage import CloudStorage
from studio.errors import BackendError, RefusedError, StudioError
from studio.label_studio.client import Studio
from studio.label_studio.importing import import_all
from studio.label_studio.sign_up import sign_up
from studio.parts.predictions import retrieve_missing
from studio.parts.tasks import Wanted, wanted_tasks
from studio.plan import Actual, BackendChange, Plan, make_plan
from studio.project.project_file import ProjectFile
from studio.readiness import wait_until_up
from studio.report import Report


@dataclass(frozen=True)
class Options:
    """How to apply."""

    dry_run: bool = False
    wait_seconds: float = 600.0
    """How long a backend may take to load its model."""
    data_only: bool = False
    """Whether the project's settings stay as they are, and only images and annotations are
    brought up to date."""


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Attributes:
        project: its id; None after a dry run that found none.
        changed: whether anything was (or, in a dry run, would be) changed.
        without_prediction: sources of tasks that the backend gave no prediction for.
    """

    project: int | None
    changed: bool
    without_prediction: tuple[str, ...] = ()


def apply(
    project: ProjectFile,
    studio: Studio,
    report: Report,
    options: Options,
    cloud: CloudStorage | None = None,
) -> Outcome:
    """Compare, show the plan, and carry it out.

    Args:
        cloud: where buckets are; a connection of its own when it is not given.

    Raises:
        StudioError: with what went wrong and what to do; what was done until then stays, and the
            next run goes on from there.
    """
    cloud = cloud or CloudStorage()
    check_access(project, cloud)
    wanted = wanted_tasks(project, cloud)
    report.leftovers(wanted)
    if not wanted.tasks:
        report.say("no image in the bucket yet; run this again when there are some")
    actual = read_actual(project, studio, cloud)
    plan = make_plan(project, wanted, actual)
    if options.data_only:
        plan = plan.of_data()
    report.plan(plan, dry_run=options.dry_run)
    known = actual.project.id if actual.project else None
    if options.dry_run or (plan.is_empty and known is None):
        return Outcome(known, not plan.is_empty)
    if plan.is_empty and known is not None:
        check_an_image(project, known, studio, actual.tasks)
        return Outcome(known, False)
    number = known if known is not None else studio.create_project(dict(plan.create)).id
    _change_project(plan, number, studio)
    _change_backends(plan, number, studio, report, options)
    _make_accounts(plan, studio, report)
    change_storages(plan, number, studio)
    missing = _change_tasks(project, wanted, plan, number, studio, report)
    save_annotations(project, plan, number, studio, cloud)
    check_an_image(project, number, studio, actual.tasks)
    report.done(number, studio.connection.url)
    return Outcome(number, True, missing)


def read_actual(project: ProjectFile, studio: Studio, cloud: CloudStorage) -> Actual:
    """Return what Label Studio has under the project's title, and what its target bucket has.

    Raises:
        StudioError: several projects have the title, or the bucket cannot be listed.
    """
    title = project.title
    studio.version()
    users = studio.users()
    named = [one for one in studio.projects() if one.title == title]
    if not named:
        return Actual(users=users)
    if len(named) > 1:
        ids = ", ".join(str(one.id) for one in named)
        raise StudioError(f"projects {ids} are all called {title!r}; rename all but one of them")
    found = named[0]
    backends = tuple(studio.backends(found.id))
    return Actual(
        project=found,
        backends=backends,
        webhooks=tuple(studio.webhooks_of(found.id, [backend.url for backend in backends])),
        users=users,
        tasks=tuple(studio.parts.tasks(found.id)),
        sources=tuple(studio.parts.storages.sources(found.id)),
        targets=tuple(studio.parts.storages.targets(found.id)),
        saved=read_saved(project, cloud),
    )


def _change_project(plan: Plan, number: int, studio: Studio) -> None:
    if plan.update:
        studio.update_project(number, dict(plan.update))


def _change_backends(
    plan: Plan, number: int, studio: Studio, report: Report, options: Options
) -> None:
    for change in plan.backends:
        with report.waiting(f"waiting for backend {change.backend.title}") as tell:
            wait_until_up(change.backend, options.wait_seconds, tell)
    studio.remove_webhooks(plan.remove_webhooks)
    for registered, _, _ in plan.remove_backends:
        studio.remove_backend(registered)
    for change in plan.backends:
        _change_backend(change, number, studio)
    if plan.predictions_from is not None:
        studio.update_project(number, {"model_version": plan.predictions_from})


def _change_backend(change: BackendChange, number: int, studio: Studio) -> None:
    backend = change.backend
    try:
        if change.registered is None:
            studio.register_backend(number, backend)
        else:
            studio.update_backend(change.registered, number, backend)
    except RefusedError as error:
        # Label Studio's own words for a 401, and for an address that it may not call.
        if "authentication parameters" in str(error) or "401 Client Error" in str(error):
            raise BackendError(
                f"backend {backend.title!r} at {backend.url} does not accept user "
                f"{backend.user!r} with this password; correct both in the project file"
            ) from None
        if "reserved network address" in str(error):
            raise BackendError(
                f"Label Studio may not call backend {backend.title!r} at {backend.url}: start it "
                "with the backend's address in ML_BACKEND_ADDRESSES"
            ) from None
        raise


def _make_accounts(plan: Plan, studio: Studio, report: Report) -> None:
    if not plan.accounts:
        return
    invitation = studio.invitation()
    for labeler in plan.accounts:
        # Shown at once: whatever fails later, nobody could find the password out again.
        report.account(sign_up(studio.connection, invitation, labeler))


def _change_tasks(
    project: ProjectFile, wanted: Wanted, plan: Plan, number: int, studio: Studio, report: Report
) -> tuple[str, ...]:
    if plan.import_tasks:
        with report.progress("importing images") as tell:
            import_all(studio, number, wanted.keys.image, plan.import_tasks, tell)
    if plan.update_tasks:
        with report.progress("changing facts") as tell:
            for done, (task, data) in enumerate(plan.update_tasks.items(), start=1):
                studio.update_task_data(task, data)
                tell(done, len(plan.update_tasks))
    if not project.backends:
        return ()
    with report.progress("retrieving predictions") as tell:
        missing = retrieve_missing(studio, number, project.backends[0].title, tell)
    report.without_prediction(missing)
    return tuple(task.source or f"task {task.id}" for task in missing)
