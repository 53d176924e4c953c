"""``oakum.capture/1``."""

from __future__ import annotations

from oakum.model.capture import Capture, Foretold
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
            "extra_bytes": capture.extra_bytes,
        },
        "foretold": _foretold(capture.foretold),
        "seconds": finite(capture.seconds),
        "skipped_bytes": capture.skipped_bytes,
        "redacted": capture.redacted,
        "warnings": texts(capture.warnings),
        "sealed_to": texts(capture.sealed_to),
        "incident": capture.incident or None,
        "digest": capture.digest or None,
        "redaction": None if capture.redaction is None else redacted_to_json(capture.redaction),
    }


def _foretold(foretold: Foretold | None) -> dict[str, object] | None:
    if foretold is None:
        return None
    return {
        "pause_s": finite(foretold.pause_s),
        "extra_bytes": foretold.extra_bytes,
        "file_bytes": foretold.file_bytes,
    }
