"""The clocks of this machine."""

from __future__ import annotations

import time


class LiveClock:
    """Port Clock. Monotonic time does not count a suspended machine: that shows as a gap and a step of the wall."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    def sleep_until(self, monotonic_s: float) -> None:
        # One sleep may end early; the deadline decides, not the number of sleeps.
        while (left_s := monotonic_s - time.monotonic()) > 0:
            time.sleep(left_s)
