"""``oakum.histogram/1``."""

from __future__ import annotations

from oakum.model.histogram import ClassHistogram
from oakum.render.codec_number import finite
from oakum.render.names import encodable


def histogram_to_json(histogram: ClassHistogram) -> dict[str, object]:
    return {
        "schema": "oakum.histogram/1",
        "target": encodable(histogram.target),
        "pid": histogram.pid,
        "runtime": encodable(histogram.runtime),
        "taken_at": finite(histogram.at_s),
        "cost": {"pause_s": finite(histogram.pause_s)},
        "foretold": {"pause_s": finite(histogram.foretold_pause_s)},
        "objects": histogram.objects,
        "bytes": histogram.bytes,
        "classes": [
            {"name": encodable(row.name), "count": row.count, "shallow_bytes": row.bytes} for row in histogram.rows
        ],
    }
