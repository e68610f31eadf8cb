"""Signals end the demo once, and then no more."""

import os
import signal
import time

import pytest

from studio.local.signals import ENDING, ignore_signals, signals_raise


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_a_signal_ends_the_block_and_afterwards_does_what_it_did(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_raise():
        send(number)
    assert signal.getsignal(number) == before


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
