"""A program without a runtime whose blocks from malloc grow: by class of object, by size, or by kind of mapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from oakum.model.cause import Cause, CauseName, Example
from oakum.model.layout import MALLOC, Chunked, LayoutGrowth, asked
from oakum.model.units import format_count, format_rate, format_share, format_size

LEAST_BYTES = 1 << 20
PERHAPS, YES = 0.3, 0.6
"""Shares of all growth between the two looks."""

NAMED = 0.5
"""A class of objects, or a size, with this share of what blocks in use gained is named."""

EXAMPLE = Example(
    before="Session* session = new Session(user);\nserve(session);",
    after="auto session = std::make_unique<Session>(user);\nserve(session.get());",
)
ADVICE = (
    "Look for what is made and never freed on the way that makes these: an owner that forgets (new without delete, a"
    " container without erase, Box::leak, Rc in a cycle), or a table without a bound."
)


@dataclass(frozen=True, slots=True)
class Gained:
    """What one kind of blocks in use gained. ``grown``: bytes. ``share``: of all that blocks in use gained."""

    name: str
    count_before: int
    count_after: int
    bytes_after: int
    grown: int
    share: float


def total_grown(growth: LayoutGrowth) -> int:
    return sum(growth.grown(kind) for kind in growth.after.kinds)


def used_grown(growth: LayoutGrowth) -> int | None:
    """None where malloc's chunks were not read twice."""
    if growth.chunks_before is None or growth.chunks_after is None:
        return None
    return growth.chunks_after.used_bytes - growth.chunks_before.used_bytes


def gained(growth: LayoutGrowth) -> int:
    """What the program holds more: blocks in use, with mappings that are not malloc's."""
    own, used = growth.grown(*MALLOC), used_grown(growth)
    if used is None or growth.chunks_before is None or growth.chunks_after is None:
        return own
    kept = growth.chunks_after.free_bytes + growth.chunks_after.lost_bytes
    kept -= growth.chunks_before.free_bytes + growth.chunks_before.lost_bytes
    return min(own, max(used, own - max(0, kept)))


def by_name(growth: LayoutGrowth) -> Gained | None:
    """The class of objects, or the size of blocks, that most of the growth is of."""
    before, after = growth.chunks_before, growth.chunks_after
    used = used_grown(growth)
    if before is None or after is None or used is None or used < LEAST_BYTES:
        return None
    return _object(before, after, used) or _size(before, after, used)


Row = tuple[int, str, int, int]
"""What it is known by in both looks, its name, how many there are, bytes."""


def _object(before: Chunked, after: Chunked, used: int) -> Gained | None:
    def rows(chunks: Chunked) -> list[Row]:
        return [(row.address, f"objects of {row.name}", row.count, row.bytes) for row in chunks.objects]

    return _most(rows(before), rows(after), used)


def _size(before: Chunked, after: Chunked, used: int) -> Gained | None:
    def rows(chunks: Chunked) -> list[Row]:
        return [(row.size, f"blocks of {asked(row.size)} from malloc", row.count, row.bytes) for row in chunks.classes]

    return _most(rows(before), rows(after), used)


def _most(before: Sequence[Row], after: Sequence[Row], used: int) -> Gained | None:
    """The row that gained most, where that is a good part of what blocks in use gained."""
    known = {key: (count, size) for key, _, count, size in before}
    best: Gained | None = None
    for key, name, count, size in after:
        counted, was = known.get(key, (0, 0))
        grown = size - was
        if grown >= NAMED * used and (best is None or grown > best.grown):
            best = Gained(name, counted, count, size, grown, min(1.0, grown / used))
    return best


def look(growth: LayoutGrowth) -> Cause | None:
    total, own = total_grown(growth), gained(growth)
    if not growth.explained or own < LEAST_BYTES or total <= 0:
        return None
    part = min(own / total, 1.0)
    if part < PERHAPS:
        return None
    named = by_name(growth)
    told = 0.8 if part >= YES else 0.5
    if used_grown(growth) is None:
        told /= 2
    return Cause(
        name=CauseName.NATIVE_ALLOCATION,
        confidence=round(told, 2),
        title=_title(growth, named, own),
        holder=named.name if named else "memory from malloc",
        retained_bytes=named.bytes_after if named else growth.after.of(*MALLOC),
        growth_bytes_per_s=own / max(growth.seconds, 1e-9),
        why=tuple(_why(growth, named)),
        against=tuple(_against(growth)),
        advice=ADVICE,
        example=EXAMPLE if named and named.name.startswith("objects") else None,
        evidence=("mappings", "chunks") if growth.chunks_after else ("mappings",),
    )


def _title(growth: LayoutGrowth, named: Gained | None, own: int) -> str:
    if named:
        counts = f"{format_count(named.count_before)} → {format_count(named.count_after)}"
        return f"{named.name} grew: {counts}, now {format_size(named.bytes_after)}"
    before, after = format_size(growth.before.of(*MALLOC)), format_size(growth.after.of(*MALLOC))
    return f"memory from malloc grew: {before} → {after}, {format_size(own)} of it in use"


def reason(growth: LayoutGrowth) -> str:
    own = gained(growth)
    per_s, whole = own / max(growth.seconds, 1e-9), total_grown(growth) / max(growth.seconds, 1e-9)
    share = format_share(min(own / max(total_grown(growth), 1), 1.0))
    return f"what the program holds from malloc grows: {format_rate(per_s)} of {format_rate(whole)}, {share}"


def _why(growth: LayoutGrowth, named: Gained | None) -> list[str]:
    told = [reason(growth)]
    if named:
        told.append(f"{named.name} are {format_share(named.share)} of what blocks in use gained")
    before, after = growth.chunks_before, growth.chunks_after
    if before is not None and after is not None:
        free = format_size(after.free_bytes - before.free_bytes, signed=True)
        told.append(f"it is in use: free blocks between them gained {free} meanwhile, so it is no fragmentation")
    return told


def _against(growth: LayoutGrowth) -> list[str]:
    told = ["a cache that still fills looks the same until it is full"]
    if growth.chunks_after is None or growth.chunks_before is None:
        told.append("its allocator's blocks were not read: what it keeps free is counted here too")
    elif growth.chunks_after.lost_bytes > 0.1 * max(1, growth.chunks_after.used_bytes):
        lost = format_size(growth.chunks_after.lost_bytes)
        told.append(f"{lost} of the heap could not be read: swapped out, or malloc was at work there")
    if growth.after.threads > growth.before.threads:
        told.append(f"threads grew too: {growth.before.threads} → {growth.after.threads}")
    return told
