"""Kubelets asked side by side: one that is dead or slow holds up no other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, TypeAlias

from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.cluster_node import NodeUsage
from oakum.model.errors import OakumError

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

WITHIN_S: Final = 10.0
"""One that has not answered so long after it was asked, in seconds, is not waited for."""

PER_S: Final = 20.0
"""So many are asked each second, in the long run: the cluster's own pace."""

AT_ONCE: Final = 24
"""So many are asked at the same time; the cluster's own pace holds beside it."""

Heard: TypeAlias = Callable[[str, NodeUsage | Absent], None]
"""Is given a node's name and its figures, or why there are none; as they come."""


class Kubelets:
    """``ask`` returns at once: what they tell goes to ``heard``. The task group ends when all have answered.

    ``begun``: those whose turn has come at least once.
    """

    def __init__(
        self, cluster: Cluster, group: TaskGroup, heard: Heard, *, within_s: float = WITHIN_S, at_once: int = AT_ONCE
    ) -> None:
        import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

        self._cluster, self._group, self._heard, self._within_s = cluster, group, heard, within_s
        self._room = anyio.CapacityLimiter(at_once)
        self._asked: set[str] = set()
        self.begun: set[str] = set()

    def ask(self, nodes: Iterable[str]) -> None:
        """One that is still being asked is not asked again."""
        for node in sorted(set(nodes) - self._asked):
            self._asked.add(node)
            self._group.start_soon(self._one, node)

    async def _one(self, node: str) -> None:
        try:
            async with self._room:
                self.begun.add(node)
                told = await usage(self._cluster, node, self._within_s)
            self._heard(node, told)
        finally:
            self._asked.discard(node)


async def usage(cluster: Cluster, node: str, within_s: float = WITHIN_S) -> NodeUsage | Absent:
    """What one of them tells, or why it does not."""
    try:
        return await cluster.usage(node, within_s=within_s)
    except OakumError as exc:
        what = f"the memory that containers on node {node} use"
        return Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step)


async def ask_all(
    cluster: Cluster, nodes: Iterable[str], heard: Heard, *, within_s: float = WITHIN_S, at_once: int = AT_ONCE
) -> None:
    """Each of them once; returns when the last has answered or is not waited for any more."""
    import anyio  # noqa: PLC0415

    async with anyio.create_task_group() as group:
        Kubelets(cluster, group, heard, within_s=within_s, at_once=at_once).ask(nodes)
