"""What the command shows: tables and progress on a terminal, plain lines in a log."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from studio.label_studio.records import Task
from studio.label_studio.sign_up import NewAccount
from studio.parts.tasks import Wanted
from studio.plan import Plan

# Longer lists are cut, and say how long they are.
MAX_TASKS = 20
MAX_NAMES = 8


class Report:
    """Writes to a console; nothing secret but the passwords that it is asked to show."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def leftovers(self, wanted: Wanted) -> None:
        """Show what did not fit together in a table, or nothing."""
        rows = leftover_rows(wanted)
        if not rows:
            return
        table = Table("what", "how many", "which", title="Not everything fits together")
        for what, names in rows:
            shown = names[:MAX_NAMES] + (["..."] if len(names) > MAX_NAMES else [])
            table.add_row(what, str(len(names)), escape(", ".join(shown)))
        self._console.print(table)

    def plan(self, plan: Plan, dry_run: bool) -> None:
        """Show each change in a line."""
        if plan.gone:
            self.say(
                f"{len(plan.gone)} tasks are of images that are not in the source any more; "
                f"they are left alone: {', '.join(plan.gone[:5])}"
                + (", ..." if len(plan.gone) > 5 else "")
            )
        if plan.foreign:
            self.say(f"{plan.foreign} tasks were imported by somebody else; they are left alone")
        if plan.is_empty:
            self.say("nothing to change")
            return
        self.say("would do:" if dry_run else "to do:")
        for line in plan.lines():
            self.say(f"  {line}")

    def account(self, account: NewAccount) -> None:
        """Show a new account, with its password if it was made here."""
        if account.generated:
            password = account.password.get_secret_value()
            self.say(f"account {account.email} with password {password} (shown only now)")
        else:
            self.say(f"account {account.email} with the password of the project file")

    def without_prediction(self, tasks: Sequence[Task]) -> None:
        """Name the tasks that the backend gave nothing for."""
        for task in tasks[:MAX_TASKS]:
            self.say(f"no prediction for task {task.id} ({task.source or 'not imported here'})")
        if len(tasks) > MAX_TASKS:
            self.say(f"and for {len(tasks) - MAX_TASKS} more tasks")
        if tasks:
            self.say("the log of the first backend says why; the next run asks for these again")

    def done(self, project: int, url: str) -> None:
        """Say where to go now."""
        self.say(f"done: {url}/projects/{project}/data")

    @contextmanager
    def waiting(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show what is waited for; a log gets a line whenever it changes."""
        if self._console.is_terminal:
            with self._console.status(what) as status:
                yield status.update
            return
        last = ""

        def tell(text: str) -> None:
            nonlocal last
            if text != last:
                self.say(text)
            last = text

        yield tell

    @contextmanager
    def progress(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show a bar; a log gets one line at the end."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        shown = self._console.is_terminal
        counted = 0
        with Progress(
            *columns, TimeElapsedColumn(), console=self._console, disable=not shown
        ) as progress:
            bar = progress.add_task(what, total=None)

            def tell(done: int, total: int) -> None:
                nonlocal counted
                counted = done
                progress.update(bar, completed=done, total=total)

            yield tell
        if not shown and counted:
            self.say(f"{what}: {counted}")


def leftover_rows(wanted: Wanted) -> list[tuple[str, list[str]]]:
    """Return (what, which ones) for everything that did not fit together."""
    found, matched = wanted.found, wanted.matched
    shared = [f"{key}: {' + '.join(sources)}" for key, sources in matched.images_sharing_rows]
    rows = [
        ("rows without an image", list(matched.rows_without_image)),
        ("images without a row", list(matched.images_without_row)),
        ("keys that several images have", shared),
        ("rows twice in the catalogue", list(matched.repeated_rows)),
        ("the same image more than once", [" + ".join(group) for group in found.repeated]),
    ]
    for reason in dict.fromkeys(reason for _, reason in found.ignored):
        rows.append((f"left out: {reason}", [name for name, why in found.ignored if why == reason]))
    return [(what, names) for what, names in rows if names]
