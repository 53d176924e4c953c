"""How a journey looks into a target's heap: the same steps for every runtime."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from oakum.loop.facts import Facts
from oakum.loop.progress import Progress
from oakum.model.allocation import AllocationProfile
from oakum.model.growth import HeapGrowth
from oakum.model.ruby import RubyDeeper
from oakum.model.verdict import Verdict
from oakum.sense.watch import ProcessWatch

LEAST_APART_S = 8.0
"""Two dumps are at least so far apart, in seconds of the target's own running."""

MOST_APART_S = 300.0
LAST_WORD_S = 5.0
"""A target that may die within this time is looked at now, in seconds."""


class Looking(Protocol):
    """Entered before the watch, left after it, whatever happens; what was opened in the target is closed then."""

    @property
    def profile(self) -> AllocationProfile | None:
        """Who allocated what lives on, where the runtime tells that."""

    @property
    def deeper(self) -> RubyDeeper | None:
        """What more could be asked of it, where looking itself sees that."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None: ...

    def prepare(self, facts: Facts, progress: Progress) -> None:
        """Before the watch: say what it costs, and begin what must run beside it."""

    def ends_watch(self, verdict: Verdict) -> bool:
        """Whether the target may die before what must still be taken could be."""

    def follow(self, pid: int, facts: Facts, progress: Progress) -> None:
        """Another process took the target's place."""

    def conclude(self, watch: ProcessWatch, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        """After the watch. None where the heap could not be compared; then ``facts`` says why."""
