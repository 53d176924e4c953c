"""How much memory is left: of this machine, and to a cgroup below its limits."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.absent import Absent, AbsentKind
from oakum.model.ports import Cgroups
from oakum.model.units import format_duration

USED_SHARE = 0.8
"""At most this share of the room that is left is taken."""


@dataclass(frozen=True, slots=True)
class Room:
    """``left_bytes`` can be taken before ``boundary`` (in words) is reached."""

    left_bytes: int
    boundary: str


def pause_refusal(what: str, pause_s: float, max_pause_s: float, command: str) -> Absent | None:
    """``pause_s``: for how long it could stop the target; ``command``: that would allow it. None where it fits."""
    if pause_s <= max_pause_s:
        return None
    longer = format_duration(pause_s * 1.2).replace(" ", "")
    return Absent(
        what,
        AbsentKind.TOO_DEAR,
        f"the target could stand still for {format_duration(pause_s)}, and {format_duration(max_pause_s)}"
        " is the most that was allowed",
        f"{command} --max-pause {longer}",
    )


def available_bytes() -> int | None:
    """Of this machine, by the kernel's own estimate; None where it does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return None
    return None


def room_of(cgroup: str, cgroups: Cgroups, machine_bytes: int | None) -> Room | None:
    """The least that any limit over ``cgroup`` leaves, or the machine; None where nothing is known.

    What each limit counts is its own cgroup's: siblings take room too. Page cache that can go does not count.
    """
    rooms = [] if machine_bytes is None else [Room(machine_bytes, "this machine's memory")]
    own = cgroups.memory(cgroup)
    if not isinstance(own, Absent):
        for limit in own.limits:
            counted = own if limit.path == own.path else cgroups.memory(limit.path)
            used = own.working_set_bytes if isinstance(counted, Absent) else counted.working_set_bytes
            rooms.append(Room(max(0, limit.limit_bytes - used), f"the limit of cgroup {limit.path}"))
    return min(rooms, key=lambda room: room.left_bytes, default=None)
