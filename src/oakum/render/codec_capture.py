"""``oakum.capture/1``."""

from __future__ import annotations

from oakum.model.capture import Capture
from oakum.render.codec_number import finite, texts
from oakum.render.codec_redaction import redacted_to_json
from oakum.render.names import encodable


def capture_to_json(capture: Capture) -> dict[str, object]:
    return {
        "schema": "oakum.capture/1",
        "target": encodable(capture.target),
        "pid": capture.pid,
        "runtime": encodable(capture.runtime),
        "file": encodable(capture.file),
        "file_bytes": capture.file_bytes,
        "format": capture.format,
        "taken_at": finite(capture.at_s),
        "objects": capture.objects,
        "references": capture.references,
        "cost": {
            "pause_s": finite(capture.cost.pause_s),
            "seconds": finite(capture.cost.seconds),
            "bytes_read": capture.cost.bytes_read,
        },
        "skipped_bytes": capture.skipped_bytes,
        "redacted": capture.redacted,
        "warnings": texts(capture.warnings),
        "sealed_to": texts(capture.sealed_to),
        "redaction": None if capture.redaction is None else redacted_to_json(capture.redaction),
    }
