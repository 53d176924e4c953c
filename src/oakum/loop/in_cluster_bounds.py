"""What else moves or bounds a workload: autoscalers, quotas, limit ranges; each that may not be read is told."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Final, TypeVar

from oakum.loop.facts import Facts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster, Listing
from oakum.model.cluster_workload import Autoscaler, Bounds, Quota, VerticalAutoscaler, Workload
from oakum.model.errors import OakumError, TargetError
from oakum.model.units import format_size

T = TypeVar("T")

KINDS: Final = {
    "deploy": "Deployment",
    "sts": "StatefulSet",
    "ds": "DaemonSet",
    "job": "Job",
    "replicaset": "ReplicaSet",
}
"""As autoscalers name what they scale."""


async def or_absent(asked: Awaitable[T], what: str, facts: Facts) -> T | None:
    """A refusal costs this fact only, and so does an answer that is not understood."""
    try:
        return await asked
    except OakumError as exc:
        kind = AbsentKind.NOT_PERMITTED if isinstance(exc, TargetError) else AbsentKind.UNREADABLE
        facts.miss(Absent(what, kind, exc.brief, exc.next_step))
        return None


async def tell_bounds(workload: Workload, cluster: Cluster, facts: Facts) -> int:
    """One fact for each that concerns it. So many replicas there may be; 0 where that is not told."""
    most = workload.wanted if isinstance(workload.wanted, int) else 0
    namespace = workload.namespace
    scalers = await or_absent(cluster.autoscalers(namespace), f"autoscalers of {namespace}", facts)
    for each in _items(scalers):
        if _is(workload, each.target_kind, each.target_name):
            _scaler(each, facts)
            most = max(most, each.most if isinstance(each.most, int) else 0)
    vertical = await or_absent(cluster.vertical_autoscalers(namespace), f"vertical autoscalers of {namespace}", facts)
    # Most clusters have none installed: that is nothing to tell.
    for recommender in () if isinstance(vertical, Absent) else _items(vertical):
        if _is(workload, recommender.target_kind, recommender.target_name):
            _vertical(recommender, facts)
    for quota in _items(await or_absent(cluster.quotas(namespace), f"quotas of {namespace}", facts)):
        _quota(quota, facts)
    for bounds in _items(await or_absent(cluster.bounds(namespace), f"limit ranges of {namespace}", facts)):
        _bounds(bounds, facts)
    return most


def _items(listing: Listing[T] | None) -> Sequence[T]:
    return () if listing is None else listing.items


def _is(workload: Workload, kind: str, name: str) -> bool:
    return (KINDS.get(workload.kind), workload.name) == (kind, name)


def _scaler(scaler: Autoscaler, facts: Facts) -> None:
    by = ", ".join(scaler.metrics) or "nothing that is told"
    grows = ": a leak makes it add replicas, each of which leaks" if "memory" in scaler.metrics else ""
    least, most, now = (_count(each) for each in (scaler.least, scaler.most, scaler.now))
    facts.add("autoscaler", f"HPA {scaler.name}: {now} replicas of {least} to {most}, by {by}{grows}", "API server")


def _vertical(scaler: VerticalAutoscaler, facts: Facts) -> None:
    would = [
        f"{each.container} {format_size(each.target_bytes)}"
        for each in scaler.recommendations
        if isinstance(each.target_bytes, int)
    ]
    changes = "only tells" if scaler.mode == "Off" else "changes requests and limits by itself"
    told = f", would give {', '.join(would)}" if would else ""
    facts.add("autoscaler", f"VPA {scaler.name} ({scaler.mode}) {changes}{told}", "API server")


def _quota(quota: Quota, facts: Facts) -> None:
    parts = [
        f"{name} {format_size(used)} of {format_size(hard)}"
        for name, hard in sorted(quota.hard.items())
        if isinstance(hard, int) and isinstance(used := quota.used.get(name), int)
    ]
    if parts:
        facts.add("quota", f"quota {quota.name}: {', '.join(parts)} used", "API server")


def _bounds(bounds: Bounds, facts: Facts) -> None:
    named = {
        "default limit": bounds.default_limit_bytes,
        "at most": bounds.most_bytes,
        "at least": bounds.least_bytes,
    }
    parts = [f"{name} {format_size(size)}" for name, size in named.items() if isinstance(size, int)]
    if parts:
        kind = bounds.kind.lower()
        facts.add("quota", f"limit range {bounds.name}, for each {kind}: {', '.join(parts)}", "API server")


def _count(value: int | Absent) -> str:
    return "?" if isinstance(value, Absent) else str(value)
