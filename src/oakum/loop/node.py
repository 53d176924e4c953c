"""A Node.js process looked into through its inspector: figures, a sampling profile, two snapshots where they fit."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self

from oakum.loop import heap as heaping
from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.peak import Gauged, Peak
from oakum.loop.progress import Progress
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.errors import CallerError, OakumError
from oakum.model.evidence import Cost
from oakum.model.growth import HeapGrowth
from oakum.model.ports import Debuggee, Spool
from oakum.model.units import format_count, format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.probe.node import HEAP, NodeProbe, Opening
from oakum.probe.node_cost import SnapshotNeeds, needs_of
from oakum.probe.node_session import NodeSession
from oakum.probe.room import available_bytes, room_of
from oakum.sense.watch import ProcessWatch

if TYPE_CHECKING:
    from oakum.host import Machine

LEAST_APART_S = 8.0
"""Two snapshots are at least so far apart, in seconds of the target's own running."""

MOST_APART_S = 300.0
LAST_WORD_S = 5.0
"""A target that may die within this time is looked at now, in seconds."""

SNAPSHOTS = "two heap snapshots, compared"


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What may be done to a Node.js process."""

    inspect: bool | None = None
    """Whether its inspector may be opened and asked. None: a person is asked."""

    max_pause_s: float = 15.0
    """A snapshot for which the target would stand still longer than this is not taken, in seconds."""

    def __post_init__(self) -> None:
        if not self.max_pause_s > 0:
            raise CallerError("a pause must be longer than nothing", next_step="--max-pause 15s")


class NodeLook:
    """Looking of a Node.js process. Snapshots are taken after the watch: they swell what it measures."""

    def __init__(self, pid: int, machine: Machine, settings: NodeSettings, *, watch_s: float) -> None:
        self._pid, self._machine, self._settings = pid, machine, settings
        self._apart_s = min(max(watch_s / 2, LEAST_APART_S), MOST_APART_S)
        self._watch_s = watch_s
        self._debuggee: Debuggee | None = None
        self._session: NodeSession | None = None
        self._consent = Consent(agreed=settings.inspect)
        self.profile: AllocationProfile | None = None
        self._facts: Facts | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._leave()

    def _leave(self) -> None:
        session, self._session = self._session, None
        debuggee, self._debuggee = self._debuggee, None
        try:
            if session is not None:
                self._close(session)
        finally:
            if debuggee is not None:
                debuggee.close()

    def _close(self, session: NodeSession) -> None:
        left_open = session.close()
        if self._facts is None:
            return
        if left_open is not None:
            self._facts.miss(left_open)
        elif session.ours:
            self._facts.add("closed", f"its inspector is closed again: nothing listens on {session.listener}", "procfs")

    def prepare(self, facts: Facts, progress: Progress) -> None:
        self._facts = facts
        try:
            self._prepare(facts, progress)
        except OakumError as exc:
            facts.miss(Absent(HEAP, AbsentKind.UNREADABLE, exc.brief, exc.next_step))

    def _prepare(self, facts: Facts, progress: Progress) -> None:
        machine = self._machine
        self._debuggee = machine.debuggees.open(self._pid)
        probe = NodeProbe(
            self._pid, self._debuggee, processes=machine.processes, memories=machine.memories, clock=machine.clock
        )
        opening = probe.look()
        if isinstance(opening, Absent):
            facts.miss(opening)
            return
        refused = self._consent.refusal(self._question(opening), self._pid, progress)
        if refused is not None:
            facts.miss(refused)
            return
        session = probe.open(opening)
        if isinstance(session, Absent):
            facts.miss(session)
            return
        self._session = session
        session.hold(self._watch_s)
        how = "SIGUSR1 opened it, once" if session.ours else "it was open already, and stays open"
        which = f"Node.js {session.version}".strip()
        facts.add("inspector", f"the inspector of {which} answers on {session.listener}: {how}", "procfs and CDP")
        self._tell_figures(session, facts)
        session.begin_sampling()

    def _question(self, opening: Opening) -> str:
        """What would be done, before it is done. Its heap is not larger than its anonymous memory."""
        with self._gauge() as gauge:
            memory = gauge.sample()
        most = needs_of(memory.anon_bytes if memory else 0)
        if opening.listener is not None:
            how = f"Its inspector is open on {opening.listener}: Oakum would use it and leave it open."
        else:
            how = (
                f"Oakum would send SIGUSR1 to pid {self._pid}, once: Node.js then opens its inspector on port"
                f" {opening.port} of its loopback; until Oakum closes it, who can connect there can run code in it."
            )
        doubt = f" But {opening.doubt}." if opening.doubt else ""
        return (
            f"{how}{doubt} A sampling profile costs next to nothing. Only if memory grows, and where there is room:"
            f" two heap snapshots, for each of which it stands still and takes more memory: at its size now up to about"
            f" {format_duration(most.pause_s)} and {format_size(most.extra_bytes)}; none that could take longer than"
            f" {format_duration(self._settings.max_pause_s)}."
        )

    def _tell_figures(self, session: NodeSession, facts: Facts) -> int:
        """Its heapUsed, in bytes."""
        figures = session.figures()
        facts.add(
            "figures",
            f"JavaScript heap {format_size(figures.heap_used_bytes)}, outside it"
            f" {format_size(figures.external_bytes)} (ArrayBuffers {format_size(figures.array_buffers_bytes)}),"
            f" resident {format_size(figures.rss_bytes)}",
            "process.memoryUsage()",
            facts=asdict(figures),
        )
        self._tell_workers(session, facts)
        return figures.heap_used_bytes

    def _tell_workers(self, session: NodeSession, facts: Facts) -> None:
        """Each worker thread has a heap of its own; how large they are is told, what they hold is not looked into."""
        workers = session.workers()
        if not workers:
            return
        total = sum(worker.heap_used_bytes or 0 for worker in workers)
        facts.add(
            "workers",
            f"{format_count(len(workers))} worker threads with {format_size(total)} in heaps of their own",
            "process.memoryUsage() in each",
            facts={"workers": [asdict(worker) for worker in workers]},
        )
        facts.miss(
            Absent(
                "what the heaps of its worker threads hold",
                AbsentKind.NOT_APPLICABLE,
                "this version looks into the main thread's heap",
                "v8.writeHeapSnapshot() in the worker; then oakum heap analyze FILE",
            )
        )

    def ends_watch(self, verdict: Verdict) -> bool:
        return self._session is not None and any(row.p10_s < LAST_WORD_S for row in verdict.forecasts)

    def follow(self, pid: int, facts: Facts, progress: Progress) -> None:
        """The new process has an inspector of its own, and what was agreed holds for it too."""
        had = self._session is not None
        self._leave()
        self._pid = pid
        if had:
            self.prepare(facts, progress)

    def conclude(self, watch: ProcessWatch, verdict: Verdict, facts: Facts, progress: Progress) -> HeapGrowth | None:
        session = self._session
        if session is None or watch.ended:
            return None
        try:
            used = self._tell_figures(session, facts)
            self._tell_profile(session, facts)
            if verdict.name not in {VerdictName.SUSPECT, VerdictName.LEAK}:
                why = "its memory does not grow, so it is not paused for snapshots"
                facts.miss(Absent(SNAPSHOTS, AbsentKind.NOT_APPLICABLE, why, "the same command with --for 10m"))
                return None
            return self._snapshots(session, used, facts, progress)
        except OakumError as exc:
            facts.miss(Absent(SNAPSHOTS, AbsentKind.UNREADABLE, exc.brief, exc.next_step))
        finally:
            self._leave()
        return None

    def _tell_profile(self, session: NodeSession, facts: Facts) -> None:
        profile = self.profile = session.end_sampling()
        if profile is None:
            return
        first = profile.sites[0] if profile.sites else None
        most = f", most of it by {first.place} ({format_size(first.bytes)})" if first else ""
        facts.add(
            "profile",
            f"of what was allocated in {format_duration(profile.seconds)}, {format_size(profile.total_bytes)}"
            f" are alive{most}",
            "sampling heap profile",
            cost=Cost(seconds=profile.seconds),
            facts={
                "total_bytes": profile.total_bytes,
                "sites": [{"where": str(site.place), "bytes": site.bytes} for site in profile.sites[:10]],
            },
        )

    def _snapshots(self, session: NodeSession, used: int, facts: Facts, progress: Progress) -> HeapGrowth | None:
        clock = self._machine.clock
        with ExitStack() as stack:
            first = self._snapshot(session, needs_of(used), stack, facts, progress)
            if first is None:
                return None
            spool, ended_s, needs = first
            progress.stage(f"letting it run for {format_duration(self._apart_s)} before the second snapshot")
            session.hold(self._apart_s)
            clock.sleep_until(ended_s + self._apart_s)
            again = needs_of(session.figures().heap_used_bytes).after(needs)
            second = self._snapshot(session, again, stack, facts, progress)
            if second is None:
                return None
            # The target may run on by itself from here on.
            self._leave()
            progress.stage("comparing the two snapshots, naming what holds the growth")
            apart_s = second[1] - second[2].pause_s - ended_s
            files = [spool.path(), second[0].path()]
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
        return growth

    def _snapshot(
        self, session: NodeSession, needs: SnapshotNeeds, stack: ExitStack, facts: Facts, progress: Progress
    ) -> tuple[Spool, float, SnapshotNeeds] | None:
        """(the file, when the target ran on, what it really took); None where it does not fit: ``facts`` says why."""
        machine = self._machine
        room = room_of(machine.processes.info(self._pid).cgroup, machine.cgroups, available_bytes())
        refused = needs.refusal(room, self._settings.max_pause_s, f"oakum investigate pid/{self._pid} --inspect")
        spool = refused or machine.spools.create(needs.file_bytes)
        if isinstance(spool, Absent):
            facts.miss(spool)
            return None
        stack.callback(spool.close)
        left = f", {format_size(room.left_bytes)} are left below {room.boundary}" if room else ""
        progress.stage(
            f"a heap snapshot: it may stand still for about {format_duration(needs.pause_s)} and take up to"
            f" {format_size(needs.extra_bytes)} more{left}"
        )
        with self._gauge() as gauge, Peak(gauge) as peak:
            cost = session.snapshot(spool, within_s=4 * needs.pause_s + 30)
        took = needs.taken(cost.pause_s, peak.extra_bytes)
        facts.add(
            "snapshot",
            f"heap snapshot of {format_size(cost.bytes)}: it stood still for {format_duration(cost.pause_s)} and took"
            f" {format_size(peak.extra_bytes)} more memory for that time",
            "HeapProfiler.takeHeapSnapshot",
            cost=Cost(cost.pause_s, cost.pause_s, cost.bytes),
            facts={
                "extra_bytes": peak.extra_bytes,
                "predicted_pause_s": needs.pause_s,
                "predicted_bytes": needs.extra_bytes,
            },
        )
        return spool, cost.ended_s, took

    def _gauge(self) -> Gauged:
        return Gauged(self._machine.processes.open(self._pid))
