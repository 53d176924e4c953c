"""The series' verdict fused with the evidence."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.model.absent import Absent
from oakum.model.admission import Replicas
from oakum.model.cause import Cause
from oakum.model.curve import Curve
from oakum.model.evidence import Evidence
from oakum.model.growth import HeapGrowth
from oakum.model.kill import Kill
from oakum.model.pool import PoolReading
from oakum.model.series import WorkloadSeries
from oakum.model.step import Plan
from oakum.model.story import Accounted, Story
from oakum.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Investigation:
    """One target, from symptom to named holder: the result of ``oakum investigate``.

    ``verdict`` is the assessment: what the series and the evidence say together.
    ``series_verdict`` is what the series said alone, before the evidence.
    Of a cluster's workload, ``kills``: how its runs ended, oldest first; ``watched``: the samples of the container that
    is judged and of its replicas, with who they are as labels; ``replicas``: of which it is made. ``pools``: what its
    process was told of connections; None where nobody looked. ``accounted``: how much of the growth the causes explain,
    None where nothing is seen to grow. ``story``: None where nobody told it yet.
    """

    target: str
    generated_at_s: float
    verdict: Verdict
    series_verdict: Verdict
    series: WorkloadSeries
    runtime: str
    curve: Curve | None = None
    evidence: tuple[Evidence, ...] = ()
    absent: tuple[Absent, ...] = ()
    growth: HeapGrowth | None = None
    causes: tuple[Cause, ...] = ()
    plan: Plan = field(default_factory=Plan)
    incident: str | None = None
    partial: bool = False
    kills: tuple[Kill, ...] = ()
    watched: tuple[WorkloadSeries, ...] = ()
    replicas: Replicas | None = None
    pools: PoolReading | None = None
    accounted: Accounted | None = None
    story: Story | None = None
