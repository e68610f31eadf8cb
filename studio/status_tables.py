"""The status as tables."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studio.label_studio.records import RegisteredBackend
from studio.left import MAX_NAMED
from studio.output import shortened
from studio.status import ProjectStatus
from studio.status_progress import PACE_DAYS, Progress

# Label Studio's codes for the state of a backend.
STATES = {"CO": "up", "DI": "down", "ER": "error", "TR": "training", "PR": "predicting"}


def show_status(
    console: Console,
    url: str,
    version: str,
    editor: Mapping[str, str | None],
    projects: list[ProjectStatus],
) -> None:
    """Print a table of the services, and two of each project's work.

    `editor`: name of each change to it -> why it was not made, None for one that was.
    """
    services = _services(url, version, projects)
    if editor:
        services.add_row("editor", _editor(editor))
    console.print(services)
    for status in projects:
        console.print(_work(status))
        console.print(_labelers(status))


def _services(url: str, version: str, projects: list[ProjectStatus]) -> Table:
    table = Table("service", "state", "version", "address", title="Services")
    table.add_row("Label Studio", "[green]up[/]", version, url)
    for status in projects:
        for backend in status.backends:
            name = f"{backend.title} (project {status.project.id})"
            table.add_row(
                escape(name), _state(backend), escape(backend.model_version), escape(backend.url)
            )
    return table


def _editor(changes: Mapping[str, str | None]) -> str:
    refused = [f"{name}: {reason}" for name, reason in changes.items() if reason]
    if refused:
        return f"[red]slow[/]: as installed, because {escape('; '.join(refused))}"
    return "[green]quick[/]"


def _state(backend: RegisteredBackend) -> str:
    state = STATES.get(backend.state, backend.state)
    if backend.is_connected:
        return f"[green]{state}[/]"
    return f"[red]{state}[/]" + (f": {escape(backend.error)}" if backend.error else "")


def _work(status: ProjectStatus) -> Table:
    title = f"Project {status.project.id}: {escape(status.project.title)}"
    table = Table("what", "how many", title=title)
    for what, value in _progress(status.progress):
        table.add_row(what, value)
    table.add_row("tasks without a current prediction", str(status.without_prediction))
    for reason, tasks in status.left.never.items():
        names = shortened([task.name for task in tasks], MAX_NAMED)
        table.add_row(
            f"tasks that cannot be pre-labelled: {escape(reason)}: {escape(names)}", str(len(tasks))
        )
    if status.with_prompts:
        ids = shortened([str(task.id) for task in status.with_prompts], MAX_NAMED)
        table.add_row(
            f"tasks submitted before a mask was accepted: {ids}", str(len(status.with_prompts))
        )
    return table


def _progress(progress: Progress) -> list[tuple[str, str]]:
    def share(count: int) -> str:
        return f"{count} ({progress.percent(count)} %)" if progress.tasks else str(count)

    rows = [
        ("tasks", str(progress.tasks)),
        ("tasks done", share(progress.done)),
        ("tasks skipped", share(progress.skipped)),
        ("tasks remaining", share(progress.remaining)),
    ]
    if progress.begun:
        rows.append(("of those, waiting for another opinion", str(progress.begun)))
    rows.append(("tasks done today", str(progress.today)))
    if progress.per_day is not None:
        rows.append((f"tasks done a day (last {PACE_DAYS} days)", f"{progress.per_day:.1f}"))
    if progress.end is not None:
        rows.append(("expected end", progress.end.isoformat()))
    return rows


def _labelers(status: ProjectStatus) -> Table:
    title = f"Labelers of project {status.project.id}"
    table = Table("labeler", "annotations", "today", "skipped", title=title)
    for email, work in status.labelers.items():
        numbers = map(str, (work.annotations, work.today, work.skipped))
        table.add_row(escape(email), *numbers)
    return table
