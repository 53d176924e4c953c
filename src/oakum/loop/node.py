"""A Node.js process looked into through its inspector: figures, a profile, two snapshots or a count of containers."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from oakum.loop import heap as heaping
from oakum.loop.cgroup import limit_bytes_of
from oakum.loop.dumped import Dumped, Occasion
from oakum.loop.facts import Facts
from oakum.loop.interview import Interviewee
from oakum.loop.node_census import CensusTaking
from oakum.loop.node_heaps import (
    Grown,
    grown_most,
    room_per_s,
    tell_grown,
    tell_heaps,
    tell_limit,
    tell_parts,
    tell_profile,
    uncollected,
    unknown,
)
from oakum.loop.node_snapshot import SNAPSHOT_ORIGIN, foretold, node_snapshot, stood_still
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth
from oakum.model.ports import Debuggee
from oakum.model.units import format_count, format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.probe.node import NodeProbe, Opening
from oakum.probe.node_cost import SnapshotNeeds, needs_of
from oakum.probe.node_options import node_options
from oakum.probe.node_profile import Frame
from oakum.probe.node_session import Heaps, NodeSession
from oakum.probe.node_workers import Worker


class NodeInterview:
    """Snapshots are taken after the watch: they swell what it measures."""

    compared: str = "two heap snapshots, compared"

    def __init__(self, whom: Interviewee) -> None:
        self._whom, self._pid, self._machine = whom, whom.pid, whom.machine
        self._debuggee: Debuggee | None = None
        self._session: NodeSession | None = None
        self.profile: AllocationProfile | None = None
        self._before: Heaps | None = None
        self._after: Heaps | None = None
        self._outside = ""
        self._frames: tuple[Frame, ...] = ()
        self._facts: Facts | None = None

    @property
    def reached(self) -> bool:
        return self._session is not None

    @property
    def answers(self) -> bool:
        return self.reached

    def close(self) -> None:
        session, self._session = self._session, None
        debuggee, self._debuggee = self._debuggee, None
        try:
            if session is not None:
                self._part(session)
        finally:
            if debuggee is not None:
                debuggee.close()

    def _part(self, session: NodeSession) -> None:
        left_open = session.close()
        if self._facts is None:
            return
        if left_open is not None:
            self._facts.miss(left_open)
        elif session.ours:
            self._facts.add("closed", f"its inspector is closed again: nothing listens on {session.listener}", "procfs")

    def begin(self, facts: Facts, progress: Progress) -> None:
        self._facts, machine = facts, self._machine
        self._debuggee = machine.debuggees.open(self._pid)
        probe = NodeProbe(
            self._pid, self._debuggee, processes=machine.processes, memories=machine.memories, clock=machine.clock
        )
        opening = probe.look()
        if isinstance(opening, Absent):
            facts.miss(opening)
            return
        occasion = self._whom.occasion(progress)
        refused = self._whom.refusal(self._question(opening, occasion), occasion.command, progress)
        if refused is not None:
            facts.miss(refused)
            return
        session = probe.open(opening)
        if isinstance(session, Absent):
            facts.miss(probe.without_inspector(session))
            return
        self._session = session
        session.hold(self._whom.watch_s)
        how = "SIGUSR1 opened it, once" if session.ours else "it was open already, and stays open"
        which = f"Node.js {session.version}".strip()
        facts.add("inspector", f"the inspector of {which} answers on {session.listener}: {how}", "procfs and CDP")
        self._before = session.heaps()
        tell_heaps(self._before, facts)
        limit_bytes = limit_bytes_of(self._pid, machine)
        words = node_options(self._pid, machine.processes)
        tell_limit(session.heap_limit_bytes(), self._before, limit_bytes, words, facts)
        session.begin_sampling()

    def _question(self, opening: Opening, occasion: Occasion) -> str:
        """What would be done, before it is done. Its heap is not larger than its anonymous memory."""
        most = needs_of(occasion.anon_bytes())
        return (
            f"{opening.how(self._pid)} A sampling profile costs next to nothing. Only if memory grows, and where there"
            f" is room: two heap snapshots, for each of which it stands still and takes more memory: at its size now up"
            f" to about"
            f" {format_duration(most.pause_s)} and {format_size(most.extra_bytes)}; none that could take longer than"
            f" {format_duration(self._whom.budget.pause_s)}. Where they do not fit, its containers are counted twice"
            f" instead, after a collection each time: it reads what variables of its functions lead to, calls none of"
            f" its code, and leaves nothing."
        )

    def end(self, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        session = self._session
        if session is None:
            return None
        grown, used = self._grown(session, facts)
        if verdict.name not in {VerdictName.SUSPECT, VerdictName.LEAK}:
            why = "its memory does not grow, so it is not paused for snapshots"
            facts.miss(Absent(self.compared, AbsentKind.NOT_APPLICABLE, why, "the same command with --for 10m"))
            return None
        if used is None:
            raise unknown(grown.worker)
        return self._snapshots(session, grown.worker, used, facts, progress)

    def _grown(self, session: NodeSession, facts: Facts) -> tuple[Grown, int | None]:
        """The heap that is looked into, and the bytes in use of it: None where it did not tell."""
        self._after = after = session.heaps()
        tell_heaps(after, facts)
        profiles = session.end_sampling()
        grown = grown_most(self._before or after, after, profiles)
        self._frames = profiles.frames_of(grown.worker) if profiles is not None else ()
        tell_grown(grown, after, profiles.main if profiles is not None else None, facts, pid=self._pid)
        self._outside = tell_parts(grown.worker, self._before or after, after, facts)
        tell_profile(grown.profile, facts)
        # A profile sees the heap alone: of what grows outside of it, it would name the wrong function.
        self.profile = grown.profile
        if self._outside and grown.profile is not None:
            self.profile = replace(grown.profile, total_bytes=0, sites=())
        return grown, after.used_bytes(grown.worker)

    def _snapshots(
        self, session: NodeSession, worker: Worker | None, used: int, facts: Facts, progress: Progress
    ) -> HeapGrowth | None:
        clock = self._machine.clock
        with ExitStack() as stack:
            needs = foretold(session, used, self._whom.occasion(progress), worker, facts)
            first = self._snapshot(session, worker, needs, stack, facts, progress)
            if first is None:
                return self._census(session, worker, facts, progress)
            progress.stage(f"letting it run for {format_duration(self._whom.apart_s)} before the second snapshot")
            session.hold(self._whom.apart_s)
            clock.sleep_until(first.ended_s + self._whom.apart_s)
            took = needs_of(used).taken(first.pause_s, first.extra_bytes)
            used_again = session.heaps().used_bytes(worker)
            if used_again is None:
                raise unknown(worker)
            second = self._snapshot(session, worker, needs_of(used_again).after(took), stack, facts, progress)
            if second is None:
                return self._census(session, worker, facts, progress)
            # The target may run on by itself from here on.
            self.close()
            progress.stage("comparing the two snapshots, naming what holds the growth")
            apart_s = second.begun_s - first.ended_s
            files = [first.spool.path(), second.spool.path()]
            growth = heaping.grown(files, apart_s, bench=heaping.Bench(self._machine, heaping.Settings(), progress))
        facts.add(
            "growth",
            f"{format_count(growth.objects_before)} → {format_count(growth.objects_after)} objects"
            f" in {format_duration(growth.seconds)}",
            "the two snapshots",
            facts={
                "objects": [growth.objects_before, growth.objects_after],
                "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
            },
        )
        return self._with_outside(growth)

    def _census(
        self, session: NodeSession, worker: Worker | None, facts: Facts, progress: Progress
    ) -> HeapGrowth | None:
        """In the place of snapshots; what is missed of them is told already."""
        taking = CensusTaking(session, worker, self._whom.occasion(progress), self._whom.apart_s)
        growth = taking.taken(self._frames, facts)
        return None if growth is None else self._with_outside(growth)

    def _with_outside(self, growth: HeapGrowth) -> HeapGrowth:
        garbage = (
            uncollected(self._before, self._after, self._whom.watch_s, growth) if self._before and self._after else ""
        )
        room = room_per_s(self._before, self._after, self._whom.watch_s) if garbage else 0.0
        return replace(growth, outside=self._outside, uncollected=garbage, room_per_s=room)

    def _snapshot(
        self,
        session: NodeSession,
        worker: Worker | None,
        needs: SnapshotNeeds,
        stack: ExitStack,
        facts: Facts,
        progress: Progress,
    ) -> Dumped | None:
        """None where it does not fit: ``facts`` says why."""
        dumped = node_snapshot(session, needs, self._whom.occasion(progress), worker)
        if isinstance(dumped, Absent):
            facts.miss(dumped)
            return None
        stack.callback(dumped.spool.close)
        facts.add(
            "snapshot",
            f"heap snapshot of {format_size(dumped.spool.size_bytes)}: {stood_still(worker)} for"
            f" {format_duration(dumped.pause_s)} and took {format_size(dumped.extra_bytes)} more memory for that time",
            SNAPSHOT_ORIGIN,
            cost=Cost(dumped.pause_s, dumped.pause_s, dumped.spool.size_bytes),
            facts={
                "extra_bytes": dumped.extra_bytes,
                "predicted_pause_s": dumped.foretold.pause_s,
                "predicted_bytes": dumped.foretold.extra_bytes,
            },
        )
        return dumped
