"""How much memory is left: of this machine, and to a cgroup below its limits."""

from __future__ import annotations

from dataclasses import replace

from oakum.model.absent import Absent, AbsentKind
from oakum.model.budget import Budget
from oakum.model.node import Room
from oakum.model.ports import Cgroups, Node
from oakum.model.runtime import Preflight
from oakum.model.units import format_duration, format_size

AFRESH = 1.5
"""What is allowed anew leaves so much for growth: the second copy is larger than the first."""

USED_SHARE = 0.8
"""At most this share of the room that is left is taken."""


def budget_refusal(what: str, pause_s: float, dump_bytes: int, budget: Budget, command: str) -> Absent | None:
    """As ``pause_refusal`` and ``size_refusal``, the first that says no. None where it fits both."""
    return pause_refusal(what, pause_s, budget, command) or size_refusal(what, dump_bytes, budget, command)


def pause_refusal(what: str, pause_s: float, budget: Budget, command: str) -> Absent | None:
    """``pause_s``: for how long it could stop the target; ``command``: without its bounds. None where it fits."""
    if pause_s <= budget.pause_s:
        return None
    could = f"the target could stand still for {format_duration(pause_s)}, and"
    if budget.deadline_s is not None and budget.deadline_s < pause_s:
        why = f"{could} its liveness probe ends it after {format_duration(budget.deadline_s)}"
    else:
        why = f"{could} {format_duration(budget.pause_s)} is the most that was allowed"
    return Absent(what, AbsentKind.TOO_DEAR, why, longer(budget, pause_s, 1.2 * pause_s, command))


def longer(budget: Budget, least_s: float, wish_s: float, command: str) -> str:
    """What allows a pause of ``least_s`` or more, up to ``wish_s``: never more than the liveness probe waits for.

    ``command``: without its bounds. Where the probe is too short, it is the first that has to change.
    """
    wish_s, deadline_s = float(f"{wish_s:.3g}"), budget.deadline_s
    if deadline_s is None:
        return replace(budget, max_pause_s=wish_s).asked(command)
    if budget.pause_s < deadline_s and least_s <= deadline_s:
        return replace(budget, max_pause_s=min(wish_s, deadline_s)).asked(command)
    more = replace(budget, max_pause_s=max(budget.max_pause_s, wish_s), deadline_s=wish_s)
    return f"give its probe more time (timeoutSeconds, failureThreshold); then {more.asked(command)}"


def size_refusal(what: str, dump_bytes: int, budget: Budget, command: str) -> Absent | None:
    """``dump_bytes``: how large it could be; ``command``: without its bounds. None where it fits."""
    if budget.max_bytes is None or dump_bytes <= budget.max_bytes:
        return None
    return Absent(
        what,
        AbsentKind.TOO_DEAR,
        f"it could be of {format_size(dump_bytes)}, and {format_size(budget.max_bytes)} is the most that was allowed",
        replace(budget, max_bytes=(dump_bytes // 2**20 + 1) << 20).asked(command),
    )


def room_refusal(what: str, extra_bytes: int, room: Room | None, *, who: str) -> Absent | None:
    """``extra_bytes``: of memory that ``who`` could take. None where that fits, or where no room is known."""
    if room is None or extra_bytes <= USED_SHARE * room.left_bytes:
        return None
    share = f", of which {USED_SHARE:.0%} may be taken" if extra_bytes <= room.left_bytes else ""
    return Absent(
        what,
        AbsentKind.TOO_DEAR,
        f"{who} could take {format_size(extra_bytes)} more memory, and {format_size(room.left_bytes)} are left below"
        f" {room.boundary}{share}",
        "look earlier in its life, or give it room for the time: a higher limit",
    )


def known_room_refusal(what: str, extra_bytes: int, room: Room | None, *, who: str) -> Absent | None:
    """As ``room_refusal``; where no room is known, that refuses it."""
    if room is not None:
        return room_refusal(what, extra_bytes, room, who=who)
    why = f"{who} could take {format_size(extra_bytes)} more memory, and how much is left there is not known"
    return Absent(what, AbsentKind.TOO_DEAR, why, "the same command on its node, as root")


def carried_refusal(what: str, preflight: Preflight, budget: Budget, command: str) -> Absent | None:
    """Of a copy of memory that crosses a network: it costs the way there, and is torn by what runs on meanwhile.

    ``command``: without its bounds. None where it fits, or crosses none.
    """
    if preflight.carried_bytes_per_s is None:
        return None
    size, takes_s = preflight.bytes_to_read, preflight.takes_s
    if size <= budget.carried_bytes and takes_s <= budget.max_copy_s:
        return None
    larger = max(budget.carried_bytes, (int(AFRESH * size) >> 20) + 1 << 20)
    longer_s = max(budget.max_copy_s, float(f"{AFRESH * takes_s:.2g}"))
    allowed = replace(
        budget,
        max_bytes=larger if size > budget.carried_bytes else budget.max_bytes,
        max_copy_s=longer_s if takes_s > budget.max_copy_s else budget.max_copy_s,
    )
    return Absent(
        what,
        AbsentKind.TOO_DEAR,
        f"{format_size(size)} of its memory would cross the network, in about {format_duration(takes_s)}, twice or"
        f" three times; {format_size(budget.carried_bytes)} in {format_duration(budget.max_copy_s)} each is the most"
        " that was allowed",
        allowed.asked(command),
    )


def available_bytes() -> int | None:
    """Of the machine that Oakum itself runs on, by its kernel's own estimate; None where that does not tell."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return None
    return None


def room_of(cgroup: str, cgroups: Cgroups, node: Node) -> Room | None:
    """The least that any limit over ``cgroup`` leaves, or its machine; None where nothing is known.

    What each limit counts is its own cgroup's: siblings take room too. Page cache that can go does not count.
    """
    rooms = list(node.rooms())
    own = cgroups.memory(cgroup)
    if not isinstance(own, Absent):
        for limit in own.limits:
            counted = own if limit.path == own.path else cgroups.memory(limit.path)
            used = own.working_set_bytes if isinstance(counted, Absent) else counted.working_set_bytes
            rooms.append(Room(max(0, limit.limit_bytes - used), f"the limit of cgroup {limit.path}"))
    return min(rooms, key=lambda room: room.left_bytes, default=None)
