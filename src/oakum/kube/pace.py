"""How fast we ask: an API server that is busy with an incident has no time for who looks at it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from oakum.model.cluster import Calls


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """How hard the API server may be asked."""

    per_s: float = 20.0
    """Requests per second, over time."""

    burst: int = 40
    """So many at once, after a pause."""

    tries: int = 5
    """A request that the server is too busy for is sent so often in all."""

    longest_wait_s: float = 60.0
    """A server that wants to be left alone for longer is told of instead."""


class Pace:
    """A bucket of tokens: each request takes one; it fills at ``per_s``."""

    def __init__(
        self,
        settings: PaceSettings,
        calls: Calls,
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.settings, self.calls = settings, calls
        self._monotonic_s, self._sleep = monotonic_s, sleep
        self._left = float(settings.burst)
        self._at_s = monotonic_s()

    async def turn(self, call: str) -> None:
        """Wait for a turn and count it. ``call``: as in ``Calls.by_verb``."""
        now_s = self._monotonic_s()
        self._left = min(self.settings.burst, self._left + (now_s - self._at_s) * self.settings.per_s)
        self._at_s = now_s
        # Taken before the wait, so that two who wait at once do not take the same turn.
        self._left -= 1
        self.calls.by_verb[call] = self.calls.by_verb.get(call, 0) + 1
        if self._left < 0:
            wait_s = -self._left / self.settings.per_s
            self.calls.waited_s += wait_s
            await self._sleep(wait_s)
