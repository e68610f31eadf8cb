"""What a person sees of long work: a line that counts its seconds, then what it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Lines on a console, each with the demo's name before it."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def print(self, text: str) -> None:
        """Prints the text as it is: no colours, no markup, and no line broken."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def say(self, line: str) -> None:
        self.print(f"demo: {line}")

    def show(self, text: str) -> None:
        """Prints what a command said, set off from the demo's own lines."""
        for line in text.splitlines():
            self.print(f"  {line}")

    @contextmanager
    def phase(self, what: str) -> Iterator[Callable[[str], None]]:
        """Counts seconds while the block runs; the function that it gets says what is going on."""
        started = time.monotonic()
        with self.console.status(what) as status:

            def update(words: str) -> None:
                seconds = time.monotonic() - started
                status.update(f"{what} ({seconds:.0f} s) {words}")

            yield update
        self.say(f"{what}: {time.monotonic() - started:.1f} s")
