"""A program that is asked about its own heap, once somebody agreed: before the watch, and again after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from oakum.loop.consent import Consent
from oakum.loop.dumped import Occasion
from oakum.loop.facts import Facts
from oakum.loop.looking import LAST_WORD_S, LEAST_APART_S, MOST_APART_S
from oakum.loop.progress import Progress
from oakum.loop.terms import Terms
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.budget import Budget
from oakum.model.errors import OakumError
from oakum.model.growth import HeapGrowth
from oakum.model.ruby import RubyDeeper
from oakum.model.runtime import Runtime
from oakum.model.verdict import Verdict
from oakum.probe.node import HEAP
from oakum.sense.watch import ProcessWatch

if TYPE_CHECKING:
    from oakum.host import Machine


@dataclass(frozen=True, slots=True)
class Interviewee:
    """Who is asked, and on what terms. ``watch_s``: how long it is watched between the questions.

    ``runtime``: what it runs, where that was recognised.
    """

    pid: int
    machine: Machine
    terms: Terms
    consent: Consent
    watch_s: float
    runtime: Runtime | None = None

    @property
    def budget(self) -> Budget:
        return self.terms.budget

    @property
    def apart_s(self) -> float:
        """Two dumps of it are so far apart, in seconds of its own running."""
        return min(max(self.watch_s / 2, LEAST_APART_S), MOST_APART_S)

    def occasion(self, progress: Progress) -> Occasion:
        command = f"oakum investigate pid/{self.pid} --inspect"
        return Occasion(self.pid, self.machine, self.budget, command, progress)

    def refusal(self, question: str, command: str, progress: Progress) -> Absent | None:
        """``question``: what would be done; ``command``: asks again, without its bounds. None: somebody agreed."""
        return self.consent.refusal(question, self.budget.asked(command), progress)


class Interview(Protocol):
    """With one process, while it lives. ``compared``: what is missed where its answers cannot be had."""

    compared: str
    profile: AllocationProfile | None

    @property
    def reached(self) -> bool:
        """Whether something of it is held open; then whoever takes its place is asked too."""

    @property
    def answers(self) -> bool:
        """Whether it was asked before the watch, and can be asked again."""

    def begin(self, facts: Facts, progress: Progress) -> None:
        """Before the watch: say what it costs, ask whether that may be, ask first. Raises OakumError."""

    def end(self, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        """After the watch, of one that was reached. None where nothing could be compared. Raises OakumError."""

    def close(self) -> None:
        """Leave it as it was. A second time nothing happens."""


@runtime_checkable
class LooksDeeper(Protocol):
    """An interview that sees, while its process lives, what more could be asked of it. None: not looked for yet."""

    deeper: RubyDeeper | None


class Interviews:
    """Looking of a program that is asked: an interview with each process that is the target, one after the other."""

    def __init__(self, kind: Callable[[Interviewee], Interview], whom: Interviewee) -> None:
        self._kind, self._whom = kind, whom
        self._now = kind(whom)

    @property
    def profile(self) -> AllocationProfile | None:
        return self._now.profile

    @property
    def deeper(self) -> RubyDeeper | None:
        return self._now.deeper if isinstance(self._now, LooksDeeper) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._now.close()

    def prepare(self, facts: Facts, progress: Progress) -> None:
        try:
            self._now.begin(facts, progress)
        except OakumError as exc:
            facts.miss(Absent(HEAP, AbsentKind.UNREADABLE, exc.brief, exc.next_step))

    def ends_watch(self, verdict: Verdict) -> bool:
        return self._now.answers and any(row.p10_s < LAST_WORD_S for row in verdict.forecasts)

    def follow(self, pid: int, facts: Facts, progress: Progress) -> None:
        """What was agreed holds for the new process too."""
        reached = self._now.reached
        self._now.close()
        self._whom = replace(self._whom, pid=pid)
        self._now = self._kind(self._whom)
        if reached:
            self.prepare(facts, progress)

    def conclude(self, watch: ProcessWatch, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        if watch.ended or not self._now.reached:
            return None
        try:
            return self._now.end(verdict, facts, progress)
        except OakumError as exc:
            facts.miss(Absent(self._now.compared, AbsentKind.UNREADABLE, exc.brief, exc.next_step))
        finally:
            self._now.close()
        return None
