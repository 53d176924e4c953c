"""Which pod and container a cgroup is, by its path as kubelets name it, with either cgroup driver.

``…/kubepods/burstable/podUID/CONTAINER`` (cgroupfs), or
``…/kubepods-burstable-podU_I_D.slice/cri-containerd-CONTAINER.scope`` (systemd).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_POD: Final = re.compile(
    r"(?:^|[/-])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?=/|$)"
)
_CONTAINER: Final = re.compile(r"/(?:[a-z-]+-)?([0-9a-f]{64})(?:\.scope)?(?=/|$)")
_PODS: Final = re.compile(r"/kubepods(?:[-/](?:burstable|besteffort))?(?:\.slice)?(?:/|$)")


@dataclass(frozen=True, slots=True)
class PodCgroup:
    """``container_id``: "" for the pod's own cgroup."""

    pod_uid: str
    container_id: str


def pod_cgroup(path: str) -> PodCgroup | None:
    """None: it is no pod's."""
    pod = _POD.search(path)
    if pod is None:
        return None
    container = _CONTAINER.match(path, pod.end())
    return PodCgroup(pod[1].replace("_", "-"), container[1] if container else "")


def above_pods(path: str) -> bool:
    """Whether it is the cgroup of all pods, or of all of one quality of service."""
    return pod_cgroup(path) is None and _PODS.search(path) is not None
