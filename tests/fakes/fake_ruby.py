"""A Ruby in memory behind the port Rubies: with a helper or without one, and dumps that it hands out in turn."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field

from fake_clock import FakeClock

from oakum.model.absent import Absent
from oakum.model.debugger import Dispositions
from oakum.model.errors import TargetError
from oakum.model.ruby import RubyCopied, RubyFigures, RubyStanding

HELPER = "@oakum-heap-7-4026531836"


@dataclass
class FakeRuby:
    """``sockets``: on which it listens. ``fails``: what a dump raises in its place."""

    clock: FakeClock
    dumps: list[bytes] = field(default_factory=list)
    sockets: tuple[str, ...] = (HELPER,)
    libraries: frozenset[str] = frozenset({"libruby-3.1.so.3.1"})
    caught: frozenset[int] = frozenset({signal.SIGINT})
    lines: bool = False
    slots: int = 100_000
    fails: TargetError | None = None
    stood_still_s: float = 0.02
    writes_for_s: float = 2.0
    asked: list[str] = field(default_factory=list)
    closed: bool = False

    # Port Rubies, and the one Ruby that it gives.
    def open(self, pid: int) -> FakeRuby:
        del pid
        return self

    def standing(self) -> RubyStanding:
        does = Dispositions(self.caught, frozenset(), frozenset())
        return RubyStanding(HELPER, self.sockets, self.libraries, does)

    def figures(self, *, within_s: float) -> RubyFigures | Absent:
        del within_s
        self.asked.append("figures")
        return RubyFigures("3.1.2", self.lines, self.slots, 30, 4)

    def dump(self, spool, *, within_s: float) -> RubyCopied | Absent:
        self.asked.append("dump")
        assert self.writes_for_s < within_s
        begun_s = self.clock.monotonic_s()
        whole = self.dumps.pop(0)
        if self.fails is not None:
            spool.write(whole[: len(whole) // 2])
            raise self.fails
        spool.write(whole)
        self.clock.pass_by(self.writes_for_s)
        return RubyCopied(begun_s, self.clock.monotonic_s(), self.stood_still_s, 8 << 20, len(whole))

    def close(self) -> None:
        self.closed = True
