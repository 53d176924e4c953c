"""``oakum.retention/1``."""

from __future__ import annotations

from oakum.model.retention import Going, Retained
from oakum.render.figures import iso_text
from oakum.render.names import encodable

SCHEMA = "oakum.retention/1"


def retained_to_json(retained: Retained, *, place: str) -> dict[str, object]:
    """Plain values. Of a dry run, ``gone`` is what would go."""
    return {
        "schema": SCHEMA,
        "generated_at": iso_text(retained.at_s),
        "store": encodable(place),
        "dry_run": retained.dry_run,
        "keep_s": retained.keep_s,
        "budget_bytes": retained.budget_bytes,
        "bytes_before": retained.bytes_before,
        "bytes_after": retained.bytes_after,
        "budget_kept": not retained.over,
        "over": retained.over,
        "gone": [_going(each) for each in retained.gone],
        "stayed": [_going(each) for each in retained.stayed],
        "scans": retained.scans,
        "judge_states": retained.judge_states,
    }


def _going(going: Going) -> dict[str, object]:
    return {
        "digest": going.blob.digest,
        "size_bytes": going.blob.size_bytes,
        "put_at_s": going.blob.at_s,
        "why": going.why.value,
        "incidents": [f"inc-{number}" for number in going.incidents],
    }
