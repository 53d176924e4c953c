"""The times of one watch: one reading of the wall clock plus monotonic time, so setting the clock disorders none.

The kernel's log and the starts of processes tell the past by what the wall clock says today: that is translated here.
"""

from __future__ import annotations

from oakum.model.ports import Clock


class Timeline:
    """A stamp is in seconds of UTC epoch, as the wall clock would show it had nobody set it since the watch began."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.begun_s, self._wall_s = clock.monotonic_s(), clock.now_s()

    @property
    def elapsed_s(self) -> float:
        return self._clock.monotonic_s() - self.begun_s

    def stamp(self, elapsed_s: float | None = None) -> float:
        """Of now, or of the moment ``elapsed_s`` after the begin."""
        return self._wall_s + (self.elapsed_s if elapsed_s is None else elapsed_s)

    def stamp_of(self, wall_s: float) -> float:
        """``wall_s``: a moment as the wall clock of today tells it."""
        return wall_s - self._stepped_s()

    def wall_of(self, stamp_s: float) -> float:
        """What the wall clock of today says of a stamped moment."""
        return stamp_s + self._stepped_s()

    def _stepped_s(self) -> float:
        return self._clock.now_s() - self.stamp()
