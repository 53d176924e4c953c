"""What an investigation gathers on its way: evidence, and what is absent."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.model.absent import Absent
from oakum.model.evidence import Cost, Evidence
from oakum.model.ports import Clock


class Facts:
    """A growing list of each; every fact is stamped when it is added."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.evidence: list[Evidence] = []
        self.absent: list[Absent] = []

    def add(
        self, kind: str, title: str, origin: str, *, cost: Cost | None = None, facts: Mapping[str, object] | None = None
    ) -> str:
        """Its id: ``kind``; a second one of a kind is numbered."""
        seen = sum(evidence.id.partition("-")[0] == kind for evidence in self.evidence)
        name = kind if not seen else f"{kind}-{seen + 1}"
        self.evidence.append(Evidence(name, title, origin, self.clock.now_s(), cost or Cost(), facts or {}))
        return name

    def miss(self, absent: Absent) -> None:
        if absent not in self.absent:
            self.absent.append(absent)
