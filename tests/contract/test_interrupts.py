"""Ctrl-C: the first ends a run in good order, the second at once."""

import os
import signal
from collections.abc import Iterator

import pytest

from scripts.contract.live.interrupts import Interrupts


class Left(Exception):
    """The process would have ended."""


ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Let each signal that ends a process do so, whatever started the tests, and put back what it did."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what was told; the process does not end."""

    def leave(status: int) -> None:
        raise Left(status)

    monkeypatch.setattr(os, "_exit", leave)
    return []


@pytest.mark.parametrize("number", ENDING)
def test_the_first_signal_ends_a_run_and_the_second_leaves(told: list[str], number: signal.Signals) -> None:
    """The first one is an interruption, the second ends the process with status 2 and names the command."""
    before = signal.getsignal(number)
    with Interrupts(told.append) as interrupts:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        with interrupts.put_off(), pytest.raises(Left, match="2"):
            signal.raise_signal(number)
    assert told == [
        "stopping: what the run has made is being removed; Ctrl-C again leaves it to make contract-cleanup",
        "stopped; make contract-cleanup removes what is left",
    ]
    assert signal.getsignal(number) == before


def test_a_signal_waits_while_something_is_removed(told: list[str]) -> None:
    """A first signal does not stop a clean-up, and ends the run after it."""
    with Interrupts(told.append) as interrupts:
        interrupts.make_up()
        with interrupts.put_off():
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupts.make_up()
    assert len(told) == 1


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_that_was_ignored_stays_so(told: list[str], number: signal.Signals) -> None:
    """What nohup, or a shell for its background jobs, has set to be ignored does not end a run."""
    signal.signal(number, signal.SIG_IGN)
    with Interrupts(told.append) as interrupts:
        signal.raise_signal(number)
        interrupts.make_up()
        assert signal.getsignal(number) is signal.SIG_IGN
        for other in {*ENDING} - {number}:
            assert signal.getsignal(other) is not signal.SIG_IGN
    assert signal.getsignal(number) is signal.SIG_IGN
    assert told == []
