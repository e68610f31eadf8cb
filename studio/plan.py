"""What has to change so that Label Studio agrees with a project file: pure, and nothing is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from studio.label_studio.records import Project, RegisteredBackend, Task
from studio.parts.storages import (
    SourceStorage,
    StorageChanges,
    TargetStorage,
    compare_storages,
    unsaved_tasks,
)
from studio.parts.tasks import Wanted, WantedTask
from studio.project.project_file import Backend, Labeler, ProjectFile

CONNECTED = "CO"


@dataclass(frozen=True)
class Actual:
    """What Label Studio has. Without a project everything but the users is empty."""

    project: Project | None = None
    backends: tuple[RegisteredBackend, ...] = ()
    webhooks: tuple[int, ...] = ()
    """Those that Label Studio made for backends."""
    users: Mapping[int, str] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()
    sources: tuple[SourceStorage, ...] = ()
    targets: tuple[TargetStorage, ...] = ()
    saved: Mapping[str, datetime] = field(default_factory=dict)
    """When each object of the wanted target was written, by its name below the prefix."""


@dataclass(frozen=True)
class BackendChange:
    """A backend to register (``registered`` is None) or to change, and why."""

    backend: Backend
    registered: int | None
    reason: str


@dataclass(frozen=True)
class Plan:
    """All changes, in the order in which they are made.

    Attributes:
        create: fields of the project to make; empty when it is there.
        update: fields of the project to change.
        remove_backends: (id, title, reason).
        backends: to register or to change.
        remove_webhooks: ids.
        predictions_from: title of the backend that the project takes predictions from, if that
            changes.
        accounts: labelers without an account.
        storages: where images come from and annotations go to.
        import_tasks: images without a task.
        update_tasks: task id -> its new data.
        predict: tasks without a prediction of the current model, new ones included.
        gone: sources of tasks whose image is not in the source any more; they are left alone.
        foreign: number of tasks that somebody else imported; they are left alone.
    """

    create: Mapping[str, Any] = field(default_factory=dict)
    update: Mapping[str, Any] = field(default_factory=dict)
    remove_backends: tuple[tuple[int, str, str], ...] = ()
    backends: tuple[BackendChange, ...] = ()
    remove_webhooks: tuple[int, ...] = ()
    predictions_from: str | None = None
    accounts: tuple[Labeler, ...] = ()
    storages: StorageChanges = field(default_factory=StorageChanges)
    import_tasks: tuple[WantedTask, ...] = ()
    update_tasks: Mapping[int, dict[str, Any]] = field(default_factory=dict)
    predict: int = 0
    gone: tuple[str, ...] = ()
    foreign: int = 0

    def of_data(self) -> "Plan":
        """Return the part about images and annotations: what people set in Label Studio stays."""
        if self.create:
            return Plan()
        return Plan(
            storages=StorageChanges(unsaved=self.storages.unsaved),
            import_tasks=self.import_tasks,
            update_tasks=self.update_tasks,
            predict=self.predict,
            gone=self.gone,
            foreign=self.foreign,
        )

    @property
    def is_empty(self) -> bool:
        """Whether Label Studio agrees already."""
        return not self.lines()

    def lines(self) -> list[str]:
        """Describe each change in a line."""
        lines = []
        if self.create:
            lines.append(f"make project {self.create['title']!r}")
        lines += [f"change the project's {name.replace('_', ' ')}" for name in self.update]
        lines += [
            f"remove backend {title!r}: {reason}" for _, title, reason in self.remove_backends
        ]
        for change in self.backends:
            verb = "register" if change.registered is None else "change"
            lines.append(f"{verb} backend {change.backend.title!r}: {change.reason}")
        if self.remove_webhooks:
            lines.append(f"remove {len(self.remove_webhooks)} webhooks of backends")
        if self.predictions_from is not None:
            lines.append(f"take predictions from {self.predictions_from!r}")
        lines += [f"make an account for {labeler.email}" for labeler in self.accounts]
        lines += self.storages.lines()
        if self.import_tasks:
            lines.append(f"import {len(self.import_tasks)} images")
        if self.update_tasks:
            lines.append(f"change the facts of {len(self.update_tasks)} tasks")
        if self.predict:
            lines.append(f"retrieve predictions of {self.predict} tasks")
        return lines


def make_plan(project: ProjectFile, wanted: Wanted, actual: Actual) -> Plan:
    """Compare what the file asks for with what Label Studio has."""
    fields = wanted_fields(project)
    removed, changed = _backends(project.backends, actual.backends)
    # Removing or re-registering the first backend empties the project's choice.
    first = project.backends[0].title if project.backends else ""
    chosen = actual.project.model_version if actual.project else ""
    predictions_from = first if first and (chosen != first or removed) else None
    known = {task.source: task for task in actual.tasks if task.source is not None}
    new = tuple(task for task in wanted.tasks if task.image.source not in known)
    wanted_sources = {task.image.source for task in wanted.tasks}
    emails = set(actual.users.values())
    update_tasks = _changed_data(wanted.tasks, known)
    unsaved = unsaved_tasks(actual.tasks, actual.saved, update_tasks) if project.target else []
    return Plan(
        create={} if actual.project else fields,
        update=_changed_fields(fields, actual.project) if actual.project else {},
        remove_backends=removed,
        backends=changed,
        remove_webhooks=actual.webhooks,
        predictions_from=predictions_from,
        accounts=tuple(
            labeler for labeler in project.labelers if labeler.email.lower() not in emails
        ),
        storages=compare_storages(project, actual.sources, actual.targets, unsaved),
        import_tasks=new,
        update_tasks=update_tasks,
        predict=len(new) + len(lacking(actual.tasks, current_version(actual.backends, first)))
        if project.backends
        else 0,
        gone=tuple(source for source in known if source not in wanted_sources),
        foreign=sum(task.source is None for task in actual.tasks),
    )


def wanted_fields(project: ProjectFile) -> dict[str, Any]:
    """Return the fields of the project in Label Studio's own names."""
    return {
        "title": project.title,
        "description": project.description.strip(),
        "label_config": project.config_text,
        # Labelers start from the prediction; it is computed once, here, and not page by page.
        "show_collab_predictions": True,
        "evaluate_predictions_automatically": False,
    }


def current_version(backends: Sequence[RegisteredBackend], title: str) -> str:
    """Return the model version that the backend called ``title`` told last; "" when unknown."""
    return next((item.model_version for item in backends if item.title == title), "")


def lacking(tasks: Sequence[Task], version: str) -> list[Task]:
    """Return the tasks without a prediction of ``version`` (of any, when it is unknown)."""
    if not version:
        return [task for task in tasks if not task.model_versions]
    return [task for task in tasks if not task.has_prediction_of(version)]


def _changed_fields(fields: Mapping[str, Any], project: Project) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if getattr(project, name) != value}


def _backends(
    wanted: Sequence[Backend], actual: Sequence[RegisteredBackend]
) -> tuple[tuple[tuple[int, str, str], ...], tuple[BackendChange, ...]]:
    """Label Studio asks the backend with the lowest id, so the order of registration counts."""
    titles = [backend.title for backend in wanted]
    remove = [(b.id, b.title, "not in the project file") for b in actual if b.title not in titles]
    kept: dict[str, RegisteredBackend] = {}
    for backend in actual:
        if backend.title in kept:
            remove.append((backend.id, backend.title, "registered twice"))
        elif backend.title in titles:
            kept[backend.title] = backend
    if list(kept) != titles[: len(kept)]:
        remove += [(b.id, b.title, "registered in another order") for b in kept.values()]
        kept = {}
    changes = []
    for backend in wanted:
        found = kept.get(backend.title)
        reason = "it is not there yet" if found is None else _difference(backend, found)
        if reason:
            changes.append(BackendChange(backend, found.id if found else None, reason))
    return tuple(remove), tuple(changes)


def _difference(backend: Backend, found: RegisteredBackend) -> str:
    if found.url != backend.url:
        return f"it is at {found.url}"
    if (found.user if found.with_auth else "") != backend.user:
        return "it has another user"
    if found.interactive != backend.interactive:
        return f"interactive is {found.interactive}"
    if found.state != CONNECTED:
        # Its password cannot be read back; a wrong one shows here.
        return f"Label Studio is not connected to it ({found.error or 'no answer'})"
    return ""


def _changed_data(
    wanted: Sequence[WantedTask], known: Mapping[str, Task]
) -> dict[int, dict[str, Any]]:
    changed = {}
    for task in wanted:
        found = known.get(task.image.source)
        if found is not None:
            data = {**found.data, **task.facts}
            if data != found.data:
                changed[found.id] = data
    return changed
