"""The story of one investigation: plain sentences, each with the evidence that it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence. ``evidence``: ids; never empty where there is any evidence at all."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """``lead``: what the headline rests on, which every face puts in front. ``told``: the paragraph after it.

    ``proof``: what speaks for it; ``against``: what speaks against it, and what conflicts.
    ``next``: what to fetch so that the answer becomes firmer, as it can be typed or done; empty where nothing is open.
    """

    lead: tuple[str, ...]
    told: tuple[Claim, ...]
    proof: tuple[Claim, ...] = ()
    against: tuple[Claim, ...] = ()
    next: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accounted:
    """How much of the measured growth the causes explain, in bytes per second."""

    rate_bytes_per_s: float
    explained_bytes_per_s: float

    @property
    def unexplained_bytes_per_s(self) -> float:
        return max(0.0, self.rate_bytes_per_s - self.explained_bytes_per_s)

    @property
    def share(self) -> float:
        """0..1."""
        return min(1.0, self.explained_bytes_per_s / self.rate_bytes_per_s)
