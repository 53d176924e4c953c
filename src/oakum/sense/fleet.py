"""All pods of a cluster as they are told, again and again: each end of a run once, and memory within bounds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final, TypeAlias

from oakum.model.cluster_node import ContainerUsage, NodeUsage
from oakum.model.cluster_pod import Bytes, Container, Pod, Role, Running
from oakum.model.kill import Ended
from oakum.sense.container_track import ContainerTrack, Source
from oakum.sense.endings import Endings

LOOKED_AT: Final = frozenset({Role.MAIN, Role.SIDECAR})

MOST_SAMPLES: Final = 400_000
"""So many are held of all containers together, some 100 bytes each; further apart where there are more containers."""

LEAST_EACH: Final = 24
"""But so many of each, where it is watched for long enough."""

Place: TypeAlias = tuple[str, str]
"""A pod's uid, and its container's name."""


class Fleet:
    """``watch_s``: for how long memory is followed, in seconds; 0: what was told last is all that is kept."""

    def __init__(self, watch_s: float = 0.0) -> None:
        self.pods: dict[str, Pod] = {}
        self.usage: dict[Place, ContainerUsage] = {}
        self._watch_s = watch_s
        self._endings = Endings()
        self._tracks: dict[Place, ContainerTrack] = {}
        self._kept_s: dict[Place, float] = {}

    def take(self, pod: Pod) -> list[Ended]:
        """The ends of runs that were not told before."""
        self.pods[pod.uid] = pod
        for container in _looked_at(pod):
            track = self._tracks.get((pod.uid, container.name))
            if track is not None:
                track.now(pod)
        return [ended for ended in self._endings.take(pod) if ended.role in LOOKED_AT]

    def gone(self, pod: Pod) -> list[Ended]:
        """Its last state may tell of an end; its memory is held no longer."""
        ends = self.take(pod)
        del self.pods[pod.uid]
        self._endings.forget(pod)
        for container in pod.containers:
            place = (pod.uid, container.name)
            for held in (self.usage, self._tracks, self._kept_s):
                held.pop(place, None)
        return ends

    def hear(self, told: NodeUsage) -> None:
        """What a node's kubelet tells of the pods that are known."""
        for each in told.containers:
            self._hear(self.pods.get(each.pod_uid), each, Source.KUBELET, each.rss_bytes)

    def hear_metrics(self, told: Iterable[ContainerUsage], nodes: Collection[str]) -> set[str]:
        """What metrics.k8s.io tells of the pods on ``nodes``: by their names, and working sets alone.

        Those nodes of which it tells anything.
        """
        named = {(pod.namespace, pod.name): pod for pod in self.pods.values() if pod.node in nodes}
        known = [(pod, each) for each in told if (pod := named.get((each.namespace, each.pod))) is not None]
        for pod, each in known:
            self._hear(pod, each, Source.METRICS, each.working_set_bytes)
        return {pod.node for pod, _ in known}

    def _hear(self, pod: Pod | None, each: ContainerUsage, source: Source, size: Bytes) -> None:
        container = None if pod is None else pod.container(each.container)
        if pod is None or container is None or container.role not in LOOKED_AT:
            return
        if source is Source.METRICS and not _of_this_run(container, each):
            return
        self.usage[pod.uid, each.container] = each
        if self._watch_s and isinstance(each.at_s, float) and isinstance(size, int):
            self._follow(pod, container, source, each.at_s, size)

    def rows(self) -> Iterator[tuple[Pod, Container]]:
        for pod in self.pods.values():
            for container in _looked_at(pod):
                yield pod, container

    @property
    def unseen(self) -> int:
        """Runs that ended, and whose end the cluster no longer knows."""
        return self._endings.unseen

    @property
    def nodes(self) -> set[str]:
        """That pods run on now."""
        return {pod.node for pod in self.pods.values() if pod.node and any(each.running for each in pod.containers)}

    def track(self, pod: Pod, container: Container) -> ContainerTrack | None:
        return self._tracks.get((pod.uid, container.name))

    def _follow(self, pod: Pod, container: Container, source: Source, at_s: float, size: int) -> None:
        place = (pod.uid, container.name)
        apart_s = self._watch_s / max(LEAST_EACH, MOST_SAMPLES // max(len(self.usage), 1))
        if at_s - self._kept_s.get(place, float("-inf")) < apart_s:
            return
        track = self._tracks.get(place)
        if track is None:
            track = self._tracks[place] = ContainerTrack(pod, container, source)
        # What one tells is not compared with what the other tells.
        if track.source is source:
            track.add(at_s, size)
            self._kept_s[place] = at_s


def _looked_at(pod: Pod) -> Iterable[Container]:
    return (container for container in pod.containers if container.role in LOOKED_AT)


def _of_this_run(container: Container, each: ContainerUsage) -> bool:
    """A pod of the same name, or the run before, may be what was measured."""
    state = container.state
    began_s = state.started_s if isinstance(state, Running) else None
    return not isinstance(began_s, float) or not isinstance(each.at_s, float) or each.at_s >= began_s
