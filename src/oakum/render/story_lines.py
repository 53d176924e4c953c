"""The story as text: the headline, the paragraph, and claims with the evidence that they rest on."""

from __future__ import annotations

from oakum.model.assessment import Investigation
from oakum.model.story import Claim
from oakum.model.units import format_rate, format_share
from oakum.render.headline import headline
from oakum.render.names import shown

WHOLE = 0.995
"""From this share on nothing is left to be explained: it reads as 100 %."""


def lead_line(investigation: Investigation) -> str:
    """The one sentence that comes first."""
    return headline(
        investigation.target, investigation.verdict, investigation.series.unit, now_s=investigation.generated_at_s
    )


def paragraph(investigation: Investigation) -> str:
    """What comes after it, on one line; "" where nobody told it."""
    story = investigation.story
    return "" if story is None else " ".join(shown(claim.text) for claim in story.told)


def proof_of(investigation: Investigation) -> tuple[Claim, ...]:
    """What speaks for it. Where nobody told a story: the reasons, without evidence."""
    if investigation.story is None:
        return tuple(Claim(reason, ()) for reason in investigation.verdict.reasons)
    return investigation.story.proof


def links(claim: Claim) -> str:
    """``  [growth, series]``; "" where it rests on nothing."""
    return f"  [{', '.join(map(shown, claim.evidence))}]" if claim.evidence else ""


def accounted_line(investigation: Investigation) -> str:
    """How much of the growth is explained; "" where nothing is seen to grow."""
    found = investigation.accounted
    if found is None:
        return ""
    rate = format_rate(found.rate_bytes_per_s)
    if not found.share:
        return f"explained: nothing of {rate}"
    explained = format_rate(found.explained_bytes_per_s)
    left = f"; not explained: {format_share(1 - found.share)}" if found.share < WHOLE else ""
    return f"explained: {explained} of {rate} ({format_share(found.share)}){left}"
