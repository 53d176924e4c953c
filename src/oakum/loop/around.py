"""What stands around the process while it is watched: its cgroup's charge, its heap's cap, its connections."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from oakum.loop.facts import Facts
from oakum.model.absent import Absent
from oakum.model.errors import OakumError
from oakum.model.runtime import Runtime, RuntimeName
from oakum.model.surroundings import Crowd, HeapCap, Member, Surroundings
from oakum.model.units import format_count
from oakum.probe.heap_cap import heap_cap
from oakum.sense.watch import ProcessWatch

if TYPE_CHECKING:
    from oakum.host import Machine

LOOKS: Final = 12
"""So often its connections are counted in one watch."""

LEAST_APART_S: Final = 1.0
MOST_SHARE: Final = 0.02
"""Of its time, the watch counts connections no longer than this share: a network may have very many."""

MOST_REMOTES: Final = 10

LANGUAGES: Final = {
    RuntimeName.CPYTHON: "Python",
    RuntimeName.PYPY: "Python",
    RuntimeName.NODE: "JavaScript",
    RuntimeName.DENO: "JavaScript",
    RuntimeName.BUN: "JavaScript",
    RuntimeName.JVM: "Java",
    RuntimeName.GO: "Go",
    RuntimeName.RUBY: "Ruby",
    RuntimeName.NATIVE: "native",
}


class Around:
    """Looks beside the watch; each is cheap, and none is missed where it cannot be had often."""

    def __init__(self, machine: Machine, runtime: Runtime, watch_s: float) -> None:
        self._machine, self._runtime = machine, runtime
        self._apart_s = max(LEAST_APART_S, watch_s / LOOKS)
        self._crowds: list[Crowd] = []
        self._pid, self._next_s = 0, 0.0
        self._missed: Absent | None = None

    def look(self, watch: ProcessWatch) -> None:
        """Count its connections, where that is due."""
        now_s = self._machine.clock.monotonic_s()
        if watch.info.pid != self._pid:
            self._pid, self._next_s = watch.info.pid, now_s
            self._crowds.clear()
        anon_bytes = watch.anon_bytes
        if now_s < self._next_s or self._missed is not None or anon_bytes is None:
            return
        found = self._machine.processes.connections(self._pid)
        took_s = self._machine.clock.monotonic_s() - now_s
        self._next_s = now_s + max(self._apart_s, took_s / MOST_SHARE)
        if isinstance(found, Absent):
            self._missed = found
            return
        held = Counter(each.remote for each in found if not each.inbound and each.state == "established")
        closing = Counter(each.remote for each in found if each.state == "close-wait")
        inbound = sum(each.inbound for each in found)
        self._crowds.append(Crowd(self._machine.clock.now_s(), inbound, held, closing, anon_bytes))

    def conclude(
        self, watch: ProcessWatch, members: tuple[Member, ...], ids: dict[str, str], facts: Facts
    ) -> Surroundings:
        """``ids``: of the evidence that others put there: ``charge``, ``members``."""
        cap = self._cap(watch, ids, facts)
        # One that came in may be Oakum's own question.
        if any(crowd.inbound > 1 or crowd.by_remote or crowd.closing for crowd in self._crowds):
            ids = {**ids, "crowds": self._tell(facts)}
        loaders: dict[str, int] = {}
        for row in facts.evidence:
            more = row.facts.get("loaders_more")
            if isinstance(more, dict):
                loaders, ids = more, {**ids, "loaders": row.id}
        language = LANGUAGES.get(self._runtime.name, "")
        return Surroundings(language, watch.charge, cap, members, tuple(self._crowds), ids, loaders)

    def _cap(self, watch: ProcessWatch, ids: dict[str, str], facts: Facts) -> HeapCap | None:
        """As the runtime told it where it was asked, else as it was told to it."""
        for row in facts.evidence:
            told = row.facts.get("heap_limit_bytes") or row.facts.get("max_heap_bytes")
            if isinstance(told, int):
                ids["cap"] = row.id
                said = "the cap of its heap"
                return HeapCap(told, self._said(watch.info.pid) or said)
        if watch.ended:
            return None
        try:
            cap = heap_cap(watch.info.pid, self._runtime.name, self._machine.processes)
        except OakumError:
            return None
        if cap is not None:
            title = f"its heap may become as large as {cap.said} says"
            ids["cap"] = facts.add("cap", title, "command line and environment", facts={"cap_bytes": cap.limit_bytes})
        return cap

    def _said(self, pid: int) -> str:
        try:
            cap = heap_cap(pid, self._runtime.name, self._machine.processes)
        except OakumError:
            return ""
        return "" if cap is None else cap.said

    def _tell(self, facts: Facts) -> str:
        first, last = self._crowds[0], self._crowds[-1]
        parts = [f"{format_count(first.inbound)} → {format_count(last.inbound)} came in"] if last.inbound else []
        names = sorted(last.by_remote, key=lambda name: -last.by_remote[name])[:MOST_REMOTES]
        parts += [
            f"{format_count(first.by_remote.get(n, 0))} → {format_count(last.by_remote[n])} to {n}" for n in names
        ]
        parts += [f"{format_count(many)} that {name} has ended are held" for name, many in last.closing.items()]
        return facts.add(
            "connections",
            f"its connections at {len(self._crowds)} looks: {', '.join(parts) or 'none any more'}",
            "net/tcp and its open files",
            facts={
                "inbound": [crowd.inbound for crowd in self._crowds],
                "outbound": {name: [crowd.by_remote.get(name, 0) for crowd in self._crowds] for name in names},
                "close_wait": dict(last.closing),
            },
        )
