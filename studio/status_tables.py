"""The status as tables."""

from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studio.label_studio.records import RegisteredBackend
from studio.left import MAX_NAMED
from studio.output import shortened
from studio.status import ProjectStatus

# Label Studio's codes for the state of a backend.
STATES = {"CO": "up", "DI": "down", "ER": "error", "TR": "training", "PR": "predicting"}


def show_status(
    console: Console,
    url: str,
    version: str,
    editor: Mapping[str, str | None],
    projects: list[ProjectStatus],
) -> None:
    """Print a table of the services, and one of each project's work.

    `editor`: name of each change to it -> why it was not made, None for one that was.
    """
    services = _services(url, version, projects)
    if editor:
        services.add_row("editor", _editor(editor))
    console.print(services)
    for status in projects:
        console.print(_work(status))


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
    table.add_row("tasks", str(status.tasks))
    table.add_row("tasks annotated", str(status.annotated))
    for email, count in status.annotations.items():
        table.add_row(f"annotations by {escape(email)}", str(count))
    table.add_row("tasks without a current prediction", str(status.without_prediction))
    for reason, tasks in status.left.never.items():
        table.add_row(f"tasks that cannot be pre-labelled: {escape(reason)}", str(len(tasks)))
    if status.with_prompts:
        ids = shortened([str(task.id) for task in status.with_prompts], MAX_NAMED)
        table.add_row(
            f"tasks submitted before a mask was accepted: {ids}", str(len(status.with_prompts))
        )
    return table
