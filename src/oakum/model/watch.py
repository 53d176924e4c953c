"""What a watch did: whom it followed, what it found, how it looked closer, what it proved, and what it cost itself."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.own_cost import OwnCost
from oakum.model.series import WorkloadSeries
from oakum.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the watch. ``at_s``: UTC epoch seconds."""

    at_s: float
    target: str
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """A closer look that was taken. ``verdict``, ``incident``: "" where it gave none, and then ``failed`` says why.

    ``seconds``: how long it took; ``pause_s``: how long the target stood still in all.
    """

    target: str
    depth: str
    at_s: float
    seconds: float
    pause_s: float
    verdict: str = ""
    incident: str = ""
    headline: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """One series at the end of the watch; ``verdict`` is None where it could not be judged yet."""

    series: WorkloadSeries
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class WatchReport:
    """``followed``: series in all; ``rows``: the worst of them. ``ticks``, ``missed``: of the samples' rhythm.

    ``incidents``: ids of those that the looks became part of.
    """

    source: str
    begun_s: float
    ended_s: float
    interval_s: float
    followed: int
    ticks: int
    missed: int
    judged: int
    rows: tuple[Watched, ...]
    looks: tuple[Look, ...]
    happenings: tuple[Happening, ...]
    own: OwnCost
    stored_bytes: int

    @property
    def incidents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(look.incident for look in self.looks if look.incident))
