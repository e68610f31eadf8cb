"""Signals end the demo once, and then no more."""

import os
import signal
import time
from collections.abc import Iterator

import pytest

from laptop.processes.signals import ENDING, ignore_signals, signals_raise


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """No signal is ignored at first, also where the tests run under nohup."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_a_signal_ends_the_block_and_afterwards_does_what_it_did(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_raise():
        send(number)
    assert signal.getsignal(number) == before


def test_a_signal_that_was_ignored_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with signals_raise():
        os.kill(os.getpid(), signal.SIGHUP)
        time.sleep(0.05)
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN


def test_the_end_is_not_cut_short_by_a_second_signal() -> None:
    before = [signal.getsignal(number) for number in ENDING]
    with signals_raise():
        ignore_signals()
        for number in ENDING:
            os.kill(os.getpid(), number)
        time.sleep(0.05)
    assert [signal.getsignal(number) for number in ENDING] == before


def send(number: signal.Signals) -> None:
    """Sends it to this process; a handler runs before the sleep is over."""
    os.kill(os.getpid(), number)
    time.sleep(1)
