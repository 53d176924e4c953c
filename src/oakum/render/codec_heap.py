"""``oakum.heap/1``, ``oakum.heapdiff/1`` and ``oakum.heappaths/1``."""

from __future__ import annotations

from oakum.model.growth import PathStep
from oakum.model.heap import Block, HeapDiff, HeapPaths, HeapReport, MemoryUse, Suspect, Tally
from oakum.render.codec_growth import line_to_json, place_to_json
from oakum.render.codec_number import texts
from oakum.render.names import encodable

SCHEMA = "oakum.heap/1"
DIFF_SCHEMA = "oakum.heapdiff/1"
PATHS_SCHEMA = "oakum.heappaths/1"


def heap_to_json(report: HeapReport) -> dict[str, object]:
    """Classes by retained bytes, suspects by rank. ``reachable`` and ``unreachable`` add up to the totals."""
    return {
        "schema": SCHEMA,
        "file": encodable(report.file),
        "format": report.format,
        "runtime": encodable(report.runtime),
        "objects": report.total.objects,
        "references": report.references,
        "shallow_bytes": report.total.bytes,
        "reachable": _tally(report.reachable),
        "unreachable": _tally(report.unreachable),
        "reach_known": report.reach_known,
        "loosely_held": _tally(report.loose),
        "classes": [
            {
                "name": encodable(row.name),
                "count": row.count,
                "shallow_bytes": row.shallow_bytes,
                "retained_bytes": row.retained_bytes,
            }
            for row in report.classes
        ],
        "suspects": [
            {**suspect_to_json(suspect), **({"growth": list(suspect.growth)} if suspect.growth else {})}
            for suspect in report.suspects
        ],
        "biggest": [
            {
                "name": encodable(row.name),
                "held_by": encodable(row.held) or None,
                "shallow_bytes": row.shallow_bytes,
                "retained_bytes": row.retained_bytes,
                "id": row.id,
            }
            for row in report.biggest
        ],
        "waste": [
            {
                "what": row.what,
                "name": encodable(row.name),
                "count": row.count,
                "wasted_bytes": row.wasted_bytes,
                "note": encodable(row.note),
            }
            for row in report.waste
        ],
        "tree": _block(report.tree),
        "baseline": None
        if report.baseline_reachable is None
        else {"file": encodable(report.baseline), "reachable": _tally(report.baseline_reachable)},
        "partial": report.partial,
        "warnings": texts(report.warnings),
        "memory": _memory(report.memory),
    }


def _memory(used: MemoryUse | None) -> dict[str, object] | None:
    if used is None:
        return None
    return {
        "promised_bytes": used.promised_bytes,
        "peak_bytes": used.peak_bytes,
        "scratch_bytes": used.scratch_bytes,
    }


def heap_diff_to_json(diff: HeapDiff) -> dict[str, object]:
    """Lists of numbers are in the order of ``files``. Suspects by rank, each with its ``growth``."""
    return {
        "schema": DIFF_SCHEMA,
        "files": texts(diff.files),
        "format": diff.format,
        "runtime": encodable(diff.runtime),
        "reachable": [_tally(tally) for tally in diff.reachable],
        "unreachable": [_tally(tally) for tally in diff.unreachable],
        "grown": [
            {"name": encodable(row.name), "count": list(row.counts), "retained_bytes": list(row.retained_bytes)}
            for row in diff.grown
        ],
        "lines": [line_to_json(row) for row in diff.lines],
        "suspects": [{**suspect_to_json(suspect), "growth": list(suspect.growth)} for suspect in diff.suspects],
        "partial": diff.partial,
        "warnings": texts(diff.warnings),
        "memory": _memory(diff.memory),
    }


def heap_paths_to_json(paths: HeapPaths) -> dict[str, object]:
    """``groups``: how many of the ``looked_at`` objects are held in one way, most first."""
    return {
        "schema": PATHS_SCHEMA,
        "file": encodable(paths.file),
        "format": paths.format,
        "class": encodable(paths.name),
        "object": paths.object_id or None,
        "count": paths.objects.objects,
        "shallow_bytes": paths.objects.bytes,
        "retained_bytes": paths.retained_bytes,
        "held_by": [
            {
                "name": encodable(row.name),
                "holders": row.holders,
                "count": row.dominated,
                "shallow_bytes": row.shallow_bytes,
                "retained_bytes": row.retained_bytes,
            }
            for row in paths.held_by
        ],
        "looked_at": paths.looked_at,
        "ways": paths.ways,
        "groups": [{"count": group.count, "path": _path(group.path)} for group in paths.groups],
        "largest": {
            "id": paths.largest_id,
            "retained_bytes": paths.largest_bytes,
            "paths": [_path(path) for path in paths.largest],
        },
        "partial": paths.partial,
        "warnings": texts(paths.warnings),
    }


def _path(path: tuple[PathStep, ...]) -> list[dict[str, str]]:
    return [{"node": encodable(step.node), "via": encodable(step.via)} for step in path]


def suspect_to_json(suspect: Suspect) -> dict[str, object]:
    return {
        "rank": suspect.rank,
        "cause": suspect.cause.value,
        "title": encodable(suspect.title),
        "holder": encodable(suspect.holder),
        "retained_bytes": suspect.retained_bytes,
        "share": round(suspect.share, 6),
        "count": suspect.count,
        "item_type": encodable(suspect.item_type),
        "path": _path(suspect.path),
        "places": [place_to_json(place) for place in suspect.places],
        "advice": encodable(suspect.advice),
        "confidence": suspect.confidence,
    }


def _tally(tally: Tally) -> dict[str, object]:
    return {"objects": tally.objects, "bytes": tally.bytes}


def _block(block: Block) -> dict[str, object]:
    return {
        "name": encodable(block.name),
        "retained_bytes": block.retained_bytes,
        "below": [_block(below) for below in block.below],
    }
