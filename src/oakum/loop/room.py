"""Whether something of ours fits into a container: it must not be what that dies of, nor its pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_node import ContainerUsage
from oakum.model.cluster_pod import Container, Pod, Role
from oakum.model.node import Room
from oakum.model.units import format_size

Usage: TypeAlias = Mapping[tuple[str, str], ContainerUsage]
"""By the pod's uid and the container's name."""


@dataclass(frozen=True, slots=True)
class Guest:
    """``name``: with its article, for a person. ``needs_bytes``: so much must be free before it comes."""

    name: str
    needs_bytes: int


def refusal(pod: Pod, container: Container, usage: Usage, guest: Guest, what: str) -> Absent | None:
    """None where both limits leave room. ``what``: that is missed without it."""
    own = _working_set(usage, pod, [container])
    bounds = [
        (container.bound_bytes, own, "its limit"),
        (pod.limit_bytes, _working_set(usage, pod, pod.containers), "its pod's limit"),
    ]
    for limit, used, whose in bounds:
        if limit is None:
            continue
        if isinstance(limit, Absent) or used is None:
            why = f"whether it has room for {guest.name} is not known: its node does not tell what it uses"
            return Absent(what, AbsentKind.TOO_DEAR, why, "a role that may get nodes/proxy, once its kubelet tells")
        if limit - used < guest.needs_bytes:
            why = f"{format_size(max(limit - used, 0))} below {whose}: {guest.name} in it could be what it dies of"
            return Absent(what, AbsentKind.TOO_DEAR, why, "the same command on its node, as root")
    return None


def refusal_beside(pod: Pod, usage: Usage, guest: Guest, what: str) -> Absent | None:
    """As ``refusal``, for what comes beside the containers: only what bounds them together counts."""
    together = replace(pod, limit_bytes=_together(pod))
    alone = replace(pod.containers[0], limit_bytes=None, actual_limit_bytes=None)
    return refusal(together, alone, usage, guest, what)


def left_in_pod(pod: Pod, usage: Usage) -> Room | None:
    """Below what bounds its containers together; None where nothing does. None left where its node does not tell."""
    limit, used = _together(pod), _working_set(usage, pod, pod.containers)
    if limit is None:
        return None
    if isinstance(limit, Absent) or used is None:
        return Room(0, "its pod's limit, as far as is known: its node does not tell what it uses")
    return Room(max(0, limit - used), "its pod's limit")


def _together(pod: Pod) -> int | Absent | None:
    """Where each has a limit, the pod's cgroup has their sum."""
    bounds = [each.bound_bytes for each in pod.containers if each.role in {Role.MAIN, Role.SIDECAR}]
    known = [each for each in bounds if isinstance(each, int)]
    return sum(known) if pod.limit_bytes is None and len(known) == len(bounds) else pod.limit_bytes


def _working_set(usage: Usage, pod: Pod, containers: Sequence[Container]) -> int | None:
    """Of those that run, in bytes. None: it is not told of each."""
    told = [usage.get((pod.uid, each.name)) for each in containers if each.running]
    sizes = [each.working_set_bytes for each in told if each is not None]
    known = [size for size in sizes if not isinstance(size, Absent)]
    return sum(known) if len(known) == len(told) > 0 else None
