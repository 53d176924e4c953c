"""A JVM in memory behind the port Jvms: it answers with what a real one answered (tests/recordings/jvm)."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from pathlib import Path

from fake_clock import FakeClock

from oakum.model.absent import Absent, AbsentKind
from oakum.model.attach import Answered, JvmStanding, Streamed
from oakum.model.debugger import Dispositions
from oakum.model.errors import RefusedError, TargetError

FOLDER = next(folder / "recordings" / "jvm" for folder in Path(__file__).parents if (folder / "recordings").is_dir())
ROW = "{number:4}: {count:13} {size:14}  {name}\n"


@dataclass
class FakeJvm:
    """``histograms``, ``dumps``: what each in turn is answered. ``kind``: of the recordings."""

    clock: FakeClock
    kind: str = "17-serial"
    histograms: list[dict[str, tuple[int, int]]] = field(default_factory=list)
    dumps: list[bytes] = field(default_factory=list)
    pause_s: float = 0.5
    carried: float | None = None
    caught: frozenset[int] = frozenset({signal.SIGQUIT})
    listens: bool = False
    ended: bool = False
    tmp_free_bytes: int | None = 1 << 40
    signals: int = 0
    asked: list[str] = field(default_factory=list)

    # Port Jvms, and the one Jvm that it gives.
    def open(self, pid: int) -> FakeJvm:
        if self.ended:
            raise TargetError(f"there is no process {pid}", why="it has ended")
        return self

    def standing(self) -> JvmStanding:
        signals = Dispositions(self.caught, frozenset(), frozenset())
        told = (FOLDER / self.kind / "hsperfdata").read_bytes()
        return JvmStanding(
            0, frozenset({"libjvm.so"}), ("java", "shop.Main"), signals, told, self.listens, self.tmp_free_bytes
        )

    def ask(self, command: str, *, may_signal: bool, within_s: float) -> Answered | Absent:
        del within_s
        if not self.listens:
            if not may_signal:
                return Absent("what the JVM tells", AbsentKind.NOT_YET, "its attach socket is not open")
            self.signals += 1
            self.listens = True
        self._said(command)
        if command.startswith("GC.class_histogram"):
            rows = self.histograms.pop(0).items()
            text = "".join(
                ROW.format(number=number, count=count, size=size, name=name)
                for number, (name, (count, size)) in enumerate(rows, 1)
            )
            return Answered(text, self.pause_s)
        return Answered((FOLDER / self.kind / f"{command.replace(' ', '_')}.txt").read_text(encoding="utf-8"), 0.01)

    def carried_bytes_per_s(self) -> float | None:
        return self.carried

    def stream(self, command: str, spool, *, in_pieces: bool, may_signal: bool, within_s: float) -> Streamed | Absent:
        del may_signal
        assert in_pieces is ("-parallel" in command)
        self._said(command)
        if self.pause_s > within_s:
            raise RefusedError("GC.heap_dump was given up", why="it was not done in time; the JVM runs on")
        whole = self.dumps.pop(0)
        begun_s = self.clock.monotonic_s()
        self.clock.pass_by(self.pause_s)
        spool.write(whole)
        return Streamed(begun_s, self.clock.monotonic_s(), len(whole), "Heap dump file created")

    def _said(self, command: str) -> None:
        self.asked.append(command)
        if self.ended:
            raise TargetError("the JVM hung up", why="it has ended")

    def close(self) -> None:
        """Nothing is held."""
