"""Who starts a process again when it ends, and so who has to be asked to restart it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SupervisorKind(StrEnum):
    """Whom a process belongs to."""

    SYSTEMD = "systemd"
    SUPERVISORD = "supervisord"
    MASTER = "master"
    """A program that keeps a pool of workers and puts another in the place of one that ends."""
    CONTAINER = "container"
    SHELL = "shell"
    NONE = "none"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """``name``: the unit or program as the supervisor calls it. ``pid``: the supervisor's, 0 where it has none.

    ``config``: the file that the supervisor was started with, "" for its default.
    ``control``: the program that speaks to it.
    ``left_alone``: why Oakum does not restart what it holds, "" where it does; ``instead``: what a person can do.
    """

    kind: SupervisorKind
    name: str = ""
    pid: int = 0
    config: str = ""
    control: str = ""
    left_alone: str = ""
    instead: str = ""

    def __str__(self) -> str:
        if self.kind is SupervisorKind.NONE:
            return "nobody: it was started by hand, or what started it is gone"
        return f"{self.kind.value} {self.name}".strip()
