"""The memory of a cluster's containers, judged: what moved at once, what stood still only where it is shown.

Of thousands of containers that were watched for minutes most stand still, and one of each workload is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from oakum.explain import containers
from oakum.explain.fleet import Member
from oakum.judge import judge, still
from oakum.loop.scan import verdicts
from oakum.model.cluster_pod import Container, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import DataError
from oakum.model.scan import Skipped
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict
from oakum.sense.container_track import Source
from oakum.sense.fleet import Place


class Followed(NamedTuple):
    """``source``: what told it."""

    pod: Pod
    container: Container
    source: Source
    series: WorkloadSeries


class FleetMemory:
    """``of``: by pod and container; ``skipped``: what cannot be judged."""

    def __init__(self, followed: Sequence[Followed]) -> None:
        self.of: dict[Place, ContainerMemory] = {}
        self.skipped: list[Skipped] = []
        self._still: set[Place] = set()
        moving: list[Followed] = []
        for each in followed:
            told = still(each.series)
            if told is None:
                moving.append(each)
            else:
                self._still.add(self._keep(each, told))
        judged_all = verdicts([each.series for each in moving], sparing=True)
        for each, judged in zip(moving, judged_all, strict=True):
            if isinstance(judged, DataError):
                self.skipped.append(Skipped(each.series.id, judged.what, each.series.labels))
            else:
                self._keep(each, judged)

    def _keep(self, followed: Followed, told: Verdict) -> Place:
        pod, container, source, series = followed
        place = (pod.uid, container.name)
        self.of[place] = ContainerMemory.of(pod, container, source.value, series, told)
        return place

    def settled(self, members: Iterable[Member]) -> list[Member]:
        """Of one workload: the one that stands for all is judged in full."""
        found = list(members)
        while (worst := containers.worst([each.memory for each in found if each.memory is not None])) is not None:
            place = (worst.pod_uid, worst.name)
            if place not in self._still:
                break
            self._still.discard(place)
            self.of[place] = replace(worst, verdict=judge(worst.series))
            found = [replace(each, memory=self.of[place]) if each.memory is worst else each for each in found]
        return found
