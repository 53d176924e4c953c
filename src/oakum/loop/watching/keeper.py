"""Evidence that was kept for long enough goes while the watch runs, so that no disk fills while everybody sleeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from oakum.incident import Keeping
from oakum.loop.bench import Bench
from oakum.loop.retain import retain
from oakum.model.units import format_count, format_size

EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Room:
    """``keep_s``: how long evidence of closed incidents is kept. ``disk_bytes``: all of it together; None: no bound."""

    keep_s: float = 30 * 86400.0
    disk_bytes: int | None = None


class Keeper:
    """``told``: (target, text) for a person."""

    def __init__(self, bench: Bench, room: Room, *, told: Callable[[str, str], None]) -> None:
        self._bench, self._room, self._told = bench, room, told
        self._due_s = bench.machine.clock.monotonic_s() + EVERY_S
        self._over = ""

    def step(self) -> None:
        """Once an hour. Raises what the record does."""
        now_s = self._bench.machine.clock.monotonic_s()
        if now_s < self._due_s:
            return
        self._due_s = now_s + EVERY_S
        keeping = Keeping(self._room.keep_s, self._room.disk_bytes, self._bench.store.blobs_alone)
        done = retain(self._bench.recorder, keeping, now_s=self._bench.now_s())
        if done.gone:
            size = format_size(done.bytes_before - done.bytes_after)
            files = "1 file" if len(done.gone) == 1 else f"{format_count(len(done.gone))} files"
            self._told("", f"evidence expired: {files}, {size}")
        if done.over and done.over != self._over:
            self._told("", f"evidence takes more than {format_size(self._room.disk_bytes or 0)}: {done.over}")
        self._over = done.over
