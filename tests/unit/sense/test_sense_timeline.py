"""Stamps of a watch, while somebody sets the wall clock."""

from __future__ import annotations

import pytest
from fake_clock import FakeClock

from oakum.sense.timeline import Timeline


@pytest.mark.parametrize("step_s", [-86400.0, -0.25, 0.0, 3600.0])
def test_a_stamp_goes_with_monotonic_time_and_is_translated_both_ways(step_s):
    clock = FakeClock(wall_s=1_000_000.0)
    timeline = Timeline(clock)
    clock.pass_by(10)
    clock.step_wall(step_s)
    clock.pass_by(5)
    assert (timeline.elapsed_s, timeline.stamp(), timeline.stamp(2.0)) == (15.0, 1_000_015.0, 1_000_002.0)
    assert clock.now_s() == 1_000_015.0 + step_s
    assert timeline.stamp_of(clock.now_s()) == timeline.stamp()
    assert timeline.wall_of(timeline.stamp()) == clock.now_s()
