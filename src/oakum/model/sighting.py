"""What a target was like at one moment, and what is different about it at a later one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from oakum.model.units import format_size


@dataclass(frozen=True, slots=True)
class Sighting:
    """``boot`` and ``start_ticks`` with ``pid`` name one process for ever; ``cgroup_inode`` names one cgroup.

    ``cgroup_inode``: None where the cgroup's folder cannot be seen. ``limit_cgroup``: whose limit binds, "" where
    none does; ``limit_bytes``: that limit.
    """

    host: str
    boot: str
    pid: int
    start_ticks: int
    uid: int
    command: tuple[str, ...]
    cgroup: str
    cgroup_inode: int | None
    limit_cgroup: str = ""
    limit_bytes: int | None = None

    def facts(self) -> dict[str, object]:
        """Plain values, ready for JSON."""
        return {**asdict(self), "command": list(self.command)}

    @classmethod
    def of(cls, facts: Mapping[str, object]) -> Sighting:
        """The inverse of ``facts``; what else stands there is left out. Raises KeyError for a fact that is missing."""
        known = {field.name: facts[field.name] for field in fields(cls)}
        command = known["command"]
        assert isinstance(command, list | tuple)
        return cls(**{**known, "command": tuple(map(str, command))})  # type: ignore[arg-type]

    def same_process(self, other: Sighting) -> bool:
        return (self.host, self.boot, self.pid, self.start_ticks) == (
            other.host,
            other.boot,
            other.pid,
            other.start_ticks,
        )


def differences(then: Sighting, now: Sighting) -> tuple[str, ...]:
    """What changed, one line each; empty when all that a plan rests on still holds."""
    if then.host != now.host:
        return (f"the plan was made on {then.host}, this is {now.host}",)
    if then.boot != now.boot:
        return ("the machine was restarted",)
    if not then.same_process(now):
        return (f"pid {then.pid} is another process now: {' '.join(now.command)[:80]}",)
    told = []
    if then.command != now.command:
        told.append(f"its command changed from {' '.join(then.command)[:80]!r} to {' '.join(now.command)[:80]!r}")
    if then.uid != now.uid:
        told.append(f"its user changed from uid {then.uid} to uid {now.uid}")
    if then.cgroup != now.cgroup:
        told.append(f"it moved from cgroup {then.cgroup} to {now.cgroup}")
    elif then.cgroup_inode != now.cgroup_inode:
        told.append(f"cgroup {then.cgroup} was removed and made again")
    if (then.limit_cgroup, then.limit_bytes) != (now.limit_cgroup, now.limit_bytes):
        told.append(f"its memory limit changed from {_limit(then)} to {_limit(now)}")
    return tuple(told)


def _limit(sighting: Sighting) -> str:
    if sighting.limit_bytes is None:
        return "none"
    return f"{format_size(sighting.limit_bytes)} (of {sighting.limit_cgroup})"
