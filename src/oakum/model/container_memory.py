"""One container's memory over a watch or a history, judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from oakum.model.cluster_pod import Container, Pod
from oakum.model.rollout import Rollout
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict, VerdictName


@dataclass(frozen=True, slots=True)
class ContainerMemory:
    """``source``: who told the samples. ``name``: of the container; ``image_id``: the very image that it runs.

    ``series``: with what earlier looks saw of it, which is what was judged; ``seen``: by this look alone.
    ``past``: a server of metrics told it, from before this look; ``seen`` is then None. ``rollout``: with which its
    growth began, or that it is older.
    """

    namespace: str
    pod: str
    pod_uid: str
    name: str
    container_id: str
    image_id: str
    node: str
    source: str
    series: WorkloadSeries
    verdict: Verdict
    seen: WorkloadSeries | None = None
    past: bool = False
    rollout: Rollout | None = None

    @classmethod
    def of(
        cls,
        pod: Pod,
        container: Container,
        source: str,
        series: WorkloadSeries,
        verdict: Verdict,
        seen: WorkloadSeries | None = None,
    ) -> ContainerMemory:
        """Named as the cluster tells of it."""
        return cls(
            pod.namespace,
            pod.name,
            pod.uid,
            container.name,
            container.container_id,
            container.image_id or container.image,
            pod.node,
            source,
            series,
            verdict,
            seen,
        )

    @property
    def peak(self) -> float:
        """The most that was ever told of it, in the unit of its series; 0 where nothing was."""
        return max((float(life.value.max()) for life in self.series.lifetimes if len(life)), default=0.0)

    @property
    def title(self) -> str:
        return f"{self.pod}/{self.name}"

    @property
    def grows(self) -> bool:
        """Whether it gains at all, which alone is no leak: a few seconds make no suspicion, but order containers."""
        verdict = self.verdict
        if verdict.name in GROWING:
            return True
        if verdict.rate_per_s is None or verdict.rate_interval is None or verdict.rate_interval[0] <= 0:
            return False
        last = self.series.lifetimes[-1]
        gained = verdict.rate_per_s * float(last.at_s[-1] - last.at_s[0])
        return gained > max(LEAST_BYTES, LEAST_SHARE * verdict.level)


GROWING: Final = frozenset({VerdictName.LEAK, VerdictName.SUSPECT})

LEAST_BYTES: Final = 2.0**20
LEAST_SHARE: Final = 0.01
"""What is gained within a watch must be more than both, to be called growth."""
