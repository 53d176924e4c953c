"""``oakum verify``: watch what runs now, join it with what was seen since the fix, and ask the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING, Any

from oakum.incident import Event
from oakum.judge import judge
from oakum.loop.bench import Bench, at_work
from oakum.loop.cgroup import kills_in
from oakum.loop.incident import number_of
from oakum.loop.subject import choose
from oakum.model.absent import Absent
from oakum.model.errors import CallerError, OakumError, TargetError
from oakum.model.incident import Change, Entry, EntryKind, Incident, Kept, Record, State
from oakum.model.plan_record import PlanRecord, StepState
from oakum.model.process import ProcessInfo
from oakum.model.series import Series, WorkloadSeries
from oakum.model.sighting import Sighting
from oakum.model.target import IN_CLUSTER, parse_target
from oakum.model.units import format_count
from oakum.model.verification import CheckState, Outcome, Verification
from oakum.render.codec_samples import MEDIA_TYPE, samples_from_bytes, samples_to_bytes
from oakum.sense.joined import SAME_START_S
from oakum.sense.joined import joined as with_earlier
from oakum.sense.watch import ProcessWatch
from oakum.verify.gate import Since, ask, seen_s

if TYPE_CHECKING:
    from oakum.model.ports import Blobs

JUDGED_EVERY_S = 1.0
KEPT = "verify"
"""The beginning of the id of samples that a verification kept."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``since_s``: when what is verified began to hold. ``began_late``: what runs now began after that.

    ``rate_before``, ``work_before``: bytes and processor seconds per second, while it leaked.
    """

    name: str
    pid: int
    since_s: float
    record: Record | None = None
    rate_before: float | None = None
    work_before: float | None = None
    began_late: bool = False


def verify(wanted: str, *, bench: Bench, watch_s: float | None = None, on: str = "") -> Verification:
    """``wanted``: an incident, or a target. ``on``: the target that runs now, where it cannot be told.

    ``watch_s``: how long to watch, the quick check of the policy when not given. Raises TargetError when nobody runs.
    """
    subject = subject_of(wanted, on, bench)
    name = f"inc-{subject.record.incident.number}" if subject.record is not None else subject.name
    with at_work("verify", name, bench):
        if subject.record is not None:
            begin(subject.record.incident, bench)
        since = _watched(subject, bench, bench.policy.quick_check_s * 1.05 if watch_s is None else watch_s)
        found = asked(subject, since, bench)
        return found if subject.record is None else settled(found, subject.record.incident.number, bench)


def asked(subject: Subject, since: Since, bench: Bench) -> Verification:
    """What the gate answers."""
    outcome, checks, next_step = ask(since, bench.policy)
    return Verification(
        target=subject.name,
        incident=0 if subject.record is None else subject.record.incident.number,
        generated_at_s=since.now_s,
        since_s=since.since_s,
        seen_s=seen_s(since),
        outcome=outcome,
        checks=checks,
        verdict=since.verdict,
        series=since.series,
        next=next_step,
    )


def subject_of(wanted: str, on: str, bench: Bench) -> Subject:
    if not wanted.startswith("inc-"):
        info = _chosen(wanted, bench)
        return Subject(wanted, info.pid, info.started_s)
    record = bench.store.incidents.record(number_of(wanted))
    target = record.incident.target
    if not on and (target.partition("/")[0] in IN_CLUSTER or "://" in target):
        raise CallerError(
            f"{record.incident.id} is about {target}",
            why="what is verified is a process of this machine",
            next_step=f"oakum investigate {quote(target)} --for 1h, which goes on with this incident",
        )
    applied = [plan for plan in bench.store.plans.of(record.incident.number) if plan.state is StepState.APPLIED]
    last = applied[-1] if applied else None
    info = _chosen(on, bench) if on else _successor(record.incident, last, bench)
    since_s = info.started_s if on else _held_since(record, last, info)
    work = last.seen.get("work") if last is not None else None
    return Subject(
        f"pid/{info.pid}",
        info.pid,
        since_s,
        record,
        _rate_before(record, since_s),
        float(work) if isinstance(work, int | float) else None,
        began_late=info.started_s > since_s + SAME_START_S,
    )


def _held_since(record: Record, plan: PlanRecord | None, info: ProcessInfo) -> float:
    """The end of the plan, or when somebody said that it is fixed, whichever is later."""
    ends = [step.ended_at_s for step in plan.steps if step.ended_at_s is not None] if plan is not None else []
    return max([*ends, said_s(record)]) if ends or said_s(record) > 0 else info.started_s


def said_s(record: Record | None) -> float:
    """When somebody said last that it is fixed (UTC epoch seconds); 0 when nobody did."""
    timeline = record.timeline if record is not None else ()
    return max((entry.at_s for entry in timeline if entry.facts.get("event") == Event.FIX.value), default=0.0)


def _chosen(target: str, bench: Bench) -> ProcessInfo:
    machine = bench.machine
    subject = choose(parse_target(target), processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock)
    return subject.process


def _successor(incident: Incident, plan: PlanRecord | None, bench: Bench) -> ProcessInfo:
    """What the plan started; else what runs the same command as the same user; else the target itself."""
    processes = bench.machine.processes
    if plan is not None:
        for step in plan.steps:
            after = (step.undo_data or {}).get("after")
            if isinstance(after, list | tuple) and bench.hands.sightings.runs(after[0], after[1]):
                return processes.info(after[0])
        seen = Sighting.of(plan.seen)
        alike = [info for info in processes.list() if (info.command, info.uid) == (seen.command, seen.uid)]
        if alike:
            return min(alike, key=lambda info: info.started_s)
    try:
        return _chosen(incident.target, bench)
    except (TargetError, CallerError) as exc:
        raise TargetError(
            f"nobody runs that would be {incident.id}'s target: {exc.what}",
            why="its process has ended, and none with its command is there",
            next_step=f"oakum verify {incident.id} --on pid/N",
        ) from exc


def _rate_before(record: Record, since_s: float) -> float | None:
    """Bytes per second, as the last assessment before the fix measured it."""
    for assessed in reversed(record.assessed):
        verdict: Any = assessed.document.get("verdict")
        if assessed.at_s <= since_s and isinstance(verdict, Mapping) and verdict.get("rate_per_s"):
            return float(verdict["rate_per_s"])
    return None


def begin(incident: Incident, bench: Bench) -> None:
    """Who asks whether it is fixed holds it for fixed."""
    why = "a verification was begun"
    for event in (Event.STABILISE, Event.FIX, Event.VERIFY):
        state = bench.store.incidents.get(incident.number).state
        if state in {State.VERIFYING, State.CLOSED}:
            return
        bench.move(incident.number, event, why)


def _watched(subject: Subject, bench: Bench, watch_s: float) -> Since:
    machine, progress = bench.machine, bench.progress
    interval_s = min(max(watch_s / 600, 0.25), 15.0)
    watch = ProcessWatch(
        subject.pid,
        processes=machine.processes,
        cgroups=machine.cgroups,
        clock=machine.clock,
        interval_s=interval_s,
    )
    begun_s = machine.clock.monotonic_s()
    progress.stage(f"watching pid {subject.pid}: {watch.info.title[:80]}")
    with watch:
        used_s, cgroup = used_s_of(subject.pid, bench), watch.info.cgroup
        kills = kills_in(cgroup, machine)
        judged_s, worked_s = 0.0, begun_s
        while (now_s := machine.clock.monotonic_s()) < begun_s + watch_s:
            if not watch.tick():
                if not watch.follow():
                    break
                used_s, worked_s = used_s_of(watch.info.pid, bench), machine.clock.monotonic_s()
            if now_s - judged_s >= JUDGED_EVERY_S:
                judged_s = now_s
                series = watch.series()
                progress.watched(series, judge(series), begun_s + watch_s - now_s)
        now_used_s = used_s_of(watch.info.pid, bench)
        seconds = machine.clock.monotonic_s() - worked_s
        series = joined(subject, watch.told(machine.kernel_log).series, bench.store.blobs)
        after = kills_in(cgroup, machine)
    told = machine.kernel_log.oom_kills(subject.since_s)
    pid = watch.info.pid
    words: tuple[str, ...] | Absent = (
        told
        if isinstance(told, Absent)
        else tuple(kill.line for kill in told if kill.pid in {pid, subject.pid} or _inside(kill.task_cgroup, cgroup))
    )
    return Since(
        series=series,
        verdict=judge(series),
        since_s=subject.since_s,
        now_s=machine.clock.now_s(),
        kills=words,
        cgroup_kills=None if kills is None or after is None else after - kills,
        rate_before=subject.rate_before,
        restarts=int(subject.began_late),
        work=None if used_s is None or now_used_s is None else (now_used_s - used_s) / max(seconds, 1e-3),
        work_before=subject.work_before,
    )


def kernel_words(since_s: float, pids: set[int], cgroup: str, bench: Bench) -> tuple[str, ...] | Absent:
    """What the kernel's log tells of kills of these processes, or in this cgroup, since then."""
    told = bench.machine.kernel_log.oom_kills(since_s)
    if isinstance(told, Absent):
        return told
    return tuple(kill.line for kill in told if kill.pid in pids or _inside(kill.task_cgroup, cgroup))


def _inside(killed: str, cgroup: str) -> bool:
    return cgroup != "/" and (killed == cgroup or killed.startswith(f"{cgroup}/"))


def used_s_of(pid: int, bench: Bench) -> float | None:
    try:
        return bench.hands.sightings.cpu_s(pid)
    except TargetError:
        return None


def joined(subject: Subject, now: WorkloadSeries, blobs: Blobs) -> WorkloadSeries:
    """With the samples that earlier verifications of the same fix kept."""
    lives: list[Series] = []
    for kept in subject.record.kept if subject.record is not None else ():
        if not kept.id.startswith(KEPT) or not kept.digest or kept.at_s < subject.since_s:
            continue
        try:
            earlier, _ = samples_from_bytes(blobs.get(kept.digest))
        except OakumError:
            # Samples that are gone are a gap, and a gap is told by the gate.
            continue
        lives += earlier.lifetimes
    return with_earlier(lives, now)


def settled(found: Verification, number: int, bench: Bench) -> Verification:
    """The samples are kept, the answer stands on the timeline, and the incident moves by it."""
    content = samples_to_bytes(found.series, None)
    digest = bench.store.blobs.put([content])
    at_s = found.generated_at_s
    failed = [check for check in found.checks if check.state is CheckState.FAILED]
    text = f"verified: {found.outcome.value}"
    why = "; ".join(f"{check.name}: {check.why}" for check in failed)
    facts = {check.name: f"{check.state.value}: {check.why}" for check in found.checks}

    def change(record: Record) -> Change:
        runs = sum(kept.id.startswith(KEPT) for kept in record.kept)
        kept = Kept(
            f"{KEPT}-{runs + 1}",
            f"{format_count(found.series.samples)} samples that a verification saw",
            "procfs and cgroup",
            at_s,
            facts=facts,
            digest=digest,
            size_bytes=len(content),
            media_type=MEDIA_TYPE,
            author=bench.author,
        )
        entry = Entry(
            at_s, EntryKind.NOTE, bench.author, f"{text}{'; ' * bool(why)}{why}", record.incident.state, facts=facts
        )
        return Change(record.incident, (entry,), kept=(kept,))

    bench.store.incidents.change(number, change)
    if found.outcome is Outcome.FAILED and bench.move(number, Event.REOPEN, f"the fix does not hold: {why}"):
        return replace(found, reopened=why)
    if found.outcome is Outcome.CLOSED:
        bench.move(number, Event.PROVE, "every check of the closing window passed")
    return found
