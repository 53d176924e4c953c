"""``oakum.plan/1``."""

from __future__ import annotations

from oakum.model.plan_record import PlanRecord, StepRecord
from oakum.render.codec_number import finite, plain
from oakum.render.figures import iso_text
from oakum.render.names import encodable

SCHEMA = "oakum.plan/1"


def plan_to_json(record: PlanRecord) -> dict[str, object]:
    """Plain values. What a step needs to be taken back is not told: it is the record's own."""
    return {
        "schema": SCHEMA,
        "id": f"plan-{record.number}" if record.number else None,
        "incident": f"inc-{record.incident}" if record.incident else None,
        "target": encodable(record.target),
        "state": record.state.value,
        "verdict": plain(record.seen.get("verdict")),
        "made_at": iso_text(record.made_at_s),
        "expires_at": _expires(record),
        "digest": record.digest,
        "seen": plain(record.seen),
        "steps": [_step(step, number) for number, step in enumerate(record.steps, 1)],
    }


def _expires(record: PlanRecord) -> str | None:
    expires_at_s = record.seen.get("expires_at_s")
    return iso_text(float(expires_at_s)) if isinstance(expires_at_s, int | float) else None


def _step(record: StepRecord, number: int) -> dict[str, object]:
    step = record.step
    return {
        "number": number,
        "title": encodable(step.title),
        "by": "oakum" if step.does else "person",
        "effect": encodable(step.effect),
        "risk": encodable(step.risk),
        "command": encodable(step.command),
        "undo": encodable(step.undo),
        "takes_s": finite(step.takes_s),
        "does": plain(step.does) if step.does else None,
        "state": record.state.value,
        "began_at": None if record.began_at_s is None else iso_text(record.began_at_s),
        "ended_at": None if record.ended_at_s is None else iso_text(record.ended_at_s),
        "outcome": encodable(record.outcome),
    }
