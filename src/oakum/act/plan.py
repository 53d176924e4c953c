"""Makes a plan from what was seen and judged; nothing here touches anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite
from typing import Any

from oakum.act.control import control
from oakum.act.limits import check_wish, raised_bytes, undersized
from oakum.model.absent import Absent
from oakum.model.action import Action, Collect, KeepEvidence, Restart, SetLimit, Stop, facts_of
from oakum.model.collection import Reach
from oakum.model.errors import CallerError, RefusedError
from oakum.model.hands import LimitFiles
from oakum.model.launch import Launch, Manner
from oakum.model.plan_record import PlanRecord, StepRecord
from oakum.model.policy import Policy
from oakum.model.process import CgroupMemory
from oakum.model.sighting import Sighting
from oakum.model.step import Plan, Step
from oakum.model.supervisor import Supervisor, SupervisorKind
from oakum.model.units import format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName

KEEPING_S = 12.0
"""What keeping the evidence takes, in seconds."""

OWN_START = frozenset({SupervisorKind.NONE, SupervisorKind.SHELL})
"""Nobody else would start these again: Oakum does."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks for. Nothing of it: the plan that fits the verdict.

    ``inspect``: whether the inspector of a Node.js may be opened and asked. None: nobody has said.
    """

    restart: bool = False
    stop: bool = False
    collect: bool = False
    limit_bytes: int | None = None
    inspect: bool | None = None

    @property
    def any(self) -> bool:
        return self.restart or self.stop or self.collect or self.limit_bytes is not None


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a plan rests on. ``launch``: only where Oakum itself would have to start it again.

    ``memory``: of the cgroup whose limit binds. ``advice``: what only a person can do.
    ``work``: the processor time that it used in each second of its life, in seconds.
    ``reach``: how a Node.js would be asked for a collection, None where that was not looked at.
    """

    target: str
    seen: Sighting
    verdict: Verdict
    memory: CgroupMemory | Absent
    limits: LimitFiles | Absent
    supervisor: Supervisor
    manner: Manner
    launch: Launch | Absent | None
    runtime: str
    machine_bytes: int
    advice: Plan = field(default_factory=Plan)
    work: float | None = None
    reach: Reach | Absent | None = None


def make(situation: Situation, wish: Wish, policy: Policy, *, now_s: float, incident: int = 0) -> PlanRecord:
    """Raises CallerError for wishes that exclude each other, RefusedError for what would do harm."""
    if wish.stop and wish.restart:
        raise CallerError("stop and restart exclude each other", next_step="oakum plan … --restart")
    steps = [*_steps(situation, wish, policy), *situation.advice.steps]
    seen = {
        **situation.seen.facts(),
        "expires_at_s": now_s + policy.plan_expiry_s,
        "verdict": situation.verdict.name.value,
        "work": situation.work,
    }
    return PlanRecord(
        incident=incident,
        target=situation.target,
        made_at_s=now_s,
        digest=digest(situation.target, steps, seen),
        steps=tuple(StepRecord(step) for step in steps),
        seen=seen,
    )


def digest(target: str, steps: Sequence[Step], seen: Mapping[str, object]) -> str:
    """SHA-256 of all that is shown, in hexadecimal: an approval of this approves nothing else."""
    shown: Any = {"target": target, "steps": [asdict(step) for step in steps], "seen": seen}
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=list).encode()).hexdigest()


def _steps(situation: Situation, wish: Wish, policy: Policy) -> list[Step]:
    chosen = wish if wish.any else _fitting(situation, policy)
    steps = []
    if not wish.any and situation.supervisor.kind is SupervisorKind.CONTAINER:
        steps += _container_room(situation, policy)
    if chosen.collect:
        steps.append(_collect(situation, wish))
    if chosen.limit_bytes is not None:
        steps.append(_limit(situation, chosen.limit_bytes, policy))
    if chosen.restart:
        steps.append(_restart(situation, policy))
    if chosen.stop:
        steps.append(_stop(situation, policy))
    return [_keep(), *steps] if chosen.restart or chosen.stop else steps


def _fitting(situation: Situation, policy: Policy) -> Wish:
    """A leak is restarted; what is healthy and too narrow gets room; everything else is looked at longer."""
    if situation.verdict.name is VerdictName.LEAK:
        return Wish(restart=not why_left_alone(situation))
    memory = situation.memory
    held = situation.supervisor.kind is SupervisorKind.CONTAINER
    if not held and not isinstance(memory, Absent) and undersized(situation.verdict, memory, policy):
        return Wish(limit_bytes=raised_bytes(memory, policy))
    return Wish()


def _container_room(situation: Situation, policy: Policy) -> list[Step]:
    """For a person: a container that is healthy and too narrow."""
    memory = situation.memory
    if isinstance(memory, Absent) or not undersized(situation.verdict, memory, policy):
        return []
    wanted_bytes = raised_bytes(memory, policy)
    return [
        Step(
            f"Raise the container's memory limit to {format_size(wanted_bytes)}",
            effect=f"{format_size(memory.working_set_bytes)} are in use, and it was judged healthy",
            risk="the machine has less for others",
            command=_container_limit(situation, wanted_bytes),
        )
    ]


def why_left_alone(situation: Situation) -> str:
    """Why it is not restarted or stopped by Oakum, "" where it can be."""
    supervisor = situation.supervisor
    if supervisor.left_alone:
        return supervisor.left_alone
    if situation.manner.ends_on_term == "ignored" and supervisor.kind in OWN_START | {SupervisorKind.MASTER}:
        return "it ignores SIGTERM: only a kill would end it, and that needs an approval of its own (--kill)"
    if supervisor.kind in OWN_START:
        if situation.manner.confined:
            return f"its launcher put on it {', '.join(situation.manner.confined)}: that cannot be put on again"
        if isinstance(situation.launch, Absent):
            return situation.launch.why
    return ""


def left_alone_step(situation: Situation) -> Step:
    """For a person: what Oakum would not do, and what to do instead."""
    instead = situation.supervisor.instead
    if isinstance(situation.launch, Absent):
        instead = instead or situation.launch.get
    return Step(
        "Restart it yourself: Oakum leaves it alone",
        effect=f"Oakum does not restart it: {why_left_alone(situation)}",
        risk="the heap's evidence goes with it: keep that first",
        command=instead,
    )


def _keep() -> Step:
    return Step(
        "Keep the evidence",
        effect="a last look at its memory stays on record; what comes next destroys it",
        risk="none: it reads memory and does not stop the target",
        undo="none is needed",
        takes_s=KEEPING_S,
        does=_does(KeepEvidence()),
    )


def _restart(situation: Situation, policy: Policy) -> Step:
    why = why_left_alone(situation)
    if why and not _kill_would_do(situation):
        raise RefusedError(
            f"{situation.target} is not restarted by Oakum", why=why, next_step=left_alone_step(situation).command
        )
    judged = {
        VerdictName.LEAK: "memory starts from its base again; the leak goes on",
        VerdictName.HEALTHY: "memory starts from its base again; it was judged healthy, so this cures nothing",
    }.get(situation.verdict.name, "memory starts from its base again; whether it leaks is not known yet")
    return Step(
        f"Restart pid {situation.seen.pid} ({_by(situation.supervisor)})",
        effect=judged,
        risk=_risk(situation),
        command=_typed(situation, "restart"),
        undo="none is needed; should the new one not live, apply tries once more",
        takes_s=policy.stop_grace_s + 5,
        does=_does(Restart(situation.supervisor)),
    )


def _stop(situation: Situation, policy: Policy) -> Step:
    why = why_left_alone(situation)
    if situation.supervisor.kind is SupervisorKind.MASTER:
        why = "its master would put another one in its place"
    if why and not _kill_would_do(situation):
        raise RefusedError(
            f"{situation.target} is not stopped by Oakum",
            why=why,
            next_step=situation.supervisor.instead or f"oakum plan pid/{situation.supervisor.pid} --stop",
        )
    return Step(
        f"Stop pid {situation.seen.pid} ({_by(situation.supervisor)})",
        effect="it no longer runs, and no longer takes memory; nobody is served by it",
        risk=_risk(situation),
        command=_typed(situation, "stop"),
        undo="it is started again as it was",
        takes_s=policy.stop_grace_s,
        does=_does(Stop(situation.supervisor)),
    )


def _kill_would_do(situation: Situation) -> bool:
    """It ignores SIGTERM and nothing else stands against it: ``apply --kill`` is asked for by name."""
    return situation.manner.ends_on_term == "ignored" and not situation.supervisor.left_alone


def _risk(situation: Situation) -> str:
    ends = {
        "handler": "it has a handler for SIGTERM: whether requests in flight are served to their end is its own affair",
        "default": "it has no handler for SIGTERM: requests in flight are cut off",
        "ignored": "it ignores SIGTERM: it ends only with apply --kill, and then requests in flight are cut off",
    }[situation.manner.ends_on_term]
    lost = situation.launch.lost if isinstance(situation.launch, Launch) else ()
    kept = f"; not as before: {'; '.join(lost)}" if lost else ""
    whole = "; every process of the unit is ended" if situation.supervisor.kind is SupervisorKind.SYSTEMD else ""
    return f"{ends}{whole}; the heap's evidence is gone afterwards{kept}"


def _by(supervisor: Supervisor) -> str:
    return {
        SupervisorKind.SYSTEMD: f"by systemd: {supervisor.name}",
        SupervisorKind.SUPERVISORD: f"by supervisord: {supervisor.name}",
        SupervisorKind.MASTER: f"its master, pid {supervisor.pid}, puts another in its place",
    }.get(supervisor.kind, "by Oakum: same command, environment, folder, user, limits, cgroup and streams")


def _typed(situation: Situation, verb: str) -> str:
    """What does the same by hand; "" where no one line does."""
    supervisor = situation.supervisor
    if supervisor.kind is SupervisorKind.SYSTEMD:
        return f"systemctl {verb} {supervisor.name}"
    if supervisor.kind is SupervisorKind.SUPERVISORD:
        return " ".join([*control(supervisor), verb, supervisor.name])
    return f"kill -TERM {situation.seen.pid}"


def _limit(situation: Situation, wanted_bytes: int, policy: Policy) -> Step:
    memory, files = situation.memory, situation.limits
    for found in (memory, files):
        if isinstance(found, Absent):
            raise RefusedError(f"no limit can be set: {found.what}", why=found.why, next_step=found.get)
    assert isinstance(memory, CgroupMemory)
    assert isinstance(files, LimitFiles)
    check_wish(wanted_bytes, situation.verdict, memory, files, situation.machine_bytes, policy)
    if situation.supervisor.kind is SupervisorKind.CONTAINER:
        raise RefusedError(
            "the limit of a container is not Oakum's to set",
            why="who runs the container puts its own value back, and shows that one",
            next_step=_container_limit(situation, wanted_bytes),
        )
    before = situation.seen.limit_bytes if memory.path == situation.seen.limit_cgroup else None
    raising = before is not None and wanted_bytes > before
    lasts = f"meant for {format_duration(policy.change_lasts_s)}: confirm it where it is configured, or undo it"
    return Step(
        f"{'Raise' if raising else 'Lower' if before is not None else 'Set'} the memory limit of {files.path}"
        f" to {format_size(wanted_bytes)}",
        effect=f"{_limit_effect(situation, wanted_bytes, before)}; {lasts}",
        risk="the machine has less for others; runtimes that read their limit once at start do not see it"
        if raising
        else "it is killed when it passes the new limit",
        command=_limit_command(situation.supervisor, files, wanted_bytes),
        undo=f"the limit is {format_size(before) if before is not None else 'none'} again",
        takes_s=1.0,
        does=_does(SetLimit(files.path, before, wanted_bytes, situation.supervisor, policy.change_lasts_s)),
    )


def _container_limit(situation: Situation, wanted_bytes: int) -> str:
    if "kubepods" in situation.seen.cgroup:
        return f"kubectl patch pod NAME --subresource resize    # memory limit {wanted_bytes}"
    return f"docker update --memory {wanted_bytes} CONTAINER"


def _limit_effect(situation: Situation, wanted_bytes: int, before: int | None) -> str:
    was = f"it was {format_size(before)}" if before is not None else "there was none"
    rate = situation.verdict.rate_per_s
    if situation.verdict.name is VerdictName.LEAK and rate and rate > 0 and before is not None:
        bought_s = (wanted_bytes - before) / rate
        if isfinite(bought_s) and bought_s > 0:
            return f"{was}; it leaks, and takes any limit in the end: this buys {format_duration(bought_s)}"
    return was


def _limit_command(supervisor: Supervisor, files: LimitFiles, wanted_bytes: int) -> str:
    systemds = supervisor.kind is SupervisorKind.SYSTEMD and not supervisor.left_alone
    if systemds and files.path.endswith(f"/{supervisor.name}"):
        return f"systemctl set-property --runtime {supervisor.name} MemoryMax={wanted_bytes}"
    name = "memory.limit_in_bytes" if files.version == 1 else "memory.max"
    return f"echo {wanted_bytes} > …{files.path}/{name}"


def _collect(situation: Situation, wish: Wish) -> Step:
    runtime = situation.runtime.partition(" ")[0]
    if runtime == "node":
        return _collect_node(situation, wish)
    if runtime != "jvm":
        raise RefusedError(
            f"no collection can be asked of {situation.runtime or 'this runtime'}",
            why="only a JVM and Node.js take that request from outside without being prepared for it",
            next_step=f"oakum investigate {situation.target}",
        )
    if not situation.manner.takes_quit:
        raise RefusedError(
            "this JVM cannot be attached to",
            why="it has no handler for SIGQUIT (-Xrs), so asking would end it",
            next_step=f"oakum investigate {situation.target}",
        )
    return Step(
        f"Ask the JVM in pid {situation.seen.pid} for a full collection",
        effect="evidence, not a cure: what stays afterwards is held by something",
        risk="all its threads stand still meanwhile, longer the larger the heap",
        command=f"jcmd {situation.seen.pid} GC.run",
        undo="none is needed",
        takes_s=5.0,
        does=_does(Collect(runtime)),
    )


def _collect_node(situation: Situation, wish: Wish) -> Step:
    """By the rules of captures: only where somebody allowed the inspector, and where the signal does nothing else."""
    reach = situation.reach
    if wish.inspect is not True or reach is None:
        raise RefusedError(
            "no collection is asked of this Node.js",
            why="it is asked through its inspector, and nobody has allowed that",
            next_step=f"oakum plan {situation.target} --collect --inspect",
        )
    if isinstance(reach, Absent):
        raise RefusedError("no collection can be asked of this Node.js", why=reach.why, next_step=reach.get)
    return Step(
        f"Ask Node.js in pid {situation.seen.pid} for a full collection",
        effect="evidence, not a cure: of what has grown, how much is garbage and how much is held",
        risk=f"its one thread stands still for up to about {format_duration(reach.pause_s)}; {reach.how}",
        undo="none is needed",
        takes_s=reach.pause_s + 2,
        does=_does(Collect("node")),
    )


def _does(action: Action) -> dict[str, object]:
    return facts_of(action)
