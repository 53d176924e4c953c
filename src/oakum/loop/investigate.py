"""``oakum investigate``: watch, capture twice, compare, explain; one target, from symptom to named holder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final

from oakum import explain
from oakum.explain.source import LARGEST_SOURCE
from oakum.judge import curve, judge
from oakum.logs import library
from oakum.loop.around import Around
from oakum.loop.captures import Captures
from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.go import GoInterview
from oakum.loop.interview import Interview, Interviewee, Interviews
from oakum.loop.jvm import JvmInterview
from oakum.loop.layout import Layouts, ready
from oakum.loop.logs import LogBounds, known_logs, read_logs, tell
from oakum.loop.looking import Looking
from oakum.loop.node import NodeInterview
from oakum.loop.pools import known_pools
from oakum.loop.ruby import RubyInterview
from oakum.loop.subject import Subject, choose
from oakum.loop.terms import Terms
from oakum.loop.workers import Workers
from oakum.model.absent import Absent, AbsentKind
from oakum.model.allocation import AllocationProfile
from oakum.model.assessment import Investigation
from oakum.model.by_hand import core_command
from oakum.model.deeper import Deeper
from oakum.model.errors import CallerError, OakumError
from oakum.model.growth import HeapGrowth
from oakum.model.layout import LayoutGrowth
from oakum.model.log import LogFile, LogPattern, LogReading
from oakum.model.policy import Policy
from oakum.model.pool import PoolReading, PoolServer
from oakum.model.ruby import RubyDeeper
from oakum.model.runtime import Runtime, RuntimeName
from oakum.model.series import Series, WorkloadSeries
from oakum.model.surroundings import Surroundings
from oakum.model.target import ProcessTarget, Target
from oakum.model.units import format_duration, format_size
from oakum.model.verdict import Verdict
from oakum.probe.deeper import look_deeper
from oakum.probe.native import may_walk
from oakum.probe.python import PythonProbe
from oakum.probe.runtime import recognise
from oakum.sense.joined import joined
from oakum.sense.watch import ProcessWatch

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

WATCH_S = 20.0
"""How long is watched where nobody says it, in seconds."""

JUDGED_EVERY_S = 1.0
"""While watching, the judge is asked again this often, in seconds."""

INTERVIEWS: Final[Mapping[RuntimeName, Callable[[Interviewee], Interview]]] = {
    RuntimeName.NODE: NodeInterview,
    RuntimeName.JVM: JvmInterview,
    RuntimeName.GO: GoInterview,
    RuntimeName.RUBY: RubyInterview,
}
"""Runtimes that are asked about their own heap."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one investigation is made."""

    watch_s: float
    """How long to watch, in seconds."""

    interval_s: float
    """Between two samples, in seconds."""

    capture: bool
    """Whether to look into the heap."""

    stop: bool
    """Whether the target may be stopped while its memory is copied."""

    terms: Terms
    """What may be done to a process that is asked for its heap: Node.js, a JVM, Go, Ruby."""

    earlier: tuple[Series, ...] = ()
    """What was seen of this very process before; with it, its children are not chosen in its place."""

    known: Verdict | None = None
    """On the long history of what it is part of: it stands in the place of one on a short watch."""

    logs: bool = True
    """Whether the logs that it writes are read."""

    printed: bool = True
    """Whether what it prints is read too: not where its cluster has told that."""

    with_server: PoolServer = field(default_factory=PoolServer)
    """The server that it is looked at with: what its pools are measured by."""

    patterns: tuple[LogPattern, ...] = ()
    """What is looked for in them; the library alone where there are none."""

    @classmethod
    def of(
        cls,
        *,
        watch_s: float = WATCH_S,
        interval_s: float | None = None,
        capture: bool = True,
        stop: bool = False,
        terms: Terms | None = None,
        earlier: tuple[Series, ...] = (),
    ) -> Settings:
        """Raises CallerError for a watch too short to say anything, or an interval that does not fit in it."""
        chosen_s = min(max(watch_s / 600, 0.25), 15.0) if interval_s is None else interval_s
        if watch_s < 5 or chosen_s < 0.02 or watch_s < 8 * chosen_s:
            raise CallerError(
                f"cannot tell anything from {format_duration(watch_s)} with a sample every {format_duration(chosen_s)}",
                why="a watch lasts 5 s or more and holds 8 samples or more; samples are 20 ms apart or more",
                next_step="leave --for and --every out, or write for example --for 10m --every 1s",
            )
        return cls(watch_s, chosen_s, capture, stop, terms or Terms(), earlier)


def investigate(
    target: Target, *, machine: Machine, policy: Policy, settings: Settings, progress: Progress
) -> Investigation:
    """Raises TargetError when the target is not there, or ended before anything could be said of it."""
    progress.stage(f"looking at {target}")
    subject = _subject(target, machine, settings)
    facts = Facts(machine.clock)
    if subject.why:
        chosen = subject.process.pid
        choice = f"pid {chosen} is looked at: {subject.why}"
        progress.stage(choice)
        facts.add("subject", choice, "procfs", facts={"pid": chosen})
    pid = subject.process.pid
    runtime = _recognise(subject, machine, facts)
    # What compiles for seconds, once on a machine, would be a gap in the series.
    ready(runtime)
    watching = ProcessWatch(
        pid, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=settings.interval_s
    )
    with watching as watch, Workers(target, machine) as workers:
        with _looking(runtime, pid, machine, settings, facts) as looking:
            layouts = Layouts(machine, runtime)
            looking.prepare(facts, progress)
            layouts.begin(pid, facts)
            around = Around(machine, runtime, settings.watch_s)
            # One that ends during the watch leaves its files, and no longer says which.
            files = known_logs(pid, machine.logs, printed=settings.printed) if settings.logs else ()
            pools = known_pools(pid, runtime, machine, facts, settings.with_server)
            series_verdict = _watch(
                watch, looking, layouts, around, facts, machine, settings=settings, progress=progress
            )
            series_verdict = settings.known or series_verdict
            members, told_members = workers.tell(facts, watch.info.pid)
            layout = layouts.conclude(watch.info.pid, facts)
            growth = looking.conclude(watch, series_verdict, facts, progress)
            partial = watch.ended and growth is None
            readings = _logs(files, watch.info.pid, pid, machine, settings, facts, progress)
        told = watch.told(machine.kernel_log)
    ids = {"members": told_members} if told_members else {}
    for title, values in told.facts:
        added = facts.add("series", title, "procfs and cgroup", facts=values)
        if "limits" in values:
            ids["charge"] = added
    surroundings = around.conclude(watch, members, ids, facts)
    # What was said before is of a run before. Of a cgroup, the workers that ended are concerned as well.
    started_s = subject.process.started_s if isinstance(target, ProcessTarget) else None
    subject = replace(subject, process=watch.info)
    return _conclude(
        subject,
        joined(settings.earlier, told.series),
        series_verdict,
        growth,
        runtime,
        facts,
        layout=layout,
        profile=looking.profile,
        deeper=looking.deeper,
        logs=readings,
        pools=pools,
        surroundings=surroundings,
        started_s=started_s,
        machine=machine,
        policy=policy,
        partial=partial,
    )


def _logs(  # noqa: PLR0913, PLR0917  (what was known before the watch, and what is now)
    before: Sequence[LogFile | Absent],
    pid: int,
    at_first: int,
    machine: Machine,
    settings: Settings,
    facts: Facts,
    progress: Progress,
) -> tuple[LogReading, ...]:
    """After the watch, so that what was said during it counts."""
    if not settings.logs:
        return ()
    progress.stage("reading its logs")
    now = known_logs(pid, machine.logs, printed=settings.printed) if pid != at_first else before
    return tell(read_logs(now, machine.logs, facts, settings.patterns or library(), LogBounds()), facts)


def _subject(target: Target, machine: Machine, settings: Settings) -> Subject:
    if settings.earlier and isinstance(target, ProcessTarget):
        return Subject(target, machine.processes.info(target.pid))
    return choose(target, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock)


def _recognise(subject: Subject, machine: Machine, facts: Facts) -> Runtime:
    found = recognise(subject.process.pid, machine.processes, machine.memories)
    if isinstance(found, Absent):
        facts.miss(found)
        return Runtime(RuntimeName.UNKNOWN, "")
    facts.add("runtime", f"it runs {found.in_full}", "executable and maps", facts=asdict(found))
    return found


def _looking(runtime: Runtime, pid: int, machine: Machine, settings: Settings, facts: Facts) -> Looking:
    """What looks into the heap of this runtime."""
    probe = None
    if not settings.capture:
        facts.miss(Absent("what the heap holds", AbsentKind.NOT_YET, "--no-capture was given", "leave it out"))
    elif runtime.name in INTERVIEWS:
        consent = Consent(agreed=settings.terms.inspect)
        whom = Interviewee(pid, machine, settings.terms, consent, settings.watch_s, runtime)
        return Interviews(INTERVIEWS[runtime.name], whom)
    elif runtime.name is RuntimeName.CPYTHON:
        probe = PythonProbe(machine.memories, machine.processes, machine.clock, runtime)
    elif may_walk(runtime):
        why = "C, C++ and Rust list no objects: a live process tells blocks by size and class, not who holds them"
        core = f"{core_command(pid)}    # a core: it stands still meanwhile"
        facts.miss(Absent("what the heap holds", AbsentKind.NOT_APPLICABLE, why, core))
    else:
        facts.miss(
            Absent(
                "what the heap holds",
                AbsentKind.NOT_APPLICABLE,
                f"this version looks into CPython, Node.js, Ruby, the JVM and Go; the target runs {runtime}",
                "the series and the kernel's figures still speak: the same command with --for 10m",
            )
        )
    return Captures(probe, pid, stop=settings.stop, budget=settings.terms.budget)


def _watch(  # noqa: PLR0913  (one step of the journey)
    watch: ProcessWatch,
    looking: Looking,
    layouts: Layouts,
    around: Around,
    facts: Facts,
    machine: Machine,
    *,
    settings: Settings,
    progress: Progress,
) -> Verdict:
    """Sample until the time is up, the target ends for good, or its death comes near; then take the last capture."""
    clock = machine.clock
    end_s = clock.monotonic_s() + settings.watch_s
    judged_s = 0.0
    verdict = judge(joined(settings.earlier, watch.series()))
    while (now_s := clock.monotonic_s()) < end_s:
        if not watch.tick():
            if not watch.follow():
                break
            progress.stage(f"it ended, and pid {watch.info.pid} took its place: going on with that one")
            looking.follow(watch.info.pid, facts, progress)
            layouts.begin(watch.info.pid, facts)
        around.look(watch)
        layouts.between(watch.info.pid)
        if now_s - judged_s >= JUDGED_EVERY_S:
            judged_s = now_s
            series = joined(settings.earlier, watch.series())
            verdict = judge(series)
            progress.watched(series, verdict, end_s - now_s)
            if looking.ends_watch(verdict):
                progress.stage("the limit is near: taking the last capture now")
                break
    around.look(watch)
    watch.sample_in_full()
    return verdict


def _conclude(  # noqa: PLR0913  (everything comes together here)
    subject: Subject,
    series: WorkloadSeries,
    series_verdict: Verdict,
    growth: HeapGrowth | None,
    runtime: Runtime,
    facts: Facts,
    *,
    layout: LayoutGrowth | None,
    profile: AllocationProfile | None,
    deeper: RubyDeeper | None,
    logs: tuple[LogReading, ...],
    pools: PoolReading,
    surroundings: Surroundings,
    started_s: float | None,
    machine: Machine,
    policy: Policy,
    partial: bool,
) -> Investigation:
    sources = _sources(subject.process.pid, growth, profile, machine, facts)
    growth = explain.by_source(growth, sources, machine.clock.monotonic_s) if growth is not None else None
    explanation = explain.explain(
        str(subject.target),
        series_verdict,
        growth,
        profile=profile,
        sources=sources,
        policy=policy,
        deeper=deeper or _deeper(subject.process.pid, runtime, machine),
        logs=logs,
        whose=explain.Whose.of(machine.clock.now_s(), str(runtime), started_s),
        layout=layout,
        pools=pools,
        around=surroundings,
    )
    found = Investigation(
        target=str(subject.target),
        generated_at_s=machine.clock.now_s(),
        verdict=explanation.verdict,
        series_verdict=series_verdict,
        series=series,
        runtime=str(runtime),
        curve=curve(series),
        evidence=tuple(facts.evidence),
        absent=tuple(facts.absent),
        growth=growth,
        causes=explanation.causes,
        plan=explanation.plan,
        partial=partial,
        pools=pools,
        accounted=explanation.accounted,
    )
    return explain.told(found)


def _deeper(pid: int, runtime: Runtime, machine: Machine) -> Deeper | None:
    """None for another runtime, and for a process that has ended or that is out of reach by now."""
    try:
        return look_deeper(pid, runtime, machine.processes, machine.memories)
    except OakumError:
        return None


def _sources(
    pid: int, growth: HeapGrowth | None, profile: AllocationProfile | None, machine: Machine, facts: Facts
) -> dict[str, str]:
    """The texts that speak about the holders, as the target itself sees those files."""
    texts = {}
    for path in explain.files_wanted(growth, profile):
        raw = machine.processes.read_file(pid, path, LARGEST_SOURCE + 1)
        if not isinstance(raw, Absent) and len(raw) > LARGEST_SOURCE:
            why = f"it is larger than {format_size(LARGEST_SOURCE)}: places in it are not looked for"
            raw = Absent(f"{path} of pid {pid}", AbsentKind.TOO_DEAR, why)
        if isinstance(raw, Absent):
            # A Go program needs no sources where it runs, and its profile names the line.
            if not path.endswith(".go"):
                facts.miss(raw)
        else:
            texts[path] = raw.decode("utf-8", "replace")
    return texts
