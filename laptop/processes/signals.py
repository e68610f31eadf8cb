"""Signals that end the demo, and an end that no further signal cuts short."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does; afterwards signals do what they did."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt)
        for number in ENDING
        if signal.getsignal(number) != signal.SIG_IGN  # nohup, or a script's background job
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_signals() -> None:
    """From here to the end of `signals_raise`, no signal interrupts."""
    for number in ENDING:
        signal.signal(number, signal.SIG_IGN)
