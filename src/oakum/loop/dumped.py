"""A dump of a JVM, Node.js or a Ruby in a file without a name: of whom it is taken, within what, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from oakum.loop.peak import Gauged, Peak
from oakum.loop.progress import Progress
from oakum.model.absent import Absent
from oakum.model.budget import Budget
from oakum.model.capture import Foretold
from oakum.model.errors import RefusedError
from oakum.model.evidence import Cost
from oakum.model.node import Room
from oakum.model.ports import Spool
from oakum.model.units import format_size
from oakum.probe.room import longer, room_of

if TYPE_CHECKING:
    from oakum.host import Machine


@dataclass(frozen=True, slots=True)
class Dumped:
    """``begun_s``, ``ended_s``: when the target was stopped and when it ran on, on the monotonic clock.

    ``extra_bytes``: memory that it took for that time. Whoever gets it closes ``spool``.
    """

    spool: Spool
    begun_s: float
    ended_s: float
    extra_bytes: int
    foretold: Foretold

    @property
    def pause_s(self) -> float:
        return self.ended_s - self.begun_s

    @property
    def cost(self) -> Cost:
        return Cost(self.pause_s, self.pause_s, self.spool.size_bytes)

    @property
    def figures(self) -> dict[str, float]:
        """What it took, beside what was foretold: for the evidence."""
        return {
            "extra_bytes": self.extra_bytes,
            "predicted_pause_s": self.foretold.pause_s,
            "predicted_bytes": self.foretold.file_bytes,
        }


class Needs(Protocol):
    """What a dump would take, upper bounds: of time and of memory of the target, and of the file here."""

    @property
    def pause_s(self) -> float: ...

    @property
    def extra_bytes(self) -> int: ...

    @property
    def file_bytes(self) -> int: ...

    def refusal(self, room: Room | None, budget: Budget, command: str) -> Absent | None: ...


@dataclass(frozen=True, slots=True)
class Granted:
    """A dump that fits. ``left``: what the target has left, as the rest of a sentence; "" where that is not known."""

    spool: Spool
    foretold: Foretold
    left: str


@dataclass(frozen=True, slots=True)
class Occasion:
    """``command``: what asks for it again, without its bounds."""

    pid: int
    machine: Machine
    budget: Budget
    command: str
    progress: Progress

    def gauge(self) -> Gauged:
        return Gauged(self.machine.processes.open(self.pid))

    def anon_bytes(self) -> int:
        """No heap is larger. 0 where the target has ended."""
        with self.gauge() as gauge:
            memory = gauge.sample()
        return memory.anon_bytes if memory else 0

    def room(self) -> Room | None:
        """What is left to it below any limit, on its own machine."""
        machine = self.machine
        return room_of(machine.processes.info(self.pid).cgroup, machine.cgroups, machine.node)

    def room_told(self) -> str:
        """As a part of a question, behind what would be taken; "" where no room is known."""
        room = self.room()
        return f", of {format_size(room.left_bytes)} that are left below {room.boundary}" if room else ""

    def spool(self, foretold: Foretold) -> Spool | Absent:
        """Where what is foretold has room, and no more than is allowed."""
        most = self.budget.max_bytes
        return self.machine.spools.create(foretold.file_bytes if most is None else min(most, foretold.file_bytes))

    def granted(self, needs: Needs, besides: Absent | None = None) -> Granted | Absent:
        """Absent where it does not fit. ``besides``: what else refuses it, told where memory and budget do not.

        Whoever gets it closes its spool.
        """
        room = self.room()
        refused = needs.refusal(room, self.budget, self.command) or besides
        foretold = Foretold(needs.pause_s, needs.extra_bytes, needs.file_bytes)
        spool = refused or self.spool(foretold)
        if isinstance(spool, Absent):
            return spool
        left = f", {format_size(room.left_bytes)} are left below {room.boundary}" if room else ""
        return Granted(spool, foretold, left)

    @contextmanager
    def paid(self, spool: Spool) -> Iterator[Peak]:
        """The work of the block is taken into ``spool``, which is closed should it fail."""
        try:
            with self.gauge() as gauge, Peak(gauge) as peak:
                yield peak
        except BaseException as exc:
            came = spool.size_bytes
            spool.close()
            if isinstance(exc, RefusedError):
                raise self._given_up(exc, came) from exc
            raise

    def _given_up(self, refused: RefusedError, came_bytes: int) -> RefusedError:
        """In words of who asked. ``came_bytes``: until then."""
        most = self.budget.max_bytes
        if most is None or came_bytes <= most:
            pause_s = self.budget.pause_s
            again = longer(self.budget, pause_s, 4 * pause_s, self.command)
            return RefusedError(refused.what, why=refused.why, next_step=again)
        return RefusedError(
            f"the dump of pid {self.pid} was given up",
            why=f"more than {format_size(most)} came, which is the most that was allowed",
            next_step=replace(self.budget, max_bytes=(4 * most // 2**20 + 1) << 20).asked(self.command),
        )
