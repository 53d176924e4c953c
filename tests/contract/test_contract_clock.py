"""What every implementation of Clock promises."""

from __future__ import annotations

import pytest
from fake_clock import FakeClock

from oakum.host.clock import LiveClock


@pytest.fixture(params=[LiveClock, FakeClock])
def clock(request):
    return request.param()


def test_a_moment_that_has_passed_is_not_waited_for(clock):
    before_s = clock.monotonic_s()
    clock.sleep_until(before_s - 3600)
    assert clock.monotonic_s() >= before_s


def test_a_sleep_ends_at_its_moment_and_never_before(clock):
    until_s = clock.monotonic_s() + 0.005
    clock.sleep_until(until_s)
    assert clock.monotonic_s() >= until_s


def test_the_wall_goes_with_monotonic_time(clock):
    wall_s, monotonic_s = clock.now_s(), clock.monotonic_s()
    clock.sleep_until(monotonic_s + 0.005)
    assert clock.now_s() - wall_s == pytest.approx(clock.monotonic_s() - monotonic_s, abs=1.0)
