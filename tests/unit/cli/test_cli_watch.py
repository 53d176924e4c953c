"""How a watch is ended, and what a terminal that is gone does to it: nothing."""

from __future__ import annotations

import io
import os
import signal

import pytest

from oakum.cli.endings import ended_by_signals
from oakum.cli.progress import Terminal
from oakum.cli.watch import watch
from oakum.model.errors import CallerError


@pytest.fixture(params=[signal.SIGTERM, signal.SIGHUP])
def number(request):
    """A signal that ends: what runs the tests may ignore it."""
    before = signal.signal(request.param, signal.SIG_DFL)
    yield request.param
    signal.signal(request.param, before)


def test_a_signal_ends_it_once_and_others_do_not_disturb_its_end(number):
    before = signal.getsignal(number)
    with ended_by_signals():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
        for other in (signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), other)
    assert signal.getsignal(number) is before


def test_what_was_started_with_nohup_outlives_its_terminal():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_by_signals():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_table_is_kept_in_no_file(tmp_path):
    with pytest.raises(CallerError, match="a table is not kept in a file") as told:
        watch(["pid/1"], file=tmp_path / "a b.json")
    assert told.value.next_step == f"oakum watch -o json -f '{tmp_path}/a b.json'"
    assert list(tmp_path.iterdir()) == []


class Gone(io.StringIO):
    """A terminal that was closed."""

    def write(self, text):
        del text
        raise OSError(5, "Input/output error")

    def flush(self):
        raise OSError(5, "Input/output error")

    def isatty(self):
        return True


def test_what_is_said_to_a_terminal_that_is_gone_is_said_to_nobody():
    terminal = Terminal(Gone())
    assert terminal.write("hello") == 5
    terminal.flush()
    assert terminal.isatty()
    heard = io.StringIO()
    Terminal(heard).write("hello")
    assert heard.getvalue() == "hello"
