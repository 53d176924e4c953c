"""``oakum.verify/1``."""

from __future__ import annotations

from oakum.model.verification import Verification
from oakum.render.codec_number import finite
from oakum.render.codec_verdict import assessed_to_json
from oakum.render.figures import iso_text
from oakum.render.names import encodable

SCHEMA = "oakum.verify/1"


def verification_to_json(found: Verification) -> dict[str, object]:
    """Plain values."""
    return {
        "schema": SCHEMA,
        "generated_at": iso_text(found.generated_at_s),
        "target": encodable(found.target),
        "incident": f"inc-{found.incident}" if found.incident else None,
        "outcome": found.outcome.value,
        "since": iso_text(found.since_s),
        "seen_s": finite(found.seen_s),
        "checks": [
            {"name": check.name, "state": check.state.value, "why": encodable(check.why)} for check in found.checks
        ],
        "verdict": assessed_to_json(found.series, found.verdict),
        "reopened": encodable(found.reopened) or None,
        "next": encodable(found.next),
    }
