"""What a heap gained and no holder holds: how much it is, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator

from oakum.explain.suspicion import TRIFLE_BYTES
from oakum.model.growth import HeapGrowth, RootKind
from oakum.model.units import format_duration, format_size


def _unreached(growth: HeapGrowth) -> int:
    """Bytes that objects gained which no root leads to."""
    return sum(holder.bytes_grown for holder in growth.holders if holder.root is RootKind.UNREACHABLE)


def unheld(growth: HeapGrowth) -> int:
    """Bytes that the heap gained and no holder did: garbage, or what a torn copy leads to no more."""
    held = sum(max(holder.bytes_grown, 0) for holder in growth.holders if holder.root is not RootKind.UNREACHABLE)
    return max(growth.heap_bytes_after - growth.heap_bytes_before, _unreached(growth)) - held


def unreachable(growth: HeapGrowth) -> Iterator[str]:
    """What nothing refers to any more is no cause of its own: it is told all the same."""
    gained = _unreached(growth)
    cycles = growth.cycles
    if cycles is not None and cycles.bytes_grown >= TRIFLE_BYTES:
        told = f"cycles that nothing refers to gained {format_size(cycles.bytes_grown)} in"
        why = f": {cycles.off} keeps the collector from them" if cycles.off else ": they are not collected yet"
        yield f"{told} {format_duration(growth.seconds)}{why}"
    elif gained >= TRIFLE_BYTES:
        told = f"objects that no root leads to gained {format_size(gained)} in {format_duration(growth.seconds)}"
        collects = (
            ": cycles that were not collected, or what only a C extension holds" if growth.language == "Python" else ""
        )
        yield f"{told}{collects}"
