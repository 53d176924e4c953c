"""Threads are counted between the two looks, so that both halves of a watch are known."""

from __future__ import annotations

import pytest
from fake_machine import FakeMachine

from oakum.loop.facts import Facts
from oakum.loop.layout import Layouts
from oakum.model.runtime import Runtime, RuntimeName


@pytest.mark.parametrize(("ended_s", "between"), [(20.0, 60), (90.0, None)])
def test_threads_at_the_middle_are_known_where_they_were_counted_there(ended_s, between):
    machine = FakeMachine()
    process = machine.start(("/usr/sbin/shopd",))
    process.threads = 10
    layouts, facts = Layouts(machine.ports(), Runtime(RuntimeName.NODE, "")), Facts(machine.clock)
    layouts.begin(process.pid, facts)
    for _ in range(20):
        layouts.between(process.pid)
        process.threads += 5
        machine.clock.pass_by(1.0)
    machine.clock.pass_by(ended_s - 20.0)
    found = layouts.conclude(process.pid, facts)
    assert (found.before.threads, found.threads_between, found.after.threads) == (10, between, 110)
