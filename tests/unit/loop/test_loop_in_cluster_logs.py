"""Logs of containers: read beside the event loop, and left when their time is over."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import anyio
from fake_clock import FakeClock

from oakum.logs import STOPPED, library
from oakum.loop import in_cluster_logs
from oakum.loop.facts import Facts

ROWS = [(SimpleNamespace(namespace="shop", name="shop-1"), SimpleNamespace(name="app", restarts=0))]


class Cluster:
    """``takes_s``: by ``clock``, for a log to come."""

    def __init__(self, clock, takes_s=0.0):
        self.clock, self.takes_s = clock, takes_s

    async def logs(self, _name, **_):
        self.clock.sleep_until(self.clock.monotonic_s() + self.takes_s)
        return "MemoryError\n"


def read(facts, takes_s=0.0):
    async def journey():
        return await in_cluster_logs.logs_of_containers(ROWS, Cluster(facts.clock, takes_s), facts, library())

    return anyio.run(journey)


def test_a_log_is_read_in_a_thread():
    facts = Facts(FakeClock())
    (reading,) = read(facts)
    assert [finding.pattern.id for finding in reading.findings] == ["python-memory-error"]
    assert not facts.absent


def test_one_that_takes_too_long_holds_neither_the_loop_nor_its_thread(monkeypatch):
    ended = threading.Event()

    def slow(*_, over, **__):
        while not over():
            time.sleep(0.005)
        ended.set()

    monkeypatch.setattr(in_cluster_logs, "read_log", slow)
    monkeypatch.setattr(in_cluster_logs, "WITHIN_S", 0.1)
    facts = Facts(FakeClock())
    assert read(facts) == ()
    assert [absent.what for absent in facts.absent] == ["the logs of the other containers"]
    assert ended.wait(10)


def test_one_that_came_too_late_says_that_it_was_not_read_to_its_end():
    (reading,) = read(Facts(FakeClock()), takes_s=in_cluster_logs.WITHIN_S)
    assert STOPPED in reading.notes
