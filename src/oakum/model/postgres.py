"""What a PostgreSQL server tells of itself at one moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.model.evidence import Cost


@dataclass(frozen=True, slots=True)
class PostgresSample:
    """``clients``: connections of clients, ours not counted; ``room``: how many of them there may be.

    ``version``: as in ``server_version_num``: 150004. ``started_s``: UTC epoch seconds by the server's clock.
    """

    at_s: float
    started_s: float
    version: int
    clients: int
    room: int
    cost: Cost = field(default_factory=Cost)

    @property
    def level(self) -> float:
        return float(self.clients)

    @property
    def limit(self) -> float:
        return float(self.room)
