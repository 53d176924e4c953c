"""Ask a runtime for a collection: what stays is held."""

from __future__ import annotations

from oakum.act.tools import Data, Done, Tools
from oakum.model.absent import Absent
from oakum.model.action import Collect
from oakum.model.collection import Collected
from oakum.model.errors import MachineError, TargetError
from oakum.model.units import format_duration, format_size

ANSWERS_WITHIN_S = 120.0


class CollectDeed:
    """A collection does no harm twice; it gives back garbage only."""

    def __init__(self, action: Collect, tools: Tools) -> None:
        self._action, self._tools = action, tools

    def before(self, earlier: Data | None) -> Data:
        del earlier
        return {"anon_bytes": self._anon_bytes()}

    def do(self, data: Data) -> Done:
        return self._by_jcmd(data) if self._action.runtime == "jvm" else self._by_inspector(data)

    def _by_inspector(self, data: Data) -> Done:
        told = self._tools.collect(self._tools.seen)
        facts = {"heap_bytes": told.heap_before_bytes, "after_heap_bytes": told.heap_after_bytes}
        return Done(_told(told), {**data, **facts, "after_anon_bytes": told.anon_after_bytes})

    def _by_jcmd(self, data: Data) -> Done:
        seen = self._tools.seen
        command = ["jcmd", str(seen.pid), "GC.run"]
        ran = self._tools.hands.programs.run(command, within_s=ANSWERS_WITHIN_S, uid=seen.uid)
        if isinstance(ran, Absent):
            raise MachineError("jcmd is not here", why=ran.why, next_step="install a JDK of the target's version")
        if ran.code:
            raise TargetError(
                "the JVM refused", why=(ran.err or ran.out).strip()[-200:], next_step=f"jcmd {seen.pid} help"
            )
        before, after = data["anon_bytes"], self._anon_bytes()
        assert isinstance(before, int)
        return Done(
            f"{format_size(before)} before, {format_size(after)} after a full collection:"
            f" {format_size(after)} stay (the heap keeps room that it has once taken)",
            {**data, "after_anon_bytes": after},
        )

    def undo(self, data: Data) -> str:
        del self, data
        return "nothing was changed"

    def _anon_bytes(self) -> int:
        gauge = self._tools.processes.open(self._tools.seen.pid)
        try:
            memory = gauge.sample()
        finally:
            gauge.close()
        if memory is None:
            raise TargetError(f"pid {self._tools.seen.pid} has ended", next_step="oakum scan host")
        return memory.anon_bytes


def _told(found: Collected) -> str:
    """How much of what had grown was garbage, and how much is held."""
    held = found.heap_after_bytes
    cut = "an earlier try was cut off and may have collected already; " if found.again else ""
    told = (
        f"{cut}used heap {format_size(found.heap_before_bytes)} before, {format_size(held)} after a full collection of"
        f" {format_duration(found.pause_s)}: {format_size(found.garbage_bytes)} were garbage, {format_size(held)} are"
        f" held; anonymous memory {format_size(found.anon_before_bytes)} before,"
        f" {format_size(found.anon_after_bytes)} after"
    )
    first = found.grown_from_bytes
    grown = 0 if first is None else found.heap_before_bytes - first
    if first is None or grown <= 0:
        return told
    stays = min(max(held - first, 0), grown)
    return (
        f"{told}; of {format_size(grown)} grown since it was first looked at, {format_size(grown - stays)} were garbage"
        f" and {format_size(stays)} are held"
    )
