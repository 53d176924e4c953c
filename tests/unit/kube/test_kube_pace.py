"""How fast the API server is asked."""

from __future__ import annotations

import anyio

from oakum.kube.pace import Pace, PaceSettings
from oakum.model.cluster import Calls


class Watch:
    def __init__(self):
        self.now_s, self.waits = 100.0, []

    async def sleep(self, seconds):
        self.waits.append(round(seconds, 6))
        self.now_s += seconds


def test_after_the_burst_each_request_waits_for_its_turn_and_a_pause_fills_the_bucket_again():
    watch, calls = Watch(), Calls()
    pace = Pace(PaceSettings(per_s=10, burst=3), calls, monotonic_s=lambda: watch.now_s, sleep=watch.sleep)

    async def ask(times):
        for _ in range(times):
            await pace.turn("list pods")

    anyio.run(ask, 5)
    assert watch.waits == [0.1, 0.1]
    watch.now_s += 60
    anyio.run(ask, 4)
    assert watch.waits == [0.1, 0.1, 0.1]
    assert calls.by_verb == {"list pods": 9}
    assert round(calls.waited_s, 6) == 0.3
