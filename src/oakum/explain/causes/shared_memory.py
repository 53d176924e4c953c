"""Shared memory that grows: tmpfs, memfd, System V. It is charged to the container, and no malloc holds it."""

from __future__ import annotations

from oakum.model.cause import Cause, CauseName
from oakum.model.layout import LayoutGrowth, MappingKind
from oakum.model.units import format_size

LEAST_BYTES = 8 << 20


def look(growth: LayoutGrowth) -> Cause | None:
    gained = growth.grown(MappingKind.SHARED)
    if gained < LEAST_BYTES:
        return None
    known = dict(growth.before.shared_names)
    name = max(growth.after.shared_names, key=lambda row: row[1] - known.get(row[0], 0), default=("", 0))[0]
    before, after = growth.before.of(MappingKind.SHARED), growth.after.of(MappingKind.SHARED)
    return Cause(
        name=CauseName.PAGE_CACHE,
        confidence=0.6,
        title=f"shared memory grew: {format_size(before)} → {format_size(after)}",
        holder=name or "shared memory",
        retained_bytes=after,
        growth_bytes_per_s=growth.per_s(MappingKind.SHARED),
        why=(
            f"{name or 'shared memory'} has {format_size(dict(growth.after.shared_names).get(name, after))} by now",
            "it lives in tmpfs: the container is charged for it, and only who removes it gives it back",
        ),
        against=("a buffer that is written to for the first time grows once, up to its size",),
        advice="Bound it (size= of the tmpfs, a ring of fixed length), and unlink or ftruncate what is done with.",
        evidence=("mappings",),
    )
