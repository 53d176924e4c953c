"""What cAdvisor and kube-state-metrics would have told of a cluster for half a day, with leaks in it that are known."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

MIB = 1024.0**2
END_S = 1_717_200_000.0
"""Of the planted time: 2024-06-01T00:00:00Z."""

HOURS = 12
STEP_S = 60.0

Curve = Callable[[float], float]
"""Bytes at an age in seconds."""


@dataclass(frozen=True)
class Row:
    """One series: (seconds, value) in order of time; NaN is how a scrape tells that it is gone."""

    name: str
    labels: dict[str, str]
    samples: list[tuple[float, float]]


@dataclass
class World:
    """``end_s``, ``hours``, ``step_s``: of the time that is told of."""

    end_s: float = END_S
    hours: float = HOURS
    step_s: float = STEP_S
    rows: list[Row] = field(default_factory=list)
    seed: int = 1

    @property
    def start_s(self) -> float:
        return self.end_s - self.hours * 3600

    def times(self, begin_s: float, end_s: float, every_s: float | None = None) -> list[float]:
        step_s = every_s or self.step_s
        first = math.ceil(begin_s / step_s)
        return [k * step_s for k in range(first, math.floor(end_s / step_s) + 1)]

    def add(self, name: str, labels: dict[str, str], samples: list[tuple[float, float]]) -> None:
        if samples:
            self.rows.append(Row(name, labels, samples))

    def constant(
        self, name: str, labels: dict[str, str], value: float, begin_s: float, end_s: float, every_s: float = 600.0
    ) -> None:
        self.add(name, labels, [(at, value) for at in self.times(begin_s, end_s, every_s)])

    def run(
        self,
        where: dict[str, str],
        run: int,
        curve: Curve,
        *,
        begin_s: float | None = None,
        end_s: float | None = None,
        lingers_s: float = 0.0,
    ) -> float:
        """One run of a container. ``lingers_s``: its last value is told for so long after its end."""
        begin = self.start_s - 86_400 if begin_s is None else begin_s
        end = self.end_s if end_s is None else end_s
        chance = random.Random(f"{self.seed}/{sorted(where.items())}/{run}")
        told = [
            (at, max(0.0, round(curve(at - begin) + chance.gauss(0, 0.2 * MIB))))
            for at in self.times(max(begin, self.start_s), end)
        ]
        if lingers_s and told:
            told += [(at, told[-1][1]) for at in self.times(told[-1][0] + self.step_s, end + lingers_s)]
        number = chance.getrandbits(64)
        slice_ = f"/kubepods.slice/kubepods-burstable.slice/cri-containerd-{number:016x}.scope"
        labels = {
            **where,
            "id": slice_,
            "name": f"{number:016x}",
            "image": "registry/of:" + where["container"],
            "instance": "node-a:10250",
            "job": "kubelet",
        }
        self.add("container_memory_rss", labels, told)
        last = [(at, value + 40 * MIB) for at, value in told if at > end - 900]
        self.add("container_memory_working_set_bytes", labels, last)
        self.constant("container_start_time_seconds", labels, begin, max(begin, self.start_s), end)
        return told[-1][1]

    def pod(self, namespace: str, name: str, *, limit_mib: float = 512, container: str = "app") -> dict[str, str]:
        """Its pause container and its pod-level series come with it."""
        where = {"namespace": namespace, "pod": name, "container": container}
        above = {"namespace": namespace, "pod": name, "instance": "node-a:10250", "job": "kubelet"}
        self.constant("container_memory_rss", {**above, "container": "POD", "id": f"/{name}/pause"}, 1e5, *self._all)
        self.constant("container_memory_rss", {**above, "container": "", "id": f"/{name}"}, 9e9, *self._all)
        state = {**where, "job": "kube-state-metrics"}
        if limit_mib:
            limits = {**state, "resource": "memory", "unit": "byte", "node": "node-a"}
            self.constant("kube_pod_container_resource_limits", limits, limit_mib * MIB, *self._all)
        cpu = {**state, "resource": "cpu", "unit": "core", "node": "node-a"}
        self.constant("kube_pod_container_resource_limits", cpu, 2, *self._all)
        return where

    def owned(self, where: dict[str, str], kind: str, owner: str, above: tuple[str, str] | None = None) -> None:
        """``above``: the kind and name of who owns the owner."""
        pod = {"namespace": where["namespace"], "pod": where["pod"], "job": "kube-state-metrics"}
        owners = {"owner_kind": kind, "owner_name": owner, "owner_is_controller": "true"}
        self.constant("kube_pod_owner", {**pod, **owners}, 1, *self._all)
        if above is not None:
            set_ = {"namespace": where["namespace"], "replicaset": owner, "job": "kube-state-metrics"}
            self.constant(
                "kube_replicaset_owner", {**set_, "owner_kind": above[0], "owner_name": above[1]}, 1, *self._all
            )

    def deployed(self, namespace: str, name: str, hash_: str, pods: int, **kinds: float) -> list[dict[str, str]]:
        found = []
        for number in range(pods):
            where = self.pod(namespace, f"{name}-{hash_}-{_letters(name, number)}", **kinds)  # type: ignore[arg-type]
            self.owned(where, "ReplicaSet", f"{name}-{hash_}", ("Deployment", name))
            found.append(where)
        return found

    def killed(self, where: dict[str, str], ends_s: list[float]) -> None:
        """What kube-state-metrics tells once the container was OOM-killed at each of ``ends_s``."""
        labels = {**where, "job": "kube-state-metrics"}
        times = self.times(self.start_s, self.end_s)
        count = [(at, float(sum(end + 30 < at for end in ends_s))) for at in times]
        self.add("kube_pod_container_status_restarts_total", labels, count)
        told = [(at, 1.0) for at, number in count if number]
        self.add("kube_pod_container_status_last_terminated_reason", {**labels, "reason": "OOMKilled"}, told)

    @property
    def _all(self) -> tuple[float, float]:
        return self.start_s, self.end_s


def _letters(name: str, number: int) -> str:
    chance = random.Random(f"{name}/{number}")
    return "".join(chance.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))


def flat(level_mib: float) -> Curve:
    return lambda age: level_mib * MIB


def leak(level_mib: float, mib_per_h: float) -> Curve:
    return lambda age: (level_mib + mib_per_h * age / 3600) * MIB


def sawtooth(low_mib: float, high_mib: float, period_s: float) -> Curve:
    return lambda age: (low_mib + (high_mib - low_mib) * (age % period_s) / period_s) * MIB


def daily(low_mib: float, high_mib: float) -> Curve:
    return lambda age: (low_mib + (high_mib - low_mib) * (1 - math.cos(age / 86_400 * 2 * math.pi)) / 2) * MIB


NASTY = 'we"ird\\pod.*+(x)|é{}'
"""A pod's name that no cluster takes, and a label value that any server does."""


def cluster(containers: int = 200, **how: float) -> World:
    """One Deployment of three leaks; all others are healthy, but for one that is killed again and again."""
    world = World(**how)  # type: ignore[arg-type]
    hour = 3600.0
    for where in world.deployed("shop", "cart", "7d9c5b8f4", 3, limit_mib=1024):
        world.run(where, 0, leak(150, 25), begin_s=world.start_s - 6 * hour)
    (killed,) = world.deployed("shop", "mailer", "5f6b7c8d9", 1, limit_mib=256)
    ends = [world.start_s + share * world.hours * hour for share in (0.25, 0.5, 0.75)]
    begins = [world.start_s - 0.25 * world.hours * hour, *(end + 30 for end in ends)]
    for number, begin in enumerate(begins):
        end = ends[number] if number < len(ends) else None
        world.run(
            killed, number, leak(20, 230 / (0.25 * world.hours)), begin_s=begin, end_s=end, lingers_s=240 if end else 0
        )
    world.killed(killed, ends)
    # A rollout in the middle: the new pod starts before the old one has stopped.
    middle = world.start_s + world.hours * hour / 2
    (old,) = world.deployed("shop", "web", "66c9d7f8b", 1)
    world.run(old, 0, flat(120), end_s=middle + 90)
    (new,) = world.deployed("shop", "web", "84d5f6c7b", 1)
    world.run({**new, "pod": new["pod"]}, 0, flat(125), begin_s=middle)
    nasty = world.pod("odd", NASTY)
    world.run(nasty, 0, flat(64))
    for number in range(2):
        where = world.pod("db", f"postgres-{number}", limit_mib=2048)
        world.owned(where, "StatefulSet", "postgres")
        world.run(where, 0, daily(300, 900))
    for number in range(max(0, containers - 10)):
        namespace, name = f"team-{number % 8}", f"svc-{number:05d}"
        (where,) = world.deployed(namespace, name, "6b7f9c8d5", 1)
        level = 60 + number % 97
        curve = sawtooth(level, level * 2.2, 1800 + 60 * (number % 50)) if number % 4 == 0 else flat(level)
        world.run(where, 0, curve)
    return world


def openmetrics(world: World) -> Iterator[str]:
    """As ``promtool tsdb create-blocks-from openmetrics`` reads it: families together, seconds, an end."""
    for name in sorted({row.name for row in world.rows}):
        yield f"# TYPE {name} gauge\n"
        for row in world.rows:
            if row.name == name:
                head = f"{name}{{{_labels(row.labels)}}}"
                yield "".join(f"{head} {value:.0f} {at:.3f}\n" for at, value in row.samples)
    yield "# EOF\n"


def exposition(world: World) -> Iterator[str]:
    """As VictoriaMetrics imports it: milliseconds."""
    for row in world.rows:
        head = f"{row.name}{{{_labels(row.labels)}}}"
        yield "".join(f"{head} {value:.0f} {at * 1000:.0f}\n" for at, value in row.samples)


def _labels(labels: dict[str, str]) -> str:
    escaped = {
        name: value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") for name, value in labels.items()
    }
    return ",".join(f'{name}="{value}"' for name, value in escaped.items() if value)
