"""A container that dies within seconds of each start, over and over: what is known of its lives."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.absent import Absent
from oakum.model.cluster_pod import Container, Pod
from oakum.model.kill import Ended, Kill


@dataclass(frozen=True, slots=True)
class Life:
    """One run as it was sampled. ``whole``: from its first seconds until its death.

    ``lasted_s``: from the first sample to the last. ``early_share``: of all that it gained, what the first third did.
    """

    lasted_s: float
    first_bytes: float
    last_bytes: float
    rate_per_s: float
    early_share: float
    whole: bool


@dataclass(frozen=True, slots=True)
class CrashLoop:
    """``ends``, ``kills``: oldest first. ``log``: the last lines of the run before, None where none were asked for."""

    pod: Pod
    container: Container
    ends: tuple[Ended, ...]
    kills: tuple[Kill, ...]
    log: str | Absent | None = None

    @property
    def name(self) -> str:
        return f"{self.pod.name}/{self.container.name}"
