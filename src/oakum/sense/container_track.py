"""One container of one pod watched: its samples, in the lifetimes that its restarts make of them."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum

from oakum.model.absent import Absent
from oakum.model.cluster_pod import Container, Pod, Running
from oakum.model.series import Ending, Metric, Scope, WorkloadSeries
from oakum.sense.track import Track


class Source(StrEnum):
    """Who tells the samples."""

    NODE = "this machine's cgroups"
    SHELL = "a shell in the container"
    KUBELET = "the kubelet"
    METRICS = "metrics.k8s.io"
    """The working set alone, which holds page cache too."""
    PROMETHEUS = "Prometheus"


_BY_ITS_NODE = frozenset({Source.KUBELET, Source.METRICS})
"""Their times are by the same clock as the begin of a run."""


class ContainerTrack:
    """All its samples are from one source at a time; times are UTC epoch seconds by that source's clock."""

    def __init__(self, pod: Pod, container: Container, source: Source) -> None:
        self.pod, self.container, self.source = pod, container, source
        labels = {
            "namespace": pod.namespace,
            "pod": pod.name,
            "pod_uid": pod.uid,
            "container": container.name,
            "node": pod.node,
        }
        self._latest_s = -math.inf
        self._track = Track(f"{pod.title}/{container.name}", Scope.CONTAINER, labels, started_s=_started(container))

    @property
    def name(self) -> str:
        return f"{self.pod.name}/{self.container.name}"

    @property
    def samples(self) -> int:
        return self._track.samples

    @property
    def lifetimes(self) -> int:
        return self._track.lifetimes

    @property
    def ended(self) -> bool:
        return self._track.ended

    def add(self, at_s: float, own_bytes: int, limit_bytes: int | None = None) -> None:
        """``limit_bytes``: None where the source does not tell it: then what the pod says.

        A kubelet may still tell the last figure of the run before, again and again: it is none of this run.
        """
        if self._track.ended or at_s <= self._latest_s:
            return
        began_s = _started(self.container) if self.source in _BY_ITS_NODE else None
        if began_s is not None and at_s < began_s:
            return
        self._latest_s = at_s
        bound = self.container.bound_bytes if limit_bytes is None else limit_bytes
        self._track.add(at_s, float(own_bytes), float(bound) if isinstance(bound, int) else math.inf)

    def now(self, pod: Pod | None) -> None:
        """As the cluster tells of it now; None: it is gone. Another run of it is another lifetime."""
        found = None if pod is None else pod.container(self.container.name)
        if pod is None or found is None:
            self._track.end()
            return
        anew = found.container_id != self.container.container_id
        if (anew or not found.running) and not self._track.ended:
            self._track.end(_ending(found))
        if anew and not found.running:
            return
        if anew:
            self._track.begin(None, _started(found))
        self.pod, self.container = pod, found

    def series(self) -> WorkloadSeries:
        found = self._track.series(math.inf)
        metric = Metric.WORKING_SET if self.source is Source.METRICS else found.metric
        return replace(found, metric=metric, labels={**found.labels, "source": self.source.value})


def _started(container: Container) -> float | None:
    state = container.state
    return state.started_s if isinstance(state, Running) and not isinstance(state.started_s, Absent) else None


def _ending(container: Container) -> Ending:
    """Of the run before this state."""
    told = getattr(container.state, "reason", "") or ""
    last = container.last.reason if container.last is not None else ""
    return Ending.OOM_KILLED if "OOMKilled" in {told, last} else Ending.EXITED
