"""``oakum.incident/1``, ``oakum.incidents/1`` and ``oakum.mutes/1``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from oakum.model.incident import Assessed, Entry, Incident, Kept, Record
from oakum.model.mute import Mute
from oakum.model.plan_record import Approval, PlanRecord
from oakum.model.standing import Standing, Story
from oakum.render.codec_mute import mute_to_json
from oakum.render.codec_number import plain
from oakum.render.figures import iso_text
from oakum.render.names import encodable

SCHEMA = "oakum.incident/1"
SCHEMA_LIST = "oakum.incidents/1"
SCHEMA_MUTES = "oakum.mutes/1"


def story_to_json(story: Story) -> dict[str, object]:
    """Plain values, each part oldest first; times are UTC epoch seconds."""
    record = story.record
    return {
        "schema": SCHEMA,
        "generated_at": iso_text(story.standing.at_s),
        "incident": incident_to_json(record.incident),
        "standing": _standing(story.standing),
        "timeline": [_entry(entry) for entry in record.timeline],
        "assessments": [_assessed(row, record.incident) for row in record.assessed],
        "evidence": [_kept(kept, record) for kept in record.kept],
        "plans": [_plan(plan) for plan in story.plans],
        "approvals": [_approval(approval) for approval in story.approvals],
        "warnings": [encodable(warning) for warning in story.warnings],
    }


def incidents_to_json(rows: Sequence[tuple[Incident, Standing]], *, place: str, now_s: float) -> dict[str, object]:
    return {
        "schema": SCHEMA_LIST,
        "generated_at": iso_text(now_s),
        "store": encodable(place),
        "incidents": [
            {**incident_to_json(incident), "phase": stands.phase, "elapsed_s": stands.elapsed_s}
            for incident, stands in rows
        ],
    }


def mutes_to_json(mutes: Sequence[Mute], *, now_s: float) -> dict[str, object]:
    return {
        "schema": SCHEMA_MUTES,
        "generated_at": iso_text(now_s),
        "mutes": [{**mute_to_json(mute), "holds": mute.holds(now_s)} for mute in mutes],
    }


def incident_to_json(incident: Incident) -> dict[str, object]:
    values = plain(asdict(incident))
    assert isinstance(values, dict)
    return {"id": incident.id, **values}


def _standing(standing: Standing) -> object:
    return plain(asdict(standing))


def _entry(entry: Entry) -> object:
    return plain(asdict(entry))


def _assessed(assessed: Assessed, incident: Incident) -> dict[str, object]:
    return {
        "number": assessed.number,
        "at_s": assessed.at_s,
        "samples": assessed.samples,
        "investigation": {**assessed.document, "incident": incident.id},
    }


def _kept(kept: Kept, record: Record) -> dict[str, object]:
    values = plain(asdict(kept))
    assert isinstance(values, dict)
    return {**values, "expired": record.expiry(kept.digest) is not None}


def _plan(plan: PlanRecord) -> object:
    return plain(asdict(plan))


def _approval(approval: Approval) -> object:
    return plain(asdict(approval))
