"""Ask a JVM for a collection: what stays is held."""

from __future__ import annotations

from oakum.act.tools import Data, Done, Tools
from oakum.model.absent import Absent
from oakum.model.errors import MachineError, TargetError
from oakum.model.units import format_size

ANSWERS_WITHIN_S = 120.0


class CollectDeed:
    """A collection does no harm twice; it gives back garbage only."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def before(self, earlier: Data | None) -> Data:
        del earlier
        return {"anon_bytes": self._anon_bytes()}

    def do(self, data: Data) -> Done:
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
