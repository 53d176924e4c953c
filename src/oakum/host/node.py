"""The whole machine's memory, from /proc/meminfo, /proc/pressure/memory and /proc/vmstat."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final

from oakum.model.errors import MachineError
from oakum.model.node import NodeView, Pressure, Room

_FIELDS: Final = ("MemTotal", "MemAvailable", "MemFree", "Cached", "AnonPages", "SwapTotal", "SwapFree")
_AVERAGE: Final = re.compile(r"^(some|full) avg10=([\d.]+) avg60=[\d.]+ avg300=([\d.]+) ", re.MULTILINE)


class LiveNode:
    """``Node`` of the ports. ``proc``: where procfs is mounted. ``memory``: what it is called as a boundary."""

    memory = "this machine's memory"

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc

    def rooms(self) -> list[Room]:
        try:
            return [Room(self.view().available_bytes, self.memory)]
        except MachineError:
            return []

    def view(self) -> NodeView:
        """Raises MachineError where /proc does not tell."""
        meminfo = self._read("meminfo")
        if meminfo is None:
            raise MachineError(f"cannot read {self._proc}/meminfo", next_step=f"mount -t proc proc {self._proc}")
        found = {name: int(kib) * 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB$", meminfo, re.MULTILINE)}
        missing = [name for name in _FIELDS if name not in found]
        if missing:
            raise MachineError(
                f"{self._proc}/meminfo has no {missing[0]}", why="kernels before 3.14 have none", next_step="uname -r"
            )
        total, available, free, cached, anon, swap_total, swap_free = (found[name] for name in _FIELDS)
        return NodeView(
            time.time(),
            total,
            min(available, total),
            free,
            cached,
            anon,
            swap_total,
            swap_free,
            self._pressure(),
            self._kills(),
        )

    def _pressure(self) -> Pressure | None:
        rows = {
            name: (float(short) / 100, float(long) / 100)
            for name, short, long in _AVERAGE.findall(self._read("pressure/memory") or "")
        }
        if set(rows) != {"some", "full"}:
            return None
        return Pressure(rows["some"][0], rows["full"][0], rows["some"][1], rows["full"][1])

    def _kills(self) -> int | None:
        found = re.search(r"^oom_kill (\d+)$", self._read("vmstat") or "", re.MULTILINE)
        return int(found[1]) if found else None

    def _read(self, name: str) -> str | None:
        try:
            return (self._proc / name).read_text(encoding="ascii")
        except OSError:
            return None
