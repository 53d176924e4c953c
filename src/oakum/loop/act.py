"""``oakum plan``, ``oakum apply``, ``oakum undo``: shown, approved, applied, taken back; all of it on record."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from oakum.act.apply import Desk
from oakum.act.apply import apply as applying
from oakum.act.plan import Wish, left_alone_step, make, why_left_alone
from oakum.act.tools import Tools
from oakum.act.undo import undo as undoing
from oakum.incident import Event, identity
from oakum.loop.bench import Bench, at_work
from oakum.loop.collection import collect, heap_at_first
from oakum.loop.incident import number_of
from oakum.loop.investigate import Settings as WatchSettings
from oakum.loop.investigate import investigate
from oakum.loop.record import Recorded, investigate_on_record
from oakum.loop.situation import situation
from oakum.loop.terms import Terms
from oakum.model.collection import Collected
from oakum.model.errors import CallerError, RefusedError, TargetError
from oakum.model.hands import Hands
from oakum.model.incident import Assessed, Change, Entry, EntryKind, Incident, Kept, Record, Severity, State
from oakum.model.plan_record import Approval, PlanRecord, StepState
from oakum.model.sighting import Sighting
from oakum.model.step import Plan
from oakum.model.target import DependencyTarget, PodTarget, ProcessTarget, WorkloadTarget, parse_target
from oakum.model.units import format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.render.codec_investigation import investigation_to_json

if TYPE_CHECKING:
    from oakum.model.assessment import Investigation

LAST_LOOK_S = 8.0
"""How long the target is watched once more before what destroys the evidence, in seconds."""


@dataclass(frozen=True, slots=True)
class Assent:
    """How a plan comes to be approved. ``ask`` shows it and waits for a typed word; None: nobody can be asked.

    ``yes``: approved beforehand, by name. ``kill``: SIGKILL too, should it not end by itself.
    """

    yes: bool = False
    kill: bool = False
    ask: Callable[[PlanRecord, str], bool] | None = None


def plan(wanted: str, wish: Wish, *, bench: Bench, watch_s: float = 20.0, capture: bool = True) -> PlanRecord:
    """``wanted``: a target, or an incident (``inc-12``), whose verdict on record is then taken.

    Raises RefusedError for a wish that would do harm, TargetError when the target is not there.
    """
    if wanted.startswith("inc-"):
        incident = bench.store.incidents.get(number_of(wanted))
        pid, verdict = _on_record(incident, bench)
        target, advice, number = incident.target, Plan(), incident.number
    else:
        found = _investigated(wanted, wish, bench, watch_s=watch_s, capture=capture)
        target, pid, verdict = found.target, subject_pid(found), found.verdict
        advice = Plan(tuple(step for step in found.plan.steps if not _replaced(step.title)))
        number = number_of(found.incident) if found.incident else 0
    bench.progress.stage("looking at who holds it, how it was started and what limits it")
    rests_on = situation(
        target,
        pid,
        verdict,
        advice=advice,
        machine=bench.machine,
        hands=bench.hands,
        collects=wish.collect and wish.inspect is True,
    )
    if verdict.name is VerdictName.LEAK and not wish.any and why_left_alone(rests_on):
        rests_on = replace(rests_on, advice=Plan((left_alone_step(rests_on), *advice.steps)))
    made = make(rests_on, wish, bench.policy, now_s=bench.now_s(), incident=number)
    if not any(step.step.does for step in made.steps):
        # Nothing to approve: it is told, and not kept.
        return made
    made = replace(made, incident=number or _opened(target, rests_on.seen, verdict, bench))
    made = bench.store.plans.add(made)
    bench.note(made.incident, f"plan-{made.number} was made")
    return made


def apply(named: str, assent: Assent, *, bench: Bench) -> PlanRecord:
    """Again after a crash: says what was left, and goes on. Raises RefusedError for a stale plan, with what changed."""
    record = bench.store.plans.get(number_of(named, "plan"))
    with at_work("apply", f"plan-{record.number}", bench):
        done = applying(record, _desk(assent, "apply", bench), kill=assent.kill)
        if done.revision != record.revision:
            _tell(done, f"plan-{done.number} was applied", bench)
    return done


def undo(named: str, assent: Assent, *, bench: Bench) -> PlanRecord:
    """The last step first. Raises RefusedError where somebody else changed meanwhile what would be put back."""
    record = bench.store.plans.get(number_of(named, "plan"))
    with at_work("undo", f"plan-{record.number}", bench):
        done = undoing(record, _desk(assent, "undo", bench))
        if done.revision != record.revision:
            bench.note(done.incident, f"plan-{done.number} was undone")
    return done


def subject_pid(found: Investigation) -> int:
    """Which process was looked at on behalf of the target."""
    chosen = [evidence.facts["pid"] for evidence in found.evidence if evidence.id == "subject"]
    if chosen:
        return int(str(chosen[0]))
    target = parse_target(found.target)
    if not isinstance(target, ProcessTarget):
        raise TargetError(f"{target} names no one process", next_step="oakum plan pid/N")
    return target.pid


def _tell(done: PlanRecord, text: str, bench: Bench) -> None:
    """What stands in its place eases the incident, and cures nothing."""
    if not bench.move(done.incident, Event.STABILISE, text):
        bench.note(done.incident, text)


def _investigated(wanted: str, wish: Wish, bench: Bench, *, watch_s: float, capture: bool) -> Investigation:
    target = parse_target(wanted)
    settings = WatchSettings.of(watch_s=watch_s, capture=capture, terms=Terms(wish.inspect))

    def journey() -> Investigation:
        return investigate(
            target, machine=bench.machine, policy=bench.policy, settings=settings, progress=bench.progress
        )

    recorded: Recorded = investigate_on_record(str(target), journey, bench.recorder, now_s=bench.now_s())
    if recorded.failed is not None:
        raise recorded.failed
    if recorded.mute is not None and not wish.any:
        raise CallerError(
            f"{target} is muted: {recorded.mute.reason}",
            why=f"{recorded.mute.author} said that it is no leak",
            next_step=f"oakum incident unmute {recorded.mute.id}, or say what is wanted: --restart",
        )
    return recorded.investigation


def _replaced(title: str) -> bool:
    """Advice that a step of the plan itself stands for."""
    return title.startswith(("Keep the evidence", "Restart it"))


def _on_record(incident: Incident, bench: Bench) -> tuple[int, Verdict]:
    """The process, and what was judged last. Raises CallerError where nothing was."""
    target = parse_target(incident.target)
    if isinstance(target, WorkloadTarget | PodTarget):
        raise CallerError(
            f"{incident.id} is about {incident.target}",
            why="Oakum changes nothing in a cluster yet",
            next_step=f"oakum incident report {incident.id} -o markdown, whose steps are commands of kubectl",
        )
    if isinstance(target, DependencyTarget):
        raise CallerError(
            f"{incident.id} is about {incident.target}",
            why="Oakum changes nothing in a dependency",
            next_step=f"oakum incident report {incident.id} -o markdown, whose steps can be typed",
        )
    if not isinstance(target, ProcessTarget):
        raise CallerError(
            f"{incident.id} is about {incident.target}",
            why="a plan is made for one process",
            next_step=f"oakum plan {incident.target}",
        )
    record = bench.store.incidents.record(incident.number)
    if not record.assessed:
        raise CallerError(f"{incident.id} was never assessed", next_step=f"oakum plan {incident.target}")
    told: Mapping[str, Any] = record.assessed[-1].document["verdict"]  # type: ignore[assignment]
    name, level, rate = VerdictName(told["verdict"]), told["level"] or 0.0, told["rate_per_s"]
    return target.pid, Verdict(name, None, told["probability"], level, rate_per_s=rate)


def _opened(target: str, seen: Sighting, verdict: Verdict, bench: Bench) -> int:
    """A plan for what does not leak (its limit is too small) has a record too."""
    labels = {"command": " ".join(seen.command), "cgroup": seen.cgroup}
    known_as = identity(target, labels, host=seen.host)
    now_s = bench.now_s()

    def change(same: Sequence[Incident]) -> Change:
        there = next((incident for incident in same if incident.is_open), None)
        new = Incident(known_as, target, State.ASSESSED, Severity.P4, now_s, now_s, now_s, verdict=verdict.name.value)
        incident = there or new
        kind = EntryKind.NOTE if there else EntryKind.OPENED
        entry = Entry(now_s, kind, bench.author, f"a plan for it was asked for; judged {verdict.name}", incident.state)
        return Change(incident, (entry,))

    written = bench.store.incidents.write(known_as, change)
    assert written is not None
    return written.number


def _desk(assent: Assent, verb: str, bench: Bench) -> Desk:
    hands = bench.hands

    def tools(planned: PlanRecord, place: int, may_kill: bool) -> Tools:  # noqa: FBT001  (the port's shape)
        return Tools(
            hands=hands,
            processes=bench.machine.processes,
            cgroups=bench.machine.cgroups,
            clock=bench.machine.clock,
            policy=bench.policy,
            keep_evidence=lambda seen: _keep_evidence(planned, seen, bench),
            collect=lambda seen: _collected(planned, place, seen, bench),
            seen=Sighting.of(planned.seen),
            mark=f"plan-{planned.number}-{planned.digest[:8]}-step-{place + 1}",
            may_kill=may_kill,
        )

    return Desk(
        plans=bench.store.plans,
        tools=tools,
        approve=lambda shown: _approval(shown, assent, verb, bench),
        look=lambda pid: _look(pid or os.getpid(), hands),
        now_s=bench.now_s,
        told=bench.progress.stage,
    )


def _look(pid: int, hands: Hands) -> Sighting | None:
    try:
        return hands.sightings.look(pid)
    except TargetError:
        return None


def _approval(shown: PlanRecord, assent: Assent, verb: str, bench: Bench) -> Approval:
    word = "kill" if assent.kill else verb
    if assent.yes:
        how = "--yes"
    elif assent.ask is None:
        raise RefusedError(
            f"plan-{shown.number} was not approved: nothing was done",
            why="there is nobody to ask: this is no terminal",
            next_step=f"oakum {verb} plan-{shown.number} --yes    # approves it in your name",
        )
    elif not assent.ask(shown, word):
        raise RefusedError(
            f"plan-{shown.number} was not approved: nothing was done",
            why=f"the word {word!r} was not typed",
            next_step=f"oakum {verb} plan-{shown.number}",
        )
    else:
        how = "typed"
    how = f"{how} --kill" if assent.kill else how
    return Approval(
        shown.number, shown.digest, bench.author, how if verb == "apply" else f"{how} (undo)", bench.now_s()
    )


def _keep_evidence(planned: PlanRecord, seen: Sighting, bench: Bench) -> str:
    """Once for each plan, under its content's address."""
    name = f"before-plan-{planned.number}"
    before = next((kept for kept in bench.store.incidents.record(planned.incident).kept if kept.id == name), None)
    if before is not None:
        return f"kept as {before.digest[:12]}: {before.title}"
    found = investigate(
        ProcessTarget(seen.pid),
        machine=bench.machine,
        policy=bench.policy,
        settings=WatchSettings.of(watch_s=LAST_LOOK_S),
        progress=bench.progress,
    )
    document = investigation_to_json(found)
    content = json.dumps(document, allow_nan=False, sort_keys=True).encode()
    digest = bench.store.blobs.put([content])
    now_s = bench.now_s()
    title = f"last look before plan-{planned.number}: {found.verdict.name.value}"
    kept = Kept(
        name,
        title,
        "process memory and procfs",
        now_s,
        digest=digest,
        size_bytes=len(content),
        media_type="application/json",
        author=bench.author,
    )

    def change(record: Record) -> Change:
        entry = Entry(now_s, EntryKind.EVIDENCE, bench.author, title, record.incident.state)
        return Change(record.incident, (entry,), (Assessed(now_s, document),), (kept,))

    bench.store.incidents.change(planned.incident, change)
    holder = f", {found.causes[0].holder} grows" if found.causes else ""
    return f"kept as {digest[:12]} ({format_size(len(content))}): {found.verdict.name.value}{holder}"


def _collected(planned: PlanRecord, place: int, seen: Sighting, bench: Bench) -> Collected:
    """Once for each plan: what was told is on the incident's record before the step is."""
    name = f"collection-plan-{planned.number}"
    kept = bench.store.incidents.record(planned.incident).kept
    before = next((one for one in kept if one.id == name), None)
    if before is not None:
        return Collected(**before.facts)  # type: ignore[arg-type]
    first = heap_at_first(kept, since_s=bench.machine.processes.info(seen.pid).started_s)
    cut_off = planned.steps[place].state is StepState.APPLYING
    found = replace(collect(seen.pid, bench.machine, bench.progress), grown_from_bytes=first, again=cut_off)
    now_s = bench.now_s()
    title = (
        f"a full collection: {format_size(found.garbage_bytes)} were garbage,"
        f" {format_size(found.heap_after_bytes)} are held"
    )
    evidence = Kept(
        name, title, "process.memoryUsage() and HeapProfiler.collectGarbage", now_s, asdict(found), author=bench.author
    )

    def change(record: Record) -> Change:
        entry = Entry(now_s, EntryKind.EVIDENCE, bench.author, title, record.incident.state)
        return Change(record.incident, (entry,), kept=(evidence,))

    bench.store.incidents.change(planned.incident, change)
    return found
