"""The kills of a cluster's workloads as a scan is told of them: also before it is known whose the pods are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from oakum.explain.fleet import Kills, Member
from oakum.explain.oom_clues import Known
from oakum.explain.oom_verdict import verdict
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Pod
from oakum.model.kill import Ended
from oakum.sense.owners import Owners, Top

Whose: TypeAlias = tuple[Top, str]
"""A workload, and one of its containers."""

NOT_ASKED: Final = Absent(
    "what the nodes' kernels told of kills", AbsentKind.NOT_APPLICABLE, "a scan asks the API server and kubelets alone"
)


class KillBook:
    """``by``: of each container of each workload; ``killed``: for memory, in all.

    ``owners``: None until it is known.
    """

    def __init__(self) -> None:
        self.by: defaultdict[Whose, Kills] = defaultdict(Kills)
        self.killed = 0
        self.owners: Owners | None = None
        self._last: dict[Whose, Member] = {}
        self._early: list[tuple[Pod, tuple[Ended, ...], bool]] = []

    def know(self, owners: Owners) -> None:
        """What came before is put down now, in its order."""
        self.owners = owners
        for pod, ends, gone in self._early:
            self.take(pod, ends, gone=gone)
        self._early.clear()

    def take(self, pod: Pod, ends: Iterable[Ended], *, gone: bool) -> None:
        """``ends``: that are new. ``gone``: the pod is no longer there."""
        if self.owners is None:
            if (found := tuple(ends)) or gone:
                self._early.append((pod, found, gone))
            return
        for ended in ends:
            kill, _ = verdict(ended, Known(NOT_ASKED))
            self.killed += kill.kind.for_memory
            self.by[self.owners.top(pod), ended.container].add(kill)
        if gone:
            self._leave(pod, self.owners.top(pod))

    def _leave(self, pod: Pod, top: Top) -> None:
        """The last pod of a workload may go: that it was killed for memory is told all the same."""
        for container in pod.containers:
            kills = self.by.get((top, container.name))
            if kills is not None:
                kills.forget(pod)
                if kills.for_memory:
                    self._last[top, container.name] = Member(pod, container, gone=True)

    def of(self, whose: Whose) -> Kills:
        return self.by.get(whose) or Kills()

    def left_over(self, there: Iterable[Whose]) -> Iterator[tuple[Whose, Member]]:
        """Of workloads that have no pod left, and were killed for memory: the last one. ``there``: that have some."""
        known = set(there)
        yield from ((whose, member) for whose, member in self._last.items() if whose not in known)
