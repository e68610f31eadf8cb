"""What the commands show: tables and progress on a terminal, plain lines in a log."""

import os
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


class Output:
    """Writes to a console. It knows no secrets: what it is given is shown."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, text: str) -> None:
        """Write a line."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Show a table, or nothing if it has no rows. Square brackets are shown as they are."""
        if rows:
            table = Table(*columns, title=title)
            for row in rows:
                table.add_row(*map(escape, row))
            self._console.print(table)

    @contextmanager
    def waiting(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show what is being waited for; a log gets a line whenever it changes."""
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


def counted(number: int, what: str) -> str:
    """Return "1 task" or "3 tasks"."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def printable(name: str) -> str:
    """Return a file's name as it can be shown: what is no text as \\x.. or \\n."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        letter.encode("unicode_escape").decode()
        if unicodedata.category(letter) in ("Cc", "Zl", "Zp")
        else letter
        for letter in text
    )


def shortened(names: Sequence[str], most: int) -> str:
    """Join at most ``most`` names."""
    return ", ".join([*names[:most], *(["..."] if len(names) > most else [])])
