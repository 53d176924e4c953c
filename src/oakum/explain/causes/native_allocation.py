"""Memory outside the runtime's objects that grows: a library in C that does not give back."""

from __future__ import annotations

from oakum.model.cause import Cause, CauseName, Example
from oakum.model.division import HELD, OUTSIDE, Divided, Part
from oakum.model.units import format_rate, format_share, format_size

LEAST_BYTES = 1 << 20
PERHAPS, YES = 0.3, 0.6
"""Shares of all growth between the two captures."""

HOLDER = "memory outside Python's objects"

EXAMPLE = Example(
    before="frame = codec.decode_new(packet)\nshow(codec.pixels(frame))",
    after="""frame = codec.decode_new(packet)
try:
    show(codec.pixels(frame))
finally:
    codec.decode_free(frame)
""",
)

ADVICE = (
    "Look for what is made in a C library and never closed or freed: handles, documents, sessions, decoders."
    " Who allocates is told by memray with native frames, or by jemalloc's profiler; a pool or a cache of the library"
    " that has a limit stops growing by itself."
)


def share(divided: Divided) -> float:
    """How much of all growth is outside the objects; 0 where that is too little to tell."""
    gained = divided.grown(*OUTSIDE)
    if gained < LEAST_BYTES or divided.total_grown <= 0:
        return 0.0
    return min(gained / divided.total_grown, 1.0)


def look(divided: Divided) -> Cause | None:
    part = share(divided)
    if part < PERHAPS:
        return None
    fit = 0.8 if part >= YES else 0.5
    before, after = (format_size(division.of(*OUTSIDE)) for division in (divided.before, divided.after))
    held = format_size(divided.grown(*HELD), signed=True)
    return Cause(
        name=CauseName.NATIVE_ALLOCATION,
        confidence=fit if divided.after.allocator_read else round(fit / 2, 2),
        title=f"{HOLDER} grew: {before} → {after}",
        holder=HOLDER,
        retained_bytes=divided.after.of(*OUTSIDE),
        growth_bytes_per_s=divided.per_s(*OUTSIDE),
        why=(
            reason(divided),
            f"Python's objects, with the buffers that they own, gained {held} meanwhile",
        ),
        against=_against(divided),
        advice=ADVICE,
        example=EXAMPLE,
        evidence=("memory",),
    )


def reason(divided: Divided) -> str:
    per_s, whole = divided.per_s(*OUTSIDE), divided.total_grown / max(divided.seconds, 1e-9)
    return (
        f"{HOLDER} grows: {format_rate(per_s)} of {format_rate(whole)},"
        f" {format_share(share(divided))} of all that it gained"
    )


def _against(divided: Divided) -> tuple[str, ...]:
    told = ["a pool or a cache inside a library looks the same until it is full"]
    if not divided.after.allocator_read:
        told.append("its allocator is not glibc's, or was met at work: what it keeps free is counted here too")
    elif divided.grown(Part.OTHER) > divided.grown(Part.NATIVE):
        told.append("most of it are mappings of their own: arenas of another allocator, or memory mapped by a library")
    return tuple(told)
