"""The other processes under a target, beside the one that is looked into: which of a server's workers leak."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from oakum.loop.facts import Facts
from oakum.loop.subject import members
from oakum.model.errors import OakumError
from oakum.model.surroundings import Member
from oakum.model.target import Target
from oakum.model.units import format_rate, format_size

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.model.ports import ProcessGauge
    from oakum.model.process import ProcessInfo, ProcessMemory

MOST = 64
"""More processes than these are not held open."""

TRIFLE_BYTES = 1 << 20
"""Who gained less than this between the first and the last look is not said to grow."""

ALIKE = 0.5
"""Who gains this share of what the fastest gains leaks as it does."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Anonymous memory of one process, ``seconds`` apart."""

    pid: int
    name: str
    before: int
    after: int
    seconds: float

    @property
    def per_s(self) -> float:
        return (self.after - self.before) / max(self.seconds, 1e-9)


class Workers:
    """Held open beside the watch; says nothing of a target that is one process."""

    def __init__(self, target: Target, machine: Machine) -> None:
        self._stack = ExitStack()
        self._target, self._machine, self._own = target, machine, os.getpid()
        self._gauges: list[tuple[ProcessGauge, ProcessMemory]] = []
        self._known: frozenset[tuple[int, int]] | None = None
        try:
            found = members(target, processes=machine.processes, cgroups=machine.cgroups)
        except OakumError:
            return
        others = self._others(found)
        self._known = frozenset((info.pid, info.start_ticks) for info in others)
        for info in others[:MOST]:
            try:
                gauge = machine.processes.open(info.pid)
            except OakumError:
                continue
            self._stack.callback(gauge.close)
            first = gauge.sample()
            if first is not None:
                self._gauges.append((gauge, first))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._stack.close()

    def tell(self, facts: Facts, chosen: int) -> tuple[tuple[Member, ...], str]:
        """Who was there, then and now, and the id of the evidence, "" for none. ``chosen``: that was looked into."""
        looked = [(gauge.info, first, gauge.sample()) for gauge, first in self._gauges]
        rows = [
            _Row(info.pid, info.name, first.anon_bytes, last.anon_bytes, last.at_s - first.at_s)
            for info, first, last in looked
            if last is not None
        ]
        found = [
            Member(info.pid, info.name, first.anon_bytes, None if last is None else last.anon_bytes)
            for info, first, last in looked
        ]
        found += self._newcomers(chosen)
        if len(rows) < 2:
            return tuple(found), self._tell_more(found, facts)
        rows.sort(key=lambda row: row.before - row.after)
        told = facts.add(
            "workers",
            _title(rows, chosen) + _came(found),
            "procfs",
            facts={
                "looked_into": chosen,
                "processes": [
                    {"pid": row.pid, "name": row.name, "anon_bytes": [row.before, row.after], "bytes_per_s": row.per_s}
                    for row in rows
                ],
                "came": [each.pid for each in found if each.before is None],
                "went": [each.pid for each in found if each.after is None],
            },
        )
        return tuple(found), told

    def _others(self, found: Sequence[ProcessInfo]) -> list[ProcessInfo]:
        """Without Oakum, and what it starts to do its work: it may run in the very group that it looks at."""
        if all(each.pid != self._own for each in found):
            return list(found)
        return [each for each in found if self._own not in {each.pid, each.parent_pid}]

    def _newcomers(self, chosen: int) -> list[Member]:
        """Those that are there now, and were not: of all that were there, not of those alone that are held open."""
        try:
            now = members(self._target, processes=self._machine.processes, cgroups=self._machine.cgroups)
        except OakumError:
            return []
        if self._known is None:
            return []
        there = {(each.pid, each.start_ticks): each for each in self._others(now)}
        new = [each for key, each in there.items() if key not in self._known and each.pid != chosen]
        held = {(gauge.info.pid, gauge.info.start_ticks) for gauge, _ in self._gauges}
        # As many took the places of those that were not held open, and ended.
        replaced = len(self._known - held - there.keys())
        found = []
        for info in new[replaced:][:MOST]:
            try:
                gauge = self._machine.processes.open(info.pid)
            except OakumError:
                continue
            memory = gauge.sample()
            gauge.close()
            if memory is not None:
                age_s = max(0.0, self._machine.clock.now_s() - info.started_s)
                found.append(Member(info.pid, info.name, None, memory.anon_bytes, age_s=age_s))
        return found

    @staticmethod
    def _tell_more(found: list[Member], facts: Facts) -> str:
        """Of a target that was one process as the watch began."""
        new = [each for each in found if each.before is None]
        if not new:
            return ""
        values = {"came": [each.pid for each in new], "went": []}
        return facts.add("workers", f"one process at first{_came(found)}", "procfs", facts=values)


def _came(found: list[Member]) -> str:
    """Who came and who went, where somebody did."""
    new = [each for each in found if each.before is None]
    gone = sum(each.after is None for each in found)
    if not new and not gone:
        return ""
    held = format_size(sum(each.after or 0 for each in new))
    return f"; meanwhile {len(new)} came ({held}) and {gone} went"


def _title(rows: list[_Row], chosen: int) -> str:
    """Most grown first."""
    most = rows[0].after - rows[0].before
    growing = [row for row in rows if row.after - row.before >= TRIFLE_BYTES and row.after - row.before >= ALIKE * most]
    if not growing:
        return f"{len(rows)} processes, none of which grew by {format_size(TRIFLE_BYTES)}"
    named = ", ".join(f"pid {row.pid} {format_rate(row.per_s)}" for row in growing[:4])
    if len(growing) == 1:
        rest = "the others do not grow" if len(rows) > 2 else "the other does not grow"
        return f"one of {len(rows)} processes grows: {named}; {rest}"
    looked = f"; pid {chosen} was looked into, and stands for them" if chosen in {row.pid for row in growing} else ""
    return f"{len(growing)} of {len(rows)} processes grow alike: {named}{looked}"
