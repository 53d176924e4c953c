"""A program without a runtime whose blocks from malloc grow: by class of object, by size, or by kind of mapping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from oakum.model.cause import Cause, CauseName, Example
from oakum.model.layout import MALLOC, UNNAMED, Chunked, LayoutGrowth, MappingKind, ObjectKind, SizeClass, asked
from oakum.model.units import format_count, format_duration, format_rate, format_share, format_size

Row = TypeVar("Row", SizeClass, ObjectKind)

LEAST_BYTES = 1 << 20
PERHAPS, YES = 0.3, 0.6
"""Shares of all growth between the two looks."""

STOOD, LEAST_SAMPLED = 0.9, 20
"""What grows is not freed again where so many of the blocks that were there before stand unchanged."""

CONSIDERABLE = 0.1
"""What grows gained this share of what there was: of less, that which was there long before tells nothing."""

LEAST_MAPPED = 4 << 20
ANEW = (0.8, 3.0)
"""Of mappings, address space grew by so many times what was touched; else memory that was mapped before is filled."""

IN_STEP, LEAST_TOGETHER = (0.8, 1.25), 50
"""So many objects of a class came for each block of a size, and at least so many blocks."""

NAMED = 0.5
"""A class of objects, or a size, with this share of what blocks in use gained is named."""

EXAMPLE = Example(
    before="Session* session = new Session(user);\nserve(session);",
    after="auto session = std::make_unique<Session>(user);\nserve(session.get());",
)
MAPPINGS = "anonymous mappings outside of malloc"
MAPPINGS_ADVICE = (
    "Look for mmap without munmap on some way out, for an allocator of its own that the program has, and for buffers"
    " that a library maps; strace -f -e trace=mmap,munmap on a canary counts both, with their sizes."
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
    stood: tuple[int, int] = (0, 0)
    """Of blocks of it that were sampled at the first look: how many stood unchanged at the second, of how many."""


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
    size = _size(before, after, used)
    return _object(before, after, used) or (size and _with_objects(before, after, size)) or size


def _object(before: Chunked, after: Chunked, used: int) -> Gained | None:
    known = {row.address: row for row in before.objects}
    pairs = [(known.get(row.address), row) for row in after.objects]
    return _most(before, after, used, pairs, lambda row: f"objects of {row.name}")


def _size(before: Chunked, after: Chunked, used: int) -> Gained | None:
    known = {row.size: row for row in before.classes}
    pairs = [(known.get(row.size), row) for row in after.classes]
    return _most(before, after, used, pairs, lambda row: f"blocks of {asked(row.size)} from malloc")


def _most(
    before: Chunked, after: Chunked, used: int, pairs: Sequence[tuple[Row | None, Row]], name: Callable[[Row], str]
) -> Gained | None:
    """The row that gained most, where that is a good part of what blocks in use gained. ``pairs``: before, and now."""
    best: Gained | None = None
    for was, row in pairs:
        grown = row.bytes - (was.bytes if was else 0)
        if grown >= NAMED * used and (best is None or grown > best.grown):
            counted, share = was.count if was else 0, min(1.0, grown / used)
            best = Gained(name(row), counted, row.count, row.bytes, grown, share, _stood(before, after, row))
    return best


def _with_objects(before: Chunked, after: Chunked, size: Gained) -> Gained | None:
    """Blocks of which one came with each new object of a class: most of what it has is in a buffer of its own."""
    more = size.count_after - size.count_before
    for row in after.objects:
        was = next((known.count for known in before.objects if known.address == row.address), 0)
        if more >= LEAST_TOGETHER and IN_STEP[0] * more <= row.count - was <= IN_STEP[1] * more:
            return replace(size, name=f"objects of {row.name}, each with {size.name.replace('blocks', 'a block', 1)}")
    return None


def _stood(before: Chunked, after: Chunked, row: SizeClass | ObjectKind) -> tuple[int, int]:
    if before.sample is None or after.sample is None:
        return 0, 0
    if isinstance(row, SizeClass):
        return before.sample.stood(after.sample, size=row.size)
    told = before.sample.stood(after.sample, first=row.address)
    # What is told by a pointer beside its table does not begin with it.
    return told if told[1] else before.sample.stood(after.sample, size=round(row.bytes / max(row.count, 1)))


def stays(growth: LayoutGrowth) -> str:
    """Why what grows is kept: none of it was freed or changed meanwhile. "" where that is not known, or not so."""
    named = by_name(growth)
    if named is None and mapped(growth):
        gone = growth.unmapped()
        if gone is None or gone > 1 - STOOD or growth.before.of(MappingKind.BLOCKS) < LEAST_MAPPED:
            return ""
        if not _anew(growth):
            return ""
        return f"of what was mapped before {format_share(1 - gone)} is mapped still"
    if named is None or used_grown(growth) is None or named.share < YES or gained(growth) < YES * total_grown(growth):
        return ""
    if named.count_after - named.count_before < CONSIDERABLE * named.count_before:
        return ""
    same, sampled = named.stood
    if sampled < LEAST_SAMPLED or same < STOOD * sampled:
        return ""
    return (
        f"{format_count(same)} of {format_count(sampled)} of them that were looked at {format_duration(growth.seconds)}"
        " apart stand where they stood, with what they held: they are not freed again"
    )


def _anew(growth: LayoutGrowth) -> bool:
    """Whether it is new mappings that grow, by a considerable part of those that there were."""
    was = growth.before.use(MappingKind.BLOCKS).size_bytes
    more, touched = growth.after.use(MappingKind.BLOCKS).size_bytes - was, growth.grown(MappingKind.BLOCKS)
    return ANEW[0] * touched <= more <= ANEW[1] * touched and more >= CONSIDERABLE * was


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
        holder=named.name if named else MAPPINGS if mapped(growth) else "memory from malloc",
        retained_bytes=named.bytes_after if named else growth.after.of(*MALLOC),
        growth_bytes_per_s=own / max(growth.seconds, 1e-9),
        why=tuple(_why(growth, named)),
        against=tuple(_against(growth, named)),
        advice=MAPPINGS_ADVICE if named is None and mapped(growth) else ADVICE,
        example=EXAMPLE if named and named.name.startswith("objects") else None,
        evidence=("mappings", "chunks") if growth.chunks_after else ("mappings",),
    )


def mapped(growth: LayoutGrowth) -> bool:
    """Whether most of the growth is in anonymous mappings that malloc did not make."""
    used, own = used_grown(growth), growth.grown(*MALLOC)
    return used is not None and own - used >= NAMED * own and growth.grown(MappingKind.BLOCKS) >= NAMED * own


def _title(growth: LayoutGrowth, named: Gained | None, own: int) -> str:
    if named is None and mapped(growth):
        sizes = (format_size(look.of(MappingKind.BLOCKS)) for look in (growth.before, growth.after))
        return f"{MAPPINGS} grew: {' → '.join(sizes)}"
    if named:
        counts = f"{format_count(named.count_before)} → {format_count(named.count_after)}"
        return f"{named.name} grew: {counts}, now {format_size(named.bytes_after)}"
    before, after = format_size(growth.before.of(*MALLOC)), format_size(growth.after.of(*MALLOC))
    return f"memory from malloc grew: {before} → {after}, {format_size(own)} of it in use"


def reason(growth: LayoutGrowth) -> str:
    own = gained(growth)
    what = MAPPINGS if by_name(growth) is None and mapped(growth) else "what the program holds from malloc"
    per_s, whole = own / max(growth.seconds, 1e-9), total_grown(growth) / max(growth.seconds, 1e-9)
    share = format_share(min(own / max(total_grown(growth), 1), 1.0))
    return f"{what} grows: {format_rate(per_s)} of {format_rate(whole)}, {share}"


def _why(growth: LayoutGrowth, named: Gained | None) -> list[str]:
    told = [reason(growth)]
    if named:
        told.append(f"{named.name} are {format_share(named.share)} of what blocks in use gained")
    kept = stays(growth)
    if kept:
        told.append(kept)
    if named is None and mapped(growth):
        return [*told, f"blocks of malloc gained {format_size(used_grown(growth) or 0, signed=True)} meanwhile"]
    before, after = growth.chunks_before, growth.chunks_after
    if before is not None and after is not None:
        free = after.free_bytes - before.free_bytes
        course = f"{'gained' if free > 0 else 'lost'} {format_size(abs(free))}" if free else "are as many"
        told.append(f"it is in use: free blocks between them {course} meanwhile, so it is no fragmentation")
    return told


def _against(growth: LayoutGrowth, named: Gained | None) -> list[str]:
    told = ["a cache that still fills looks the same until it is full"]
    if growth.chunks_after is None or growth.chunks_before is None:
        told.append("its allocator's blocks were not read: what it keeps free is counted here too")
    elif growth.chunks_after.lost_bytes > 0.1 * max(1, growth.chunks_after.used_bytes):
        lost = format_size(growth.chunks_after.lost_bytes)
        told.append(f"{lost} of the heap could not be read: swapped out, or malloc was at work there")
    if named and UNNAMED in named.name:
        told.append("its symbols were stripped: the build that has them names the type, by that place")
    if growth.after.threads > growth.before.threads:
        told.append(f"threads grew too: {growth.before.threads} → {growth.after.threads}")
    return told
