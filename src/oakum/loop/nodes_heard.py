"""Which nodes of a cluster tell what their containers use, which do not and why, and when those are asked again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from shlex import quote
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_node import ClusterNode, NodeStanding, NodeUsage
from oakum.model.cluster_pod import Bytes
from oakum.model.units import format_count

LONGEST_PAUSE_S: Final = 240.0
"""A kubelet that does not answer is asked again after a pause, in seconds: each is twice as long, up to this."""

MOST_NAMED: Final = 3
"""Of nodes that do not tell so many are named; all are counted."""


class NodesHeard:
    """Times are those of the loop, in seconds; ``every_s``: how often one that answers is asked.

    A node that nobody asked yet is worth asking.
    """

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._silent: dict[str, Absent] = {}
        self._silences: Counter[str] = Counter()
        self._due_s: dict[str, float] = {}
        self._answered: set[str] = set()
        self._listed: dict[str, ClusterNode] = {}
        self._figures: dict[str, tuple[Bytes, Bytes]] = {}

    def listed(self, nodes: Iterable[ClusterNode], now_s: float) -> None:
        """Those that are not ready are not in the first look; one that becomes ready is asked soon enough."""
        for node in nodes:
            self._listed[node.name] = node
            if node.ready is False:
                look = f"kubectl describe node {quote(node.name)}"
                self._silent[node.name] = Absent(node.name, AbsentKind.UNREADABLE, "it is not ready", look)
                self._silences[node.name] = 2
                self._due_s[node.name] = now_s + self._every_s * 3

    def due(self, nodes: AbstractSet[str], now_s: float) -> set[str]:
        """Worth asking now. A role that may ask none of them does not change; one that is silent may wake up."""
        answered = self._answered & nodes
        if answered and all(self._forbidden(node) for node in answered):
            return set()
        return {node for node in nodes if self._due_s.get(node, now_s) <= now_s}

    def forbidden(self) -> set[str]:
        """That may not be asked."""
        return {node for node in self._silent if self._forbidden(node)}

    def _forbidden(self, node: str) -> bool:
        return node in self._silent and self._silent[node].kind is AbsentKind.NOT_PERMITTED

    def heard(self, node: str, told: NodeUsage | Absent, now_s: float) -> None:
        """It gave an answer; a refusal is one too."""
        self._answered.add(node)
        if isinstance(told, Absent):
            self._silent[node] = told
            self._silences[node] += 1
            pause_s = min(self._every_s * 2.0 ** min(self._silences[node] - 1, 10), LONGEST_PAUSE_S)
            self._due_s[node] = now_s + pause_s
            return
        self._figures[node] = told.working_set_bytes, told.available_bytes
        self._silent.pop(node, None)
        self._silences.pop(node, None)
        self._due_s.pop(node, None)

    def missed(self, node: str, kind: AbsentKind, why: str, get: str) -> None:
        """It gave none in the time that was there."""
        self._silent[node] = Absent(node, kind, why, get)

    def standing(self, nodes: AbstractSet[str]) -> tuple[NodeStanding, ...]:
        """Of these, and of all that are short of memory or not ready: the worst first."""
        troubled = {name for name, node in self._listed.items() if node.ready is False or node.pressure is True}
        told = (self._standing(name) for name in (nodes & (self._listed.keys() | self._figures.keys())) | troubled)
        return tuple(sorted(told, key=lambda node: node.worst_first))

    def _standing(self, name: str) -> NodeStanding:
        used, available = (each if isinstance(each, int) else None for each in self._figures.get(name, (None, None)))
        node = self._listed.get(name)
        if node is None:
            return NodeStanding(name, used_bytes=used, available_bytes=available)
        return NodeStanding(
            name,
            node.capacity_bytes if isinstance(node.capacity_bytes, int) else None,
            used,
            available,
            None if isinstance(node.ready, Absent) else node.ready,
            None if isinstance(node.pressure, Absent) else node.pressure,
            node.cordoned,
        )

    def absent(self, nodes: AbstractSet[str], *, besides: AbstractSet[str] = frozenset()) -> Iterator[Absent]:
        """One for each kind of reason, however many nodes there are.

        ``nodes``: that containers run on; ``besides``: whose containers are told of in another way.
        """
        by_kind: dict[AbsentKind, list[tuple[str, Absent]]] = {}
        for node, absent in sorted(self._silent.items()):
            if node in nodes and node not in besides:
                by_kind.setdefault(absent.kind, []).append((node, absent))
        for kind, told in by_kind.items():
            named = ", ".join(node for node, _ in told[:MOST_NAMED]) + (", …" if len(told) > MOST_NAMED else "")
            what = f"what containers use on {format_count(len(told))} of {format_count(len(nodes))} nodes ({named})"
            yield Absent(what, kind, told[0][1].why, told[0][1].get)
