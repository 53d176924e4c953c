"""On what terms a process is asked for its heap: a JVM by its attach socket, Node.js by its inspector."""

from __future__ import annotations

from dataclasses import dataclass, field

from oakum.model.budget import Budget


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be done to it."""

    inspect: bool | None = None
    """Whether it may be signalled and asked. None: a person is asked."""

    budget: Budget = field(default_factory=Budget)
    """What that may cost it."""
