"""What grew in a heap, for ``oakum.investigation/1``."""

from __future__ import annotations

from oakum.model.cause import CodePlace
from oakum.model.growth import HeapGrowth, HolderGrowth, LineGrowth, PathStep, TypeGrowth
from oakum.render.codec_number import finite, texts
from oakum.render.names import encodable


def growth_to_json(growth: HeapGrowth) -> dict[str, object]:
    """Types and holders in the order they were given: most grown first. Pairs are [before, after]."""
    return {
        "seconds": finite(growth.seconds),
        "objects": [growth.objects_before, growth.objects_after],
        "heap_bytes": [growth.heap_bytes_before, growth.heap_bytes_after],
        "types": [_type(grown) for grown in growth.types],
        "lines": [line_to_json(row) for row in growth.lines],
        "holders": [_holder(holder) for holder in growth.holders],
        "warnings": texts(growth.warnings),
    }


def line_to_json(row: LineGrowth) -> dict[str, object]:
    return {
        "name": encodable(row.name),
        "file": encodable(row.place.file),
        "line": row.place.line or None,
        "count": list(row.counts),
        "shallow_bytes": list(row.shallow_bytes),
    }


def place_to_json(place: CodePlace) -> dict[str, object]:
    return {
        "file": encodable(place.file),
        "line": place.line or None,
        "function": encodable(place.function),
        "source": encodable(place.source),
    }


def _type(grown: TypeGrowth) -> dict[str, object]:
    return {
        "name": encodable(grown.name),
        "count": [grown.count_before, grown.count_after],
        "shallow_bytes": [grown.bytes_before, grown.bytes_after],
    }


def _holder(holder: HolderGrowth) -> dict[str, object]:
    bound = holder.bound
    return {
        "name": encodable(holder.name),
        "kind": encodable(holder.kind),
        "root": holder.root.value,
        "owner_type": encodable(holder.owner_type),
        "attribute": encodable(holder.attribute),
        "module": encodable(holder.module),
        "item_type": encodable(holder.item_type),
        "counted": holder.counted,
        "items": [holder.items_before, holder.items_after],
        "seconds": finite(holder.seconds) if holder.seconds else None,
        "retained_bytes": [holder.bytes_before, holder.bytes_after],
        "evicted_items": holder.evicted_items,
        "bound": None if bound is None else {"limit_items": bound.limit_items, "where": encodable(bound.where)},
        "defined": None if holder.defined is None else place_to_json(holder.defined),
        "path": [_step(step) for step in holder.path],
    }


def _step(step: PathStep) -> dict[str, object]:
    return {
        "node": encodable(step.node),
        "via": encodable(step.via),
        "address": f"{step.address:#x}" if step.address else None,
    }
