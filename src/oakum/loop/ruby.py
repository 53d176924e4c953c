"""A Ruby process looked into by the helper that it loaded: figures, and two dumps of its heap where they fit."""

from __future__ import annotations

from contextlib import ExitStack

from oakum.loop.compared import dumps_compared
from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.facts import Facts
from oakum.loop.interview import Interviewee
from oakum.loop.progress import Progress
from oakum.loop.ruby_dump import DUMP_ORIGIN, needs_now, ruby_dump
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.growth import HeapGrowth
from oakum.model.ports import Ruby
from oakum.model.ruby import LINES, RubyDeeper, RubyFigures
from oakum.model.units import format_count, format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.probe.ruby import RubyProbe, RubyReach
from oakum.probe.ruby_cost import ruby_needs

FIGURES = "GC.stat, told by its helper"
ANSWERED_WITHIN_S = 5.0


class RubyInterview:
    """Dumps come after the watch: a copy beside it would be charged to its cgroup."""

    compared: str = "two heap dumps, compared"
    profile: AllocationProfile | None = None

    def __init__(self, whom: Interviewee) -> None:
        self._whom, self._pid, self._machine = whom, whom.pid, whom.machine
        self._ruby: Ruby | None = None
        self._before: RubyFigures | None = None
        self.deeper: RubyDeeper | None = None

    @property
    def reached(self) -> bool:
        return self._before is not None

    @property
    def answers(self) -> bool:
        return self.reached

    def close(self) -> None:
        ruby, self._ruby = self._ruby, None
        if ruby is not None:
            ruby.close()

    def begin(self, facts: Facts, progress: Progress) -> None:
        self._ruby = ruby = self._machine.rubies.open(self._pid)
        probe = RubyProbe(self._pid, ruby, self._machine.processes)
        reach = probe.look()
        self.deeper = probe.deeper()
        if isinstance(reach, Absent):
            facts.miss(reach)
            return
        occasion = self._whom.occasion(progress)
        refused = self._whom.refusal(question(reach, occasion), occasion.command, progress)
        if refused is not None:
            facts.miss(refused)
            return
        figures = ruby.figures(within_s=ANSWERED_WITHIN_S)
        if isinstance(figures, Absent):
            facts.miss(figures)
            return
        self._before = figures
        self.deeper = probe.deeper(lines=figures.lines)
        told = "it records where objects are allocated" if figures.lines else "it records no places of allocations"
        title = (
            f"its helper answers: Ruby {figures.version}, {format_count(figures.slots)} objects, garbage too; {told}"
        )
        facts.add("figures", title, FIGURES, facts={"objects": figures.slots, "lines": figures.lines})
        if not figures.lines:
            why = "recording it costs time and memory for each object, so it is off unless the service asks for it"
            get = f"start it with {LINES} in its environment; then the same command"
            facts.miss(Absent("where in the code objects are allocated", AbsentKind.NOT_YET, why, get))

    def end(self, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        ruby, before = self._ruby, self._before
        if ruby is None or before is None:
            return None
        after = ruby.figures(within_s=ANSWERED_WITHIN_S)
        if isinstance(after, Absent):
            facts.miss(after)
            return None
        self._tell(before, after, facts)
        if verdict.name not in {VerdictName.SUSPECT, VerdictName.LEAK}:
            why = "its memory does not grow, so it is not copied for dumps"
            facts.miss(Absent(self.compared, AbsentKind.NOT_APPLICABLE, why, "the same command with --for 10m"))
            return None
        return self._dumps(ruby, after, facts, progress)

    def _tell(self, before: RubyFigures, after: RubyFigures, facts: Facts) -> None:
        ran = after.major_collections - before.major_collections
        title = (
            f"{format_count(before.slots)} → {format_count(after.slots)} objects over the watch, garbage too;"
            f" {format_count(max(ran, 0))} full collections ran meanwhile"
        )
        told = {"objects": [before.slots, after.slots], "major_collections": ran}
        facts.add("objects", title, FIGURES, facts=told)

    def _dumps(self, ruby: Ruby, figures: RubyFigures, facts: Facts, progress: Progress) -> HeapGrowth | None:
        clock = self._machine.clock
        with ExitStack() as stack:
            first = self._dump(ruby, figures, stack, facts, progress)
            if first is None:
                return None
            progress.stage(f"letting it run for {format_duration(self._whom.apart_s)} before the second dump")
            clock.sleep_until(first.ended_s + self._whom.apart_s)
            again = ruby.figures(within_s=ANSWERED_WITHIN_S)
            if isinstance(again, Absent):
                facts.miss(again)
                return None
            second = self._dump(ruby, again, stack, facts, progress)
            if second is None:
                return None
            self.close()
            return dumps_compared(first, second, machine=self._machine, facts=facts, progress=progress)

    def _dump(
        self, ruby: Ruby, figures: RubyFigures, stack: ExitStack, facts: Facts, progress: Progress
    ) -> Dumped | None:
        """None where it does not fit: ``facts`` says why."""
        occasion = self._whom.occasion(progress)
        dumped = ruby_dump(ruby, needs_now(figures, occasion), occasion)
        if isinstance(dumped, Absent):
            facts.miss(dumped)
            return None
        stack.callback(dumped.spool.close)
        facts.add(
            "dump",
            f"heap dump of {format_size(dumped.spool.size_bytes)}: it stood still for"
            f" {format_duration(dumped.pause_s)} while it was copied; the copy took {format_size(dumped.extra_bytes)}"
            " of memory beside it",
            DUMP_ORIGIN,
            cost=dumped.cost,
            facts={**dumped.figures, "predicted_extra_bytes": dumped.foretold.extra_bytes},
        )
        return dumped


def question(reach: RubyReach, occasion: Occasion) -> str:
    """What would be done, before it is done. Its heap is not larger than its anonymous memory."""
    most = ruby_needs(occasion.anon_bytes())
    return (
        f"{reach.how(occasion.pid)} Figures cost nothing. Only if memory grows, and where there is room: two heap"
        f" dumps, each written by a copy of it (fork): at its size now it stands still for up to about"
        f" {format_duration(most.pause_s)}, and the copy takes up to {format_size(most.extra_bytes)} more memory while"
        " it writes; no collection is forced. The copy is the first that the kernel would kill."
    )
