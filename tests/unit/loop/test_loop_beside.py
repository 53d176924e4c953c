"""Work beside other work: its answer or its error is had, and a watch ends when nobody waits for it."""

from __future__ import annotations

from threading import Event

import pytest

from oakum.loop.beside import beside
from oakum.model.errors import TargetError


def test_its_answer_is_had_while_the_block_runs():
    with beside(lambda told: told.stage("nobody hears it") or 42) as asked:
        assert asked.result(timeout=5) == 42


def test_its_error_is_raised_where_its_answer_is_asked_for():
    def fails(told):
        del told
        raise TargetError("it has ended")

    with pytest.raises(TargetError, match="it has ended"), beside(fails) as asked:
        asked.result(timeout=5)


def test_a_watch_without_end_ends_when_the_block_is_left():
    watches = Event()

    def watch(told):
        while True:
            told.watched(None, None, 1.0)
            watches.set()

    def left():
        with beside(watch) as asked:
            assert watches.wait(5)
            futures.append(asked)
            raise KeyboardInterrupt

    futures = []
    with pytest.raises(KeyboardInterrupt):
        left()
    assert futures[0].exception(timeout=5) is not None
