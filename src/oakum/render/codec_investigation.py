"""``oakum.investigation/1``."""

from __future__ import annotations

from oakum.model.assessment import Investigation
from oakum.model.cause import Cause
from oakum.model.evidence import Evidence
from oakum.model.step import Step
from oakum.model.story import Accounted, Claim
from oakum.render.codec_growth import growth_to_json, place_to_json
from oakum.render.codec_number import finite, plain, texts
from oakum.render.codec_scan import absent_to_json
from oakum.render.codec_verdict import assessed_to_json
from oakum.render.figures import iso_text
from oakum.render.names import encodable
from oakum.render.story_lines import lead_line, paragraph

SCHEMA = "oakum.investigation/1"


def investigation_to_json(investigation: Investigation) -> dict[str, object]:
    """Plain values; ``json.dumps(…, allow_nan=False)`` takes them."""
    series, growth = investigation.series, investigation.growth
    return {
        "schema": SCHEMA,
        "generated_at": iso_text(investigation.generated_at_s),
        "target": encodable(investigation.target),
        "verdict": assessed_to_json(series, investigation.verdict),
        "series_verdict": assessed_to_json(series, investigation.series_verdict),
        "runtime": encodable(investigation.runtime),
        "evidence": [_evidence(evidence) for evidence in investigation.evidence],
        "absent": [absent_to_json(absent) for absent in investigation.absent],
        "growth": None if growth is None else growth_to_json(growth),
        "causes": [_cause(cause, rank) for rank, cause in enumerate(investigation.causes, 1)],
        "plan": {"steps": [_step(step) for step in investigation.plan.steps]},
        "incident": investigation.incident,
        "partial": investigation.partial,
        "explained": _accounted(investigation.accounted),
        "story": _story(investigation),
    }


def where_text(cause: Cause) -> str:
    """The first place in the code, or the holder where no place is known."""
    return str(cause.where[0]) if cause.where else cause.holder


def _cause(cause: Cause, rank: int) -> dict[str, object]:
    example = cause.example
    return {
        "rank": rank,
        "cause": cause.name.value,
        "confidence": finite(cause.confidence),
        "title": encodable(cause.title),
        "holder": encodable(cause.holder),
        "retained_bytes": cause.retained_bytes,
        "growth_bytes_per_s": finite(cause.growth_bytes_per_s),
        "where": encodable(where_text(cause)),
        "places": [place_to_json(place) for place in cause.where],
        "why": texts(cause.why),
        "against": texts(cause.against),
        "advice": encodable(cause.advice),
        "example": None
        if example is None
        else {"before": encodable(example.before), "after": encodable(example.after)},
        "evidence": texts(cause.evidence),
        "share": None if cause.share is None else finite(cause.share),
        "instead_of": None if cause.instead_of is None else cause.instead_of.value,
    }


def _accounted(found: Accounted | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "rate_bytes_per_s": finite(found.rate_bytes_per_s),
        "explained_bytes_per_s": finite(found.explained_bytes_per_s),
        "unexplained_bytes_per_s": finite(found.unexplained_bytes_per_s),
        "share": finite(found.share),
    }


def _story(investigation: Investigation) -> dict[str, object] | None:
    story = investigation.story
    if story is None:
        return None
    lead = lead_line(investigation)
    return {
        "text": encodable(f"{lead}. {paragraph(investigation)}".rstrip()),
        "claims": [
            {"text": encodable(lead), "evidence": texts(story.lead)},
            *(_claim(claim) for claim in story.told),
        ],
        "proof": [_claim(claim) for claim in story.proof],
        "against": [_claim(claim) for claim in story.against],
        "next": texts(story.next),
    }


def _claim(claim: Claim) -> dict[str, object]:
    return {"text": encodable(claim.text), "evidence": texts(claim.evidence)}


def _evidence(evidence: Evidence) -> dict[str, object]:
    return {
        "id": encodable(evidence.id),
        "title": encodable(evidence.title),
        "origin": encodable(evidence.origin),
        "at_s": finite(evidence.at_s),
        "cost": {
            "pause_s": finite(evidence.cost.pause_s),
            "seconds": finite(evidence.cost.seconds),
            "bytes_read": evidence.cost.bytes_read,
        },
        "facts": plain(evidence.facts),
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "title": encodable(step.title),
        "effect": encodable(step.effect),
        "risk": encodable(step.risk),
        "command": encodable(step.command),
        "undo": encodable(step.undo),
        "takes_s": finite(step.takes_s),
    }
