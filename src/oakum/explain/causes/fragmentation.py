"""Memory that allocators keep although nobody uses it: high, and no leak."""

from __future__ import annotations

from oakum.model.cause import Cause, CauseName, Example
from oakum.model.division import FREE, Divided, Part
from oakum.model.units import format_count, format_share, format_size

LEAST_BYTES = 32 << 20
PERHAPS, YES = 0.3, 0.5
"""Shares of all memory at the second capture."""

GROWN = 0.6
"""Where this share of all growth is free memory, it is what grows."""

MANY_ARENAS = 4
HOLDER = "free memory that its allocators keep"

ADVICE = "No leak: its height is that of the largest piece of work. Work in smaller pieces, or in a process that ends."

EXAMPLE = Example(
    before="rows = load_everything()\nreport = summarise(rows)",
    after="""from concurrent.futures import ProcessPoolExecutor

with ProcessPoolExecutor(1) as apart:
    report = apart.submit(summarise_everything).result()
""",
)


def grows(divided: Divided) -> bool:
    """Whether what the process gained is memory that nobody uses."""
    gained = divided.grown(*FREE)
    return gained >= 1 << 20 and gained >= GROWN * divided.total_grown


def look(divided: Divided) -> Cause | None:
    free, total = divided.after.of(*FREE), divided.after.total_bytes
    part = free / total if total else 0.0
    if free < LEAST_BYTES or part < PERHAPS:
        return None
    return Cause(
        name=CauseName.FRAGMENTATION,
        confidence=0.85 if part >= YES else 0.5,
        title=f"{format_size(free)} of {format_size(total)} are free memory that its allocators keep: no leak",
        holder=HOLDER,
        retained_bytes=free,
        growth_bytes_per_s=max(divided.per_s(*FREE), 0.0),
        why=(reason(divided), "it was used once: what is used now fits in again, and more is asked for only beyond it"),
        advice=_advice(divided),
        example=EXAMPLE,
        evidence=("memory",),
    )


def reason(divided: Divided) -> str:
    after = divided.after
    own, native = after.of(Part.OBJECTS_FREE), after.of(Part.NATIVE_FREE)
    return (
        f"its allocators keep {format_size(own + native)} ({format_share((own + native) / max(after.total_bytes, 1))})"
        f" that nobody uses: {format_size(own)} in {format_count(after.arenas)} arenas of CPython,"
        f" {format_size(native)} in malloc"
    )


def _advice(divided: Divided) -> str:
    after = divided.after
    told = ADVICE
    if after.of(Part.NATIVE_FREE) >= after.of(Part.OBJECTS_FREE):
        told += " What malloc keeps goes back by malloc_trim(0) (ctypes.CDLL(None).malloc_trim(0)), or with jemalloc."
    if after.native_arenas >= MANY_ARENAS:
        told += f" malloc has {after.native_arenas + 1} arenas, one per busy thread: MALLOC_ARENA_MAX=2 bounds them."
    return told
