"""How fast the way to an agent carries what it tells: measured with bytes that mean nothing."""

from __future__ import annotations

import time
from typing import Final

from oakum.host.afar.agent import PIECE_BYTES, Agent

SHORT_BYTES: Final = 1 << 18
"""A connection that takes SLOW_S for so much is not asked for more to know how fast it is."""

SLOW_S: Final = 0.25
LONG: Final = 4
"""So many whole answers otherwise."""

KINDS: Final = (256, 4)
"""What cannot be packed, and what can be packed to about a third: a heap is packed better still."""


class Carried:
    """``bytes_per_s``: measured once, when it is first asked for."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._measured: float | None = None

    def bytes_per_s(self) -> float:
        """The slower of what the connection carries, and of what the agent packs and it carries."""
        if self._measured is None:
            self._measured = min(map(self._of, KINDS))
        return self._measured

    def _of(self, kinds: int) -> float:
        begun_s, size = time.monotonic(), len(self._agent.ask("fill", SHORT_BYTES, kinds))
        if time.monotonic() - begun_s < SLOW_S:
            begun_s = time.monotonic()
            told = self._agent.ask_all([("fill", PIECE_BYTES, kinds)] * LONG)
            size = sum(len(each) for each in told if isinstance(each, bytes))
        return size / max(time.monotonic() - begun_s, 1e-6)
