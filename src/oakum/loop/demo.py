"""``oakum demo``: a real service leaks in a real memory cgroup, is explained and restarted; only its fix ends it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oakum.judge import judge
from oakum.loop import investigate, mending
from oakum.loop.bench import Bench
from oakum.loop.beside import beside
from oakum.loop.incident import story
from oakum.loop.showing import Load, Service, load_on, node_service, service, successor_of
from oakum.loop.terms import Terms
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.budget import Budget
from oakum.model.demo import ActingChapter, Demo, NodeChapter
from oakum.model.plan_record import PlanRecord
from oakum.model.policy import Policy
from oakum.model.process import OomKill
from oakum.model.series import Ending, WorkloadSeries
from oakum.model.target import ProcessTarget
from oakum.model.units import format_duration, format_size
from oakum.model.verdict import VerdictName
from oakum.sense.watch import ProcessWatch

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

BEYOND_S = 10.0
"""The first load lasts for so long beyond the watch, in seconds: while captures are compared, nothing is to grow."""

OWN_PAUSE_S = 60.0
"""A snapshot may stop the demo's own Node.js for so long, in seconds: on a busy machine it takes its time."""

SETTLED_WITHIN_S = 60.0
"""So long is waited for that, in seconds: a service that is slower is looked at as it is."""

LONGER = 2.0
"""An answer that is open gets a watch so many times as long."""

LOADED_S = 170.0
"""The load stops by itself after this long, in seconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the demo is run."""

    limit_bytes: int = 256 << 20
    """Of the memory cgroup that each service runs in."""

    watch_s: float = 18.0
    """How long each service is investigated, in seconds."""

    fill_requests: int = 2000
    """What the fixed variant answers before it is looked at: its cache is full after half of them."""

    rate: float = 250.0
    """Requests per second on the Python services."""

    calm_rate: float = 150.0
    """Requests per second on the leaking service from when it is explained until it is restarted."""

    calm_s: float = 20.0
    """How long they last, in seconds: the last look, and no longer, should it take its time on a busy machine."""

    again_rate: float = 1500.0
    """Requests per second on the restarted service: it is to reach its limit soon."""

    quick_check_s: float = 8.0
    """The policy's quick check, shortened for the demo, in seconds."""

    closing_window_s: float = 16.0
    """The policy's closing window, shortened for the demo, in seconds."""

    verify_s: float = 19.0
    """How long the fixed variant is watched for the gate, in seconds."""

    kill_within_s: float = 75.0
    """How long to wait for the kernel after the leak was explained, in seconds."""

    node: str | None = None
    """The program node, None where it is not installed."""

    node_limit_bytes: int = 3 << 30
    """Of the memory cgroup of the Node.js services: a snapshot could take 45 times what the heap holds."""

    node_requests: int = 2000
    """What each Node.js service answers before it is looked at."""

    node_watch_s: float = 18.0
    """How long each Node.js service is watched, in seconds."""

    def shortened(self, policy: Policy) -> Policy:
        """Hours and days are not waited for in a demo: by policy, as anybody can."""
        return replace(policy, quick_check_s=self.quick_check_s, closing_window_s=self.closing_window_s)


def demo(*, bench: Bench, policy: Policy, settings: Settings, shows: Callable[[PlanRecord], None]) -> Demo:
    """Nothing of it is left behind, whatever interrupts it.

    ``bench``: with a record of its own, and the shortened policy. ``shows``: the plan, before it is applied.
    """
    machine, progress = bench.machine, bench.progress
    begun_s = machine.clock.monotonic_s()
    first = _leak(bench, policy, settings, shows)
    fixed, acting = _fix(first, bench, policy, settings)
    node = _node(machine, policy, settings, progress)
    return Demo(
        leaking=first.leaking,
        whole_life=first.whole_life,
        kill=first.kill,
        fixed=fixed,
        node=node,
        limit_bytes=first.limit_bytes,
        seconds=machine.clock.monotonic_s() - begun_s,
        acting=acting,
    )


@dataclass(frozen=True, slots=True)
class _First:
    """The leaking service's part. ``number``: of the incident."""

    leaking: Investigation
    whole_life: WorkloadSeries
    kill: OomKill | Absent
    number: int | Absent
    plan: PlanRecord | Absent
    limit_bytes: int | None


def _leak(bench: Bench, policy: Policy, settings: Settings, shows: Callable[[PlanRecord], None]) -> _First:
    """It leaks, is explained, is put on record, restarted, and leaks on."""
    machine, progress = bench.machine, bench.progress
    sandboxes, log = machine.sandboxes, machine.kernel_log
    # Without root, Yama may let nobody but its parent read a process: then it stays a child, and is not restarted.
    free = os.geteuid() == 0
    with service("leaky", limit_bytes=settings.limit_bytes, sandboxes=sandboxes, free=free) as leaky:
        progress.stage(_started(leaky, settings))
        # Held to the end: on a busy machine it may reach its limit while the captures are compared.
        with _watch(leaky.pid, machine) as life:
            serving_s = machine.clock.now_s()
            with load_on(leaky.port, seconds=settings.watch_s + BEYOND_S, rate=settings.rate):
                progress.stage("real requests come in, each for a basket of its own; is this a leak?")
                leaking = _investigate(leaky, machine, policy, settings.watch_s, progress)
                _say(leaking, progress)
            number = mending.opened(leaking, bench)
            plan = number if isinstance(number, Absent) else _restarted(number, leaky, bench, settings, shows)
            if isinstance(plan, Absent):
                with load_on(leaky.port, seconds=LOADED_S, rate=settings.again_rate):
                    kill = _until_killed(leaky, life, serving_s, machine, settings, progress)
                whole = _joined(leaking.series, life.told(log).series)
                return _First(leaking, whole, kill, number, plan, leaky.limit_bytes)
        progress.stage("memory is at its base again; but the leak is there still, and all customers come back")
        again = successor_of(leaky)
        with load_on(again.port, seconds=LOADED_S, rate=settings.again_rate), _watch(again.pid, machine) as life:
            kill = _until_killed(again, life, serving_s, machine, settings, progress)
            whole = _followed(leaking.series, life.told(log).series)
    assert isinstance(number, int)
    if not isinstance(kill, Absent):
        bench.note(number, f"it leaked on, and the kernel killed pid {kill.pid}: a restart stops the bleeding, no more")
    return _First(leaking, whole, kill, number, plan, leaky.limit_bytes)


def _restarted(
    number: int, leaky: Service, bench: Bench, settings: Settings, shows: Callable[[PlanRecord], None]
) -> PlanRecord | Absent:
    """Most customers are sent elsewhere meanwhile, as one would: it is to live until its evidence is kept."""
    bench.progress.stage(f"on record as inc-{number}; what can be done now? oakum plan inc-{number}")
    with load_on(leaky.port, seconds=settings.calm_s, rate=settings.calm_rate):
        plan = mending.restarted(number, leaky, bench, shows)
    if isinstance(plan, Absent):
        bench.progress.stage(f"it is not restarted: {plan.why}")
    return plan


def _fix(
    first: _First, bench: Bench, policy: Policy, settings: Settings
) -> tuple[Investigation, ActingChapter | Absent]:
    """The fixed variant takes its place: looked into, and verified beside that."""
    machine, progress, number = bench.machine, bench.progress, first.number
    with service("fixed", limit_bytes=settings.limit_bytes, sandboxes=machine.sandboxes) as fixed:
        progress.stage("the same service with a bound on its cache takes its place, under the same load")
        with load_on(fixed.port, seconds=LOADED_S, rate=settings.rate) as load:
            _let_answer(fixed, load, settings.fill_requests, machine)
            if isinstance(number, Absent):
                proof = _investigate(fixed, machine, policy, settings.watch_s, progress)
                _say(proof, progress)
                return proof, number
            mending.deployed(number, fixed, bench)
            progress.stage(f"is it accused too? and is it fixed? oakum verify inc-{number} {_windows(bench.policy)}")
            watch_s = settings.verify_s
            with beside(lambda told: mending.verified(number, fixed, bench, told, watch_s=watch_s)) as asked:
                proof = _investigate(fixed, machine, policy, settings.watch_s, progress)
                found = asked.result()
    _say(proof, progress)
    told = story(bench.recorder, number, now_s=None)
    progress.stage(f"inc-{number} is {told.record.incident.state.value}")
    return proof, ActingChapter(first.plan, found, told)


def _windows(policy: Policy) -> str:
    quick, closing = format_duration(policy.quick_check_s), format_duration(policy.closing_window_s)
    return f"(a quick check of {quick} and a closing window of {closing}, by the demo's policy)"


def _node(machine: Machine, policy: Policy, settings: Settings, progress: Progress) -> NodeChapter | Absent:
    """The same leak's sister in Node.js, if that is installed. Its inspector is opened: the services are our own."""
    if settings.node is None:
        progress.stage("Node.js is not installed here: its chapter is left out")
        return Absent("the Node.js chapter", AbsentKind.NOT_APPLICABLE, "no node on the PATH", "apt-get install nodejs")
    watch_s, limit_bytes, sandboxes = settings.node_watch_s, settings.node_limit_bytes, machine.sandboxes
    with ExitStack() as stack:
        # The fixed one is looked into beside the leaking one: each has a port of its own for its inspector.
        leaky, fixed = (
            stack.enter_context(
                node_service(settings.node, name, limit_bytes=limit_bytes, sandboxes=sandboxes, port=port)
            )
            for name, port in (("leaky", 9229), ("fixed", 9230))
        )
        progress.stage(f"a Node.js service now: who holds what grows? (pid {leaky.pid}; its fixed variant {fixed.pid})")
        loads = [stack.enter_context(load_on(shown.port, seconds=LOADED_S)) for shown in (leaky, fixed)]
        for shown, load in zip((leaky, fixed), loads, strict=True):
            _let_answer(shown, load, settings.node_requests, machine)
        with beside(lambda told: _investigate(fixed, machine, policy, watch_s, told)) as asked:
            leaking = _settled(leaky, machine, policy, watch_s, progress)
            _say(leaking, progress)
            proof = asked.result()
    progress.stage("the same, with its listeners removed: is it accused?")
    _say(proof, progress)
    return NodeChapter(leaking, proof)


def _let_answer(shown: Service, load: Load, requests: int, machine: Machine) -> None:
    """What a service does as it starts, a bounded cache that fills and a compiler that warms up, is no leak."""
    end_s = machine.clock.monotonic_s() + SETTLED_WITHIN_S
    with _watch(shown.pid, machine) as watch:
        while load.answered < requests and machine.clock.monotonic_s() < end_s and watch.tick():
            pass


def _joined(first: WorkloadSeries, then: WorkloadSeries) -> WorkloadSeries:
    """One lifetime seen by two watches, the second from where the first ended."""
    early, late = first.lifetimes[-1], then.lifetimes[-1]
    kept = late.at_s > early.at_s[-1]
    limits = (early.limit, late.limit)
    limit = None if limits[0] is None or limits[1] is None else np.concatenate([limits[0], limits[1][kept]])
    whole = replace(
        late,
        at_s=np.concatenate([early.at_s, late.at_s[kept]]),
        value=np.concatenate([early.value, late.value[kept]]),
        limit=limit,
    )
    return replace(then, lifetimes=(whole,))


def _followed(first: WorkloadSeries, then: WorkloadSeries) -> WorkloadSeries:
    """Two lifetimes: what was restarted, and what came after it."""
    ended = replace(first.lifetimes[-1], ending=Ending.REPLACED)
    return replace(then, lifetimes=(ended, *then.lifetimes))


def _watch(pid: int, machine: Machine) -> ProcessWatch:
    return ProcessWatch(pid, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=0.25)


def _investigate(shown: Service, machine: Machine, policy: Policy, watch_s: float, progress: Progress) -> Investigation:
    terms = Terms(inspect=True, budget=Budget(OWN_PAUSE_S))
    chosen = investigate.Settings.of(watch_s=watch_s, interval_s=0.25, terms=terms)
    return investigate.investigate(
        ProcessTarget(shown.pid), machine=machine, policy=policy, settings=chosen, progress=progress
    )


def _settled(shown: Service, machine: Machine, policy: Policy, watch_s: float, progress: Progress) -> Investigation:
    """A full collection of V8 may fall into so short a watch: an open answer gets the longer one that it asks for."""
    found = _investigate(shown, machine, policy, watch_s, progress)
    if found.verdict.name is not VerdictName.CANNOT_TELL:
        return found
    longer_s = LONGER * watch_s
    reason = found.verdict.reasons[0] if found.verdict.reasons else "too little was seen"
    progress.stage(
        f"open after {format_duration(watch_s)} ({reason}): it is watched for {format_duration(longer_s)} more"
    )
    return _investigate(shown, machine, policy, longer_s, progress)


def _started(leaky: Service, settings: Settings) -> str:
    runs = f"a price service runs as pid {leaky.pid}"
    if leaky.cgroup:
        return f"{runs} in memory cgroup {leaky.cgroup}, limit {format_size(settings.limit_bytes)}"
    return f"{runs} without a memory cgroup ({leaky.why_not}); an rlimit guards this machine"


def _say(found: Investigation, progress: Progress) -> None:
    named = f": {found.causes[0].holder}" if found.causes else ""
    progress.stage(f"assessment: {found.verdict.name.value}{named}")


def _until_killed(
    leaky: Service, life: ProcessWatch, since_s: float, machine: Machine, settings: Settings, progress: Progress
) -> OomKill | Absent:
    """Go on watching until the kernel ends it. ``since_s``: UTC epoch. Absent where no kernel will."""
    what = "the kernel's kill"
    if not leaky.cgroup:
        return Absent(what, AbsentKind.NOT_APPLICABLE, leaky.why_not, "run the demo as root")
    progress.stage("the evidence is safe; now let it run into its limit")
    end_s = machine.clock.monotonic_s() + settings.kill_within_s
    said_s = 0.0
    while machine.clock.monotonic_s() < end_s and life.tick():
        if machine.clock.monotonic_s() - said_s >= 1.0:
            said_s = machine.clock.monotonic_s()
            _show(life.series(), progress, end_s - said_s)
    if not life.ended:
        waited = format_duration(settings.kill_within_s)
        return Absent(what, AbsentKind.NOT_YET, f"it did not reach its limit within {waited}", "oakum demo")
    kills = machine.kernel_log.oom_kills(since_s)
    if isinstance(kills, Absent):
        return kills
    mine = [kill for kill in kills if kill.pid == leaky.pid or kill.task_cgroup == leaky.cgroup]
    return mine[-1] if mine else Absent(what, AbsentKind.UNREADABLE, "the kernel log does not name it", "dmesg | tail")


def _show(series: WorkloadSeries, progress: Progress, remaining_s: float) -> None:
    progress.watched(series, judge(series), remaining_s)
