"""What a verdict's words need beside its figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.model.series import Ending, Metric, Series, Unit, WorkloadSeries


@dataclass(frozen=True, slots=True)
class Life:
    """One lifetime in short. Times are UTC epoch seconds, values in the unit of the series.

    ``killed``: for its memory. ``limit``: in force at its last sample, +inf for none.
    """

    born_s: float
    first_s: float
    last_s: float
    last_value: float
    highest: float
    limit: float
    samples: int
    killed: bool

    @property
    def lived_s(self) -> float:
        return self.last_s - self.born_s


@dataclass(frozen=True, slots=True)
class Facts:
    """``lives``: those that hold samples, in order."""

    unit: Unit
    metric: Metric
    node_limit: float | None
    lives: tuple[Life, ...]

    @property
    def samples(self) -> int:
        return sum(life.samples for life in self.lives)

    @property
    def limit(self) -> float | None:
        """The limit in force, None where there is none; a limit of zero is none. Percent end at 100 if they stayed."""
        if not self.lives:
            return None
        last = self.lives[-1]
        if np.isfinite(last.limit) and last.limit > 0:
            return last.limit
        return 100.0 if self.unit == "percent" and last.highest <= 100 else None

    @property
    def boundary(self) -> tuple[str, float]:
        """What a forecast runs to: its name, and +inf where there is none."""
        if self.limit is not None:
            return "limit", self.limit
        return "node", self.node_limit if self.node_limit is not None and self.node_limit > 0 else float("inf")

    @property
    def kills(self) -> tuple[float, ...]:
        """The level just before each kill."""
        return tuple(life.last_value for life in self.lives if life.killed)


def facts_of(workload: WorkloadSeries) -> Facts:
    lives = tuple(life_of(lifetime) for lifetime in workload.lifetimes if len(lifetime))
    return Facts(workload.unit, workload.metric, workload.node_limit, lives)


def life_of(lifetime: Series) -> Life:
    """Of a lifetime with at least one sample."""
    first_s = float(lifetime.at_s[0])
    limited = lifetime.limit is not None and lifetime.limit.size > 0
    return Life(
        first_s if lifetime.started_s is None else min(lifetime.started_s, first_s),
        first_s,
        float(lifetime.at_s[-1]),
        float(lifetime.value[-1]),
        float(lifetime.value.max()),
        float(lifetime.limit[-1]) if limited and lifetime.limit is not None else float("inf"),
        len(lifetime),
        lifetime.ending is Ending.OOM_KILLED,
    )
