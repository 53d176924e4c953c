"""What the kernel told when memory ran out: who asked for it, whose limit it was, who was there, who was killed."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.process import OomKill

CLOCKS_APART_S = 60.0
"""The stamps of the kernel's log drift from the clock over a long uptime, by less than this, in seconds."""


@dataclass(frozen=True, slots=True)
class OomTask:
    """A row of the kernel's table of candidates. Bytes; ``score_adj``: -1000 is never chosen, 1000 comes first."""

    pid: int
    uid: int
    name: str
    rss_bytes: int
    swap_bytes: int
    score_adj: int
    anon_bytes: int | None = None

    @property
    def held_bytes(self) -> int:
        """What its end gives back, about."""
        return self.rss_bytes + self.swap_bytes


@dataclass(frozen=True, slots=True)
class OomReport:
    """One time that memory ran out. ``at_s``: UTC epoch.

    ``invoker``: who asked for the page that was too much; nobody is guilty by that. ``constraint``: as in OomKill.
    ``limit_cgroup``: whose limit, "" for the machine or where not told; ``usage_bytes``, ``limit_bytes``: its own.
    ``group``: the cgroup that is killed as one (memory.oom.group), "" otherwise. ``kills``: oldest first.
    """

    at_s: float
    invoker: str
    constraint: str
    limit_cgroup: str
    usage_bytes: int | None
    limit_bytes: int | None
    tasks: tuple[OomTask, ...]
    kills: tuple[OomKill, ...]
    group: str = ""

    @property
    def largest(self) -> OomTask | None:
        """The candidate that held most; None where the kernel told no table."""
        return max(self.tasks, key=lambda task: task.held_bytes, default=None)

    @property
    def ancestor(self) -> bool:
        """Whether the limit that was hit stands above the cgroup that the victim lived in."""
        return any(kill.task_cgroup and kill.limit_cgroup not in {"", kill.task_cgroup} for kill in self.kills)


@dataclass(frozen=True, slots=True)
class Blame:
    """``culprit``: the name of who held most, "" where that is not told; ``pids``: one, or several of one name.

    ``killed``: whether only they were killed; None where it cannot be told. ``why``: one line for each fact.
    """

    culprit: str
    pids: tuple[int, ...]
    killed: bool | None
    why: tuple[str, ...]
