"""``oakum demo``: a real service leaks in a real memory cgroup, is explained, is killed; its fixed twin stays."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oakum.judge import judge
from oakum.loop import investigate
from oakum.loop.node import NodeSettings
from oakum.loop.showing import Service, load_on, node_service, service
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.demo import Demo, NodeChapter
from oakum.model.policy import Policy
from oakum.model.process import OomKill
from oakum.model.series import WorkloadSeries
from oakum.model.target import ProcessTarget
from oakum.model.units import format_duration, format_size
from oakum.sense.watch import ProcessWatch

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

LOADED_S = 170.0
"""The load stops by itself after this long, in seconds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the demo is run."""

    limit_bytes: int = 192 << 20
    """Of the memory cgroup that each service runs in."""

    watch_s: float = 18.0
    """How long each service is investigated, in seconds."""

    fill_s: float = 8.0
    """How long the fixed variant is left to fill its cache before it is looked at, in seconds."""

    kill_within_s: float = 75.0
    """How long to wait for the kernel after the leak was explained, in seconds."""

    node: str | None = None
    """The program node, None where it is not installed."""

    node_limit_bytes: int = 1024 << 20
    """Of the memory cgroup of the Node.js services: a snapshot takes many times what the heap holds."""

    node_settle_s: float = 5.0
    """How long each Node.js service runs before it is looked at, in seconds."""

    node_watch_s: float = 14.0
    """How long each Node.js service is watched, in seconds."""


def demo(*, machine: Machine, policy: Policy, settings: Settings, progress: Progress) -> Demo:
    """Nothing of it is left behind, whatever interrupts it."""
    begun_s = machine.clock.monotonic_s()
    with service("leaky", limit_bytes=settings.limit_bytes, sandboxes=machine.sandboxes) as leaky:
        progress.stage(_started(leaky, settings))
        with load_on(leaky.port, seconds=LOADED_S):
            progress.stage("real requests come in, each for a basket of its own; is this a leak?")
            serving_s = machine.clock.now_s()
            # Held from here on: on a busy machine it may reach its limit while the captures are compared.
            with _watch(leaky.pid, machine) as life:
                leaking = _investigate(leaky, machine, policy, settings.watch_s, progress)
                _say(leaking, progress)
                kill = _until_killed(leaky, life, serving_s, machine, settings, progress)
                whole_life = _joined(leaking.series, life.told(machine.kernel_log).series)
    with service("fixed", limit_bytes=settings.limit_bytes, sandboxes=machine.sandboxes) as fixed:
        progress.stage("the same service with a bound on its cache, under the same load: is it accused too?")
        with load_on(fixed.port, seconds=LOADED_S):
            _let_run(fixed, machine, settings.fill_s)
            proof = _investigate(fixed, machine, policy, settings.watch_s, progress)
    _say(proof, progress)
    node = _node(machine, policy, settings, progress)
    return Demo(
        leaking=leaking,
        whole_life=whole_life,
        kill=kill,
        fixed=proof,
        node=node,
        limit_bytes=leaky.limit_bytes,
        seconds=machine.clock.monotonic_s() - begun_s,
    )


def _node(machine: Machine, policy: Policy, settings: Settings, progress: Progress) -> NodeChapter | Absent:
    """The same leak's sister in Node.js, if that is installed. Its inspector is opened: the services are our own."""
    if settings.node is None:
        progress.stage("Node.js is not installed here: its chapter is left out")
        return Absent("the Node.js chapter", AbsentKind.NOT_APPLICABLE, "no node on the PATH", "apt-get install nodejs")
    found = []
    for name, words in (
        ("leaky", "a Node.js service now: who holds what grows?"),
        ("fixed", "the same, with its listeners removed: is it accused?"),
    ):
        with node_service(
            settings.node, name, limit_bytes=settings.node_limit_bytes, sandboxes=machine.sandboxes
        ) as shown:
            progress.stage(f"{words} (pid {shown.pid})")
            with load_on(shown.port, seconds=LOADED_S):
                _let_run(shown, machine, settings.node_settle_s)
                found.append(_investigate(shown, machine, policy, settings.node_watch_s, progress))
        _say(found[-1], progress)
    return NodeChapter(*found)


def _let_run(shown: Service, machine: Machine, seconds: float) -> None:
    """What a service does as it starts, a bounded cache that fills and a compiler that warms up, is no leak."""
    end_s = machine.clock.monotonic_s() + seconds
    with _watch(shown.pid, machine) as watch:
        while machine.clock.monotonic_s() < end_s and watch.tick():
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


def _watch(pid: int, machine: Machine) -> ProcessWatch:
    return ProcessWatch(pid, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=0.25)


def _investigate(shown: Service, machine: Machine, policy: Policy, watch_s: float, progress: Progress) -> Investigation:
    node = NodeSettings(inspect=True)
    chosen = investigate.Settings.of(watch_s=watch_s, interval_s=0.25, node=node)
    return investigate.investigate(
        ProcessTarget(shown.pid), machine=machine, policy=policy, settings=chosen, progress=progress
    )


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
