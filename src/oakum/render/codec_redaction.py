"""``oakum.redaction/1``."""

from __future__ import annotations

from collections.abc import Iterable

from oakum.model.redaction import Redacted, Redaction, Share
from oakum.render.codec_number import finite, texts
from oakum.render.names import encodable


def redaction_to_json(redaction: Redaction) -> dict[str, object]:
    return {
        "schema": "oakum.redaction/1",
        "file": encodable(redaction.file),
        "out": encodable(redaction.out),
        "out_bytes": redaction.out_bytes,
        "seconds": finite(redaction.seconds),
        **redacted_to_json(redaction.redacted),
        "key_file": encodable(redaction.key_file) or None,
        "sealed_to": texts(redaction.sealed_to),
    }


def redacted_to_json(redacted: Redacted) -> dict[str, object]:
    """What was filled and what stayed."""
    return {
        "format": redacted.format,
        "bytes": redacted.bytes,
        "replaced": _shares(redacted.replaced),
        "stayed": _shares(redacted.stayed),
        "stays": redacted.stays,
    }


def _shares(shares: Iterable[Share]) -> list[dict[str, object]]:
    return [{"what": share.what, "count": share.count, "bytes": share.bytes} for share in shares]
