"""Which rollout of a workload its growth began with, where its pods' history tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from oakum.model.units import format_duration, format_rate


@dataclass(frozen=True, slots=True)
class Rollout:
    """``revision``: as its pods' names begin, ``cart-7d9c5b8f4``; ``before``: of those whose place they took.

    ``at_s``: its first sample, UTC epoch seconds. ``began``: the pods before did not grow, and these do; else both do.
    ``seen_s``: how long those before were seen; ``rate_per_s``: how fast they grew, None where they did not.
    ``since``: how many rollouts later were seen too, each of pods that grow or that say nothing.
    """

    revision: str
    before: str
    at_s: float
    began: bool
    seen_s: float
    rate_per_s: float | None = None
    since: int = 0

    def __str__(self) -> str:
        when = f"{datetime.fromtimestamp(self.at_s, UTC):%Y-%m-%d %H:%M:%S}Z"
        seen = format_duration(self.seen_s)
        if self.began:
            more = "" if not self.since else f"; {self.since} rollout{'s' * (self.since > 1)} since did not end it"
            return (
                f"it began with the rollout of {self.revision} at {when}: the pods of {self.before} before it did not"
                f" grow in {seen}{more}"
            )
        pace = "" if self.rate_per_s is None else f", {format_rate(self.rate_per_s)}"
        return (
            f"it is older than the rollout of {self.revision} at {when}: the pods of {self.before} before it grew too"
            f" over {seen}{pace}; going back to them would not end it"
        )

    def facts(self) -> dict[str, object]:
        """Plain values."""
        return {
            "revision": self.revision,
            "before": self.before,
            "at_s": self.at_s,
            "began": self.began,
            "seen_s": self.seen_s,
            "rate_per_s": self.rate_per_s,
            "since": self.since,
        }
