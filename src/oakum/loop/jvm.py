"""A JVM looked into by its attach socket: figures, a histogram before and after, two heap dumps where they fit."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack

from oakum.loop.cgroup import limit_bytes_of
from oakum.loop.compared import dumps_compared
from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.facts import Facts
from oakum.loop.interview import Interviewee
from oakum.loop.jvm_dump import DUMP_ORIGIN, jvm_dump
from oakum.loop.jvm_figures import JvmFigures, tell_growth, tell_standing, with_metaspace
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth
from oakum.model.ports import Jvm
from oakum.model.units import format_count, format_duration, format_share, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.probe.jvm import JvmProbe, Reach
from oakum.probe.jvm_cost import dump_needs, histogram_pause_s
from oakum.probe.jvm_histogram import Histogram, grown_classes, total_bytes, total_objects
from oakum.probe.jvm_session import DumpCommand, JvmSession
from oakum.probe.room import pause_refusal

HISTOGRAMS = "two class histograms, compared"


class JvmInterview:
    """A histogram counts before and after the watch. Dumps are taken after it: they stop the program for longer."""

    compared: str = "two heap dumps, compared"
    profile: AllocationProfile | None = None

    def __init__(self, whom: Interviewee) -> None:
        self._whom, self._pid, self._machine = whom, whom.pid, whom.machine
        self._jvm: Jvm | None = None
        self._session: JvmSession | None = None
        self._tmp_free_bytes: int | None = None
        self._before: JvmFigures | None = None
        self._counted: tuple[Histogram, float] | None = None

    @property
    def reached(self) -> bool:
        return self._session is not None

    @property
    def answers(self) -> bool:
        return self.reached

    def close(self) -> None:
        jvm, self._jvm, self._session = self._jvm, None, None
        if jvm is not None:
            jvm.close()

    def begin(self, facts: Facts, progress: Progress) -> None:
        self._jvm = self._machine.jvms.open(self._pid)
        probe = JvmProbe(self._pid, self._jvm, self._machine.processes)
        reach = probe.look()
        if isinstance(reach, Absent):
            facts.miss(reach)
            return
        occasion = self._whom.occasion(progress)
        refused = self._whom.refusal(self._question(reach, occasion), occasion.command, progress)
        if refused is not None:
            facts.miss(refused)
            return
        session = probe.session(reach)
        version = session.version()
        if isinstance(version, Absent):
            facts.miss(version)
            return
        self._session, self._tmp_free_bytes = session, reach.tmp_free_bytes
        how = "SIGQUIT opened its attach socket, once" if reach.signals else "its attach socket was open already"
        facts.add("attach", f"the JVM ({version}) answers: {how}", "attach protocol", facts={"version": version})
        self._before = JvmFigures.of(session, reach.told)
        tell_standing(self._before, session, facts, limit_bytes=limit_bytes_of(self._pid, self._machine))
        self._counted = self._count(session, self._before.pools.heap_used_bytes, facts, progress)

    def _question(self, reach: Reach, occasion: Occasion) -> str:
        """What would be done, before it is done. Its heap in use is not larger than its anonymous memory."""
        most_bytes = occasion.anon_bytes()
        assert self._jvm is not None
        needs = dump_needs(most_bytes, self._jvm.carried_bytes_per_s())
        return (
            f"{reach.how(self._pid)} Figures cost next to nothing; a class histogram before and after the watch stops"
            f" it for up to about {format_duration(histogram_pause_s(most_bytes))} each. Only if memory grows, and"
            " where there is room: two heap dumps, for each of which it stands still for up to about"
            f" {format_duration(needs.pause_s)} at its size now; none that takes longer than"
            f" {format_duration(self._whom.budget.pause_s)}. No collection is forced. Dumps come through a pipe; a JVM"
            " of version 22 or later keeps a file in its /tmp meanwhile."
        )

    def _count(
        self, session: JvmSession, used_bytes: int, facts: Facts, progress: Progress
    ) -> tuple[Histogram, float] | None:
        """(the histogram, when the target ran on); None where it does not fit: ``facts`` says why."""
        most_s = histogram_pause_s(used_bytes)
        refused = pause_refusal(HISTOGRAMS, most_s, self._whom.budget, self._whom.occasion(progress).command)
        if refused is not None:
            facts.miss(refused)
            return None
        progress.stage(f"a class histogram: it may stand still for up to {format_duration(most_s)}")
        found, pause_s = session.histogram(within_s=4 * most_s + 30)
        ended_s = self._machine.clock.monotonic_s()
        facts.add(
            "histogram",
            f"{format_count(total_objects(found))} objects in {format_size(total_bytes(found))}, garbage too: it stood"
            f" still for at most {format_duration(pause_s)}",
            "GC.class_histogram -all",
            cost=Cost(pause_s, pause_s),
            facts={"objects": total_objects(found), "bytes": total_bytes(found), "predicted_pause_s": most_s},
        )
        return found, ended_s

    def end(self, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        session, before = self._session, self._before
        if session is None or before is None:
            return None
        after = JvmFigures.of(session, self._performance())
        tell_growth(before, after, facts)
        self._tell_classes(session, after, verdict, facts, progress)
        if verdict.name not in {VerdictName.SUSPECT, VerdictName.LEAK}:
            why = "its memory does not grow, so it is not stopped for dumps"
            facts.miss(Absent(self.compared, AbsentKind.NOT_APPLICABLE, why, "the same command with --for 10m"))
            return None
        return self._dumps(session, after, facts, progress)

    def _performance(self) -> Mapping[str, int | str]:
        assert self._jvm is not None
        reach = JvmProbe(self._pid, self._jvm, self._machine.processes).look()
        return {} if isinstance(reach, Absent) else reach.told

    def _tell_classes(
        self, session: JvmSession, after: JvmFigures, verdict: Verdict, facts: Facts, progress: Progress
    ) -> None:
        """The classes that grew over the watch."""
        counted = self._count(session, after.pools.heap_used_bytes, facts, progress) if self._counted else None
        if counted is None or self._counted is None:
            return
        (before, before_s), (now, now_s) = self._counted, counted
        rows = grown_classes(before, now)
        seconds = max(now_s - before_s, 1e-9)
        gained = sum(row.bytes_grown for row in rows)
        share = _share(gained / seconds, verdict.rate_per_s)
        most = "; ".join(
            f"{row.name} {format_count(row.count_before)} → {format_count(row.count_after)}"
            f" ({format_size(row.bytes_grown, signed=True)})"
            for row in rows[:3]
        )
        facts.add(
            "classes",
            f"by class, in {format_duration(seconds)}: {most}{share}"
            if rows
            else "no class has noticeably more objects",
            "the two histograms",
            facts={
                "seconds": seconds,
                "classes": [
                    {"name": row.name, "objects": row.count_grown, "bytes": row.bytes_grown} for row in rows[:20]
                ],
            },
        )

    def _dumps(self, session: JvmSession, figures: JvmFigures, facts: Facts, progress: Progress) -> HeapGrowth | None:
        command = session.dump_command()
        if isinstance(command, Absent):
            facts.miss(command)
            return None
        clock = self._machine.clock
        with ExitStack() as stack:
            first = self._dump(session, command, figures.pools.heap_used_bytes, stack, facts, progress)
            if first is None:
                return None
            progress.stage(f"letting it run for {format_duration(self._whom.apart_s)} before the second dump")
            clock.sleep_until(first.ended_s + self._whom.apart_s)
            second = self._dump(session, command, session.pools().heap_used_bytes, stack, facts, progress)
            if second is None:
                return None
            # The target may run on by itself from here on.
            self.close()
            growth = dumps_compared(first, second, machine=self._machine, facts=facts, progress=progress)
            return with_metaspace(growth, figures.loaders, facts)

    def _dump(
        self,
        session: JvmSession,
        command: DumpCommand,
        used_bytes: int,
        stack: ExitStack,
        facts: Facts,
        progress: Progress,
    ) -> Dumped | None:
        """None where it does not fit: ``facts`` says why."""
        dumped = jvm_dump(session, command, used_bytes, self._tmp_free_bytes, self._whom.occasion(progress))
        if isinstance(dumped, Absent):
            facts.miss(dumped)
            return None
        stack.callback(dumped.spool.close)
        facts.add(
            "dump",
            f"heap dump of {format_size(dumped.spool.size_bytes)}: it stood still for"
            f" {format_duration(dumped.pause_s)} and took {format_size(dumped.extra_bytes)} more memory for that time",
            DUMP_ORIGIN,
            cost=dumped.cost,
            facts=dumped.figures,
        )
        return dumped


def _share(per_s: float, rate_per_s: float | None) -> str:
    """What classes gained of what the process did; histograms count garbage, so that may be more than all."""
    if not rate_per_s or rate_per_s < 0:
        return ""
    if per_s > rate_per_s:
        return ", as much as the process gains and garbage beside it"
    return f", {format_share(per_s / rate_per_s)} of what the process gains"
