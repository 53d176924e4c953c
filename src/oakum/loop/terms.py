"""On what terms a process is asked for its heap: a JVM by its attach socket, Node.js by its inspector, Go over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.model.budget import Budget
from oakum.model.served import Served


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be done to it."""

    inspect: bool | None = None
    """Whether it may be signalled, or asked. None: a person is asked."""

    budget: Budget = field(default_factory=Budget)
    """What that may cost it."""

    served: Served = field(default_factory=Served)
    """Where a Go program serves its profiles."""

    @property
    def served_is_usual(self) -> bool:
        return self.served == Served()
