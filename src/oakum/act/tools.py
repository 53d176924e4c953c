"""What a deed may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from oakum.model.collection import Collected
from oakum.model.hands import Hands
from oakum.model.policy import Policy
from oakum.model.ports import Cgroups, Clock, Processes
from oakum.model.sighting import Sighting

Data: TypeAlias = Mapping[str, object]
"""Undo data: plain values, ready for JSON."""

KeepIt: TypeAlias = Callable[[Sighting], str]
"""Keeps the evidence of a target; tells what was kept. Raises OakumError."""


CollectIt: TypeAlias = Callable[[Sighting], Collected]
"""Asks a target for a full collection, through its inspector. Raises OakumError."""


@dataclass(frozen=True, slots=True)
class Tools:
    """``may_kill``: whether SIGKILL was approved by name. ``mark``: names this step of this plan."""

    hands: Hands
    processes: Processes
    cgroups: Cgroups
    clock: Clock
    policy: Policy
    keep_evidence: KeepIt
    collect: CollectIt
    seen: Sighting
    mark: str
    may_kill: bool = False

    def pause(self, seconds: float) -> None:
        self.clock.sleep_until(self.clock.monotonic_s() + seconds)

    def ended_within(self, seconds: float) -> bool:
        """Whether the target has ended, waiting for at most so long."""
        end_s = self.clock.monotonic_s() + seconds
        while self.hands.sightings.runs(self.seen.pid, self.seen.start_ticks):
            if self.clock.monotonic_s() >= end_s:
                return False
            self.pause(LOOKED_EVERY_S)
        return True


LOOKED_EVERY_S = 0.05
"""How often a process is looked at while something is waited for, in seconds."""


@dataclass(frozen=True, slots=True)
class Done:
    """``outcome``: one line for a person. ``data``: undo data as it is now known."""

    outcome: str
    data: Data
