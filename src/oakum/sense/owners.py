"""Which workload a pod belongs to, without asking for each: owner references, and one list of what stands between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from oakum.model.cluster_pod import Pod
from oakum.model.cluster_workload import KINDS, Workload

HASH: Final = "pod-template-hash"
"""The label that a Deployment puts on its ReplicaSets and their pods; the ReplicaSet's name ends with it."""

BETWEEN: Final = ("replicaset", "job")
"""What pods belong to that may itself belong to something."""


@dataclass(frozen=True, slots=True)
class Top:
    """``kind``: as targets name it, or the owner's own in small letters; ``pod``: one that nobody owns."""

    kind: str
    namespace: str
    name: str

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


class Owners:
    """``below``: the ReplicaSets and Jobs that are known; of one that is not, its name and its pods' label tell."""

    def __init__(self, below: Iterable[Workload] = ()) -> None:
        self._below = {each.uid: each.controller for each in below}

    def top(self, pod: Pod) -> Top:
        owner = pod.controller
        # A node's own pods (static ones) are owned by the node: that is no workload.
        if owner is None or owner.kind == "Node":
            return Top("pod", pod.namespace, pod.name)
        above = self._below.get(owner.uid)
        if above is not None:
            return _top(above.kind, pod, above.name)
        ending = f"-{pod.labels.get(HASH, '')}"
        if owner.uid not in self._below and owner.kind == "ReplicaSet" and len(ending) > 1:
            name = owner.name.removesuffix(ending)
            if name != owner.name:
                return _top("Deployment", pod, name)
        return _top(owner.kind, pod, owner.name)


def _top(kind: str, pod: Pod, name: str) -> Top:
    return Top(KINDS.get(kind, kind.lower()), pod.namespace, name)
