"""The port through which a plan changes a cluster.

Each verb looks first: what is so already is not written again, so it can be asked again after a crash. What is written
is for the object as it was given: its uid, and what it asked for then (a workload's spec, a container's memory). Each
write names the version that it was just read at. ``dry``: the API server checks it, with its admission and its budgets,
and keeps nothing. Nothing is ever deleted without its budgets being asked.

Every verb raises RefusedError where the object is another or was changed since, a budget, a quota or an admission rule
forbids it, or it is no change that the API takes; TargetError where it is not there, or may not be changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from oakum.model.absent import Absent
from oakum.model.cluster_node import ClusterNode
from oakum.model.cluster_pod import Pod
from oakum.model.cluster_workload import Workload


@dataclass(frozen=True, slots=True)
class Changed:
    """``before``: what was there, in the words of the verb that undoes it; of JSON's values alone.

    ``did``: False where it was so already. ``dry``: nothing was kept. ``version``: of the object now; "" where it goes.
    """

    title: str
    before: Mapping[str, object]
    did: bool
    dry: bool
    version: str


class ClusterHands(Protocol):
    """Writing verbs."""

    async def evict(self, pod: Pod, *, dry: bool = False) -> Changed:
        """Its own time to end, and its disruption budgets, are kept: the refusal names the budget.

        ``before``: its uid, node and owner; there is no way back. A pod that goes already, or is gone, is no error.
        """

    async def patch(self, workload: Workload, change: Mapping[str, object], *, dry: bool = False) -> Changed:
        """``change``: a strategic merge patch. ``before``: one that undoes it."""

    async def restart(self, workload: Workload, *, at_s: float, dry: bool = False) -> Changed | Absent:
        """Every pod anew, in turn, as kubectl's rollout restart asks for it. ``at_s``: names this restart, UTC epoch.

        ``before``: a patch, which starts them anew once more. Absent: a kind that has no rollout.
        """

    async def scale(self, workload: Workload, replicas: int, *, dry: bool = False) -> Changed | Absent:
        """``before``: ``replicas``. Absent: a kind that is not scaled."""

    async def resize(
        self, pod: Pod, container: str, *, limit_bytes: int, request_bytes: int | None = None, dry: bool = False
    ) -> Changed | Absent:
        """A container's memory in place, without a restart; its node says later whether it could.

        ``request_bytes``: None leaves it. ``before``: ``limit_bytes`` and ``request_bytes``, None for none.
        Absent: the cluster is older than Kubernetes 1.33.
        """

    async def cordon(self, node: ClusterNode, *, cordoned: bool = True, dry: bool = False) -> Changed:
        """Whether new pods are kept off it. ``before``: ``cordoned``."""
