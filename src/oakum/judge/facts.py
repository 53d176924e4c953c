"""What a verdict's words need beside its figures."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.series import MOST, Ending, Metric, Series, Unit, WorkloadSeries

LEAST_LIMIT = 1e-6
"""In bytes or percent: a limit below this, as one of zero, is how some write that there is none."""


@dataclass(frozen=True, slots=True)
class Life:
    """One lifetime in short. Times are UTC epoch seconds, values in the unit of the series.

    ``killed``: for its memory. ``limit``: in force at its last sample, +inf for none. ``first_value``: NaN in what was
    saved before it was kept.
    """

    born_s: float
    first_s: float
    last_s: float
    last_value: float
    highest: float
    limit: float
    samples: int
    killed: bool
    first_value: float = float("nan")

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
        """The limit in force, None where there is none, as for ``binds``. Percent end at 100 if they stayed."""
        if not self.lives:
            return None
        last = self.lives[-1]
        if binds(last.limit):
            return last.limit
        return 100.0 if self.unit == "percent" and last.highest <= 100 else None

    @property
    def boundary(self) -> tuple[str, float]:
        """What a forecast runs to: its name, and +inf where there is none."""
        if self.limit is not None:
            return "limit", self.limit
        return "node", self.node_limit if self.node_limit is not None and binds(self.node_limit) else float("inf")

    @property
    def just_killed(self) -> bool:
        """Whether the present lifetime follows one that was killed for its memory."""
        return len(self.lives) > 1 and self.lives[-2].killed

    @property
    def kills(self) -> tuple[float, ...]:
        """The level just before each kill."""
        return tuple(life.last_value for life in self.lives if life.killed)


def binds(limit: float) -> bool:
    """Whether it is one at all: zero, NaN, infinity and the largest numbers that a kernel can write are none."""
    return LEAST_LIMIT < limit < MOST


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
        float(lifetime.value[0]),
    )
