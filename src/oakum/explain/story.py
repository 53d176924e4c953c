"""The story: who leaks, what holds it, in which code, what is left unexplained, what to do; then what it rests on.

Plain templates over the facts: no claim without evidence, and nothing that is not among them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite
from typing import Final

from oakum.explain.plan import RESTART
from oakum.model.absent import AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, of_holders
from oakum.model.evidence import Evidence
from oakum.model.story import Claim, Story
from oakum.model.units import format_share, format_size
from oakum.model.verdict import VerdictName

SURE: Final = 0.6
"""From this confidence on a cause is told as one; below it may be."""

CLOSE: Final = 0.75
"""Another reading of the first cause is told from this share of its confidence on."""

TWIN: Final = 0.8
"""A second holder that gains this share of what the first gains is named with it."""

MOST_CAUSES: Final = 3
MOST_NEXT: Final = 3
LEFT_SHARE: Final = 0.1
"""What is left unexplained is told in the paragraph from this share of the growth on."""

SERIES: Final = ("series", "memory", "container", "subject", "dependency", "asked", "log")
"""What a curve rests on, by the begin of its evidence's id: the first of these that is there."""

HEAP: Final = ("heap",)


def told(investigation: Investigation) -> Investigation:
    """With its story."""
    return replace(investigation, story=story(investigation))


def story(investigation: Investigation) -> Story:
    """Never empty: a target of which nothing is known is told so, with what to fetch."""
    lead = _lead(investigation.evidence)
    # Another reading of a holder is told as one, never as what proves or doubts the first.
    causes = of_holders(investigation.causes)[:MOST_CAUSES]
    return Story(
        lead,
        tuple(_paragraph(investigation, lead)),
        tuple(_proof(investigation, causes, lead)),
        tuple(_against(investigation, causes, lead)),
        tuple(_next(investigation))[:MOST_NEXT],
    )


def _lead(evidence: Sequence[Evidence]) -> tuple[str, ...]:
    for kind in SERIES:
        found = tuple(row.id for row in evidence if row.id.partition("-")[0] == kind)
        if found:
            return found[:1]
    return tuple(row.id for row in evidence[:1])


def linked(wanted: Sequence[str], evidence: Sequence[Evidence], lead: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of evidence that is there: as it is named, or of its kind; what the curve rests on where none is."""
    ids = [row.id for row in evidence]
    found = [name if name in ids else next((each for each in ids if _kind(each) == name), "") for name in wanted]
    return tuple(dict.fromkeys(name for name in found if name)) or lead


def _kind(name: str) -> str:
    head, _, tail = name.rpartition("-")
    return head if tail.isdigit() else name


def _paragraph(investigation: Investigation, lead: tuple[str, ...]) -> Iterator[Claim]:
    verdict, causes, evidence = investigation.verdict, investigation.causes, investigation.evidence
    if causes:
        first = causes[0]
        twin = _twin(causes)
        both = (*first.evidence, *twin.evidence) if twin is not None else first.evidence
        yield Claim(_holds(first, verdict.name, twin), linked(both, evidence, lead))
        yield from _or(causes, evidence, lead)
        if first.where:
            yield Claim(f"In the code: {first.where[0]}.", linked(first.evidence, evidence, lead))
    elif verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT, VerdictName.CANNOT_TELL}:
        yield Claim("What holds it is not known.", lead)
    elif verdict.reasons:
        yield Claim(_sentence(verdict.reasons[0]), lead)
    yield from _left(investigation, lead)
    steps = investigation.plan.steps
    if steps and verdict.name is VerdictName.LEAK:
        # What may die soon is restarted soon, whatever else could be looked at.
        soon = [step for step in steps[2:] if step.title.startswith(f"{RESTART} within")]
        yield Claim(f"Now: {'; then '.join(_lower(step.title) for step in (*steps[:2], *soon))}.", lead)
    # Of one that cannot be told yet, the headline says it.
    if verdict.settles and verdict.name is not VerdictName.CANNOT_TELL:
        yield Claim(f"To be sure: {_bare(verdict.settles)}.", lead)
    if causes and verdict.name is not VerdictName.HEALTHY and causes[0].advice:
        begin = "To do" if verdict.name is VerdictName.LEAK else "If it is a leak"
        yield Claim(f"{begin}: {causes[0].advice}", linked(causes[0].evidence, evidence, lead))


def _twin(causes: Sequence[Cause]) -> Cause | None:
    """The second holder of the heap, where it gains nearly as much as the first."""
    first, *rest = of_holders(causes)
    if not rest or not all("growth" in cause.evidence for cause in (first, rest[0])):
        return None
    return rest[0] if rest[0].growth_bytes_per_s >= TWIN * first.growth_bytes_per_s > 0 else None


def _holds(cause: Cause, name: VerdictName, twin: Cause | None) -> str:
    """One sentence: what holds it, how surely, and how much of the growth that is."""
    sure = "" if cause.confidence >= SURE else "perhaps "
    if name is VerdictName.HEALTHY:
        return f"What stands out, without a leak: {sure}{cause.name} ({_bare(cause.title)})."
    if twin is not None:
        return f"The causes are {_one(cause)}; and {_one(twin)}."
    return f"The cause is {_one(cause)}."


def _one(cause: Cause) -> str:
    sure = "" if cause.confidence >= SURE else "perhaps "
    parts = [f"{format_share(cause.share)} of the growth"] if cause.share is not None else []
    parts += [f"{format_size(cause.retained_bytes)} held by now"] if cause.retained_bytes is not None else []
    more = f": {', '.join(parts)}" if parts else ""
    return f"{sure}{cause.name}, {cause.holder}{more}; confidence {format_share(cause.confidence)}"


def _or(causes: Sequence[Cause], evidence: Sequence[Evidence], lead: tuple[str, ...]) -> Iterator[Claim]:
    """Other readings of what the first cause names, where they are nearly as sure."""
    first = causes[0]
    close = [
        each
        for each in causes
        if each.instead_of is not None and each.holder == first.holder and each.confidence >= CLOSE * first.confidence
    ]
    if close:
        told = " or ".join(f"{each.name} ({format_share(each.confidence)})" for each in close)
        yield Claim(f"It may be {told} instead.", linked(first.evidence, evidence, lead))


def _left(investigation: Investigation, lead: tuple[str, ...]) -> Iterator[Claim]:
    found = investigation.accounted
    if found is None or not investigation.causes:
        return
    left = found.unexplained_bytes_per_s / found.rate_bytes_per_s
    if left < LEFT_SHARE:
        return
    yield Claim(
        f"{format_share(left)} of the growth is not explained by any cause that was found.",
        lead,
    )


def _proof(investigation: Investigation, causes: Sequence[Cause], lead: tuple[str, ...]) -> Iterator[Claim]:
    reasons = investigation.verdict.reasons
    seen = set(_again(causes[0], reasons)) if causes else set()
    for cause in causes:
        ids = linked(cause.evidence, investigation.evidence, lead)
        for text in (cause.title, *cause.why):
            if text and text not in seen:
                seen.add(text)
                named = len(causes) == 1 or text is cause.title or cause.holder in text
                yield Claim(text if named else f"{cause.holder}: {text}", ids)
    for text in reasons:
        if text not in seen:
            seen.add(text)
            yield Claim(text, _spoken(text, investigation, lead))


def _again(first: Cause, reasons: Sequence[str]) -> Iterator[str]:
    """What the assessment says in other words than the first cause does: one of the two is enough."""
    if any(text.startswith("it held ") for text in first.why):
        yield from (text for text in reasons if text.startswith(f"{first.holder} gained "))
    if any(" bounds it, and it is " in text for text in reasons):
        yield from (text for text in first.why if text.startswith(("nothing that it held in", "that is ")))


def _against(investigation: Investigation, causes: Sequence[Cause], lead: tuple[str, ...]) -> Iterator[Claim]:
    for cause in causes:
        ids = linked(cause.evidence, investigation.evidence, lead)
        for text in cause.against:
            yield Claim(text if len(causes) == 1 else f"{cause.holder}: {text}", ids)
    first = causes[0] if causes else None
    if first is not None and isfinite(first.growth_bytes_per_s) and len(causes) > 1:
        other = causes[1]
        if other.share is not None and first.share is not None and other.share >= first.share > 0:
            yield Claim(
                f"{other.holder} accounts for as much of the growth as {first.holder}",
                linked((*first.evidence, *other.evidence), investigation.evidence, lead),
            )


def _spoken(text: str, investigation: Investigation, lead: tuple[str, ...]) -> tuple[str, ...]:
    """What a reason of the verdict rests on: evidence that says the same; the curve, of what the curve said alone;
    else what the first cause rests on.
    """
    evidence, causes = investigation.evidence, investigation.causes
    same = tuple(row.id for row in evidence if text in row.title or row.title in text)[:2]
    if same or not causes or text in investigation.series_verdict.reasons:
        return same or lead
    named = next((cause for cause in causes if cause.holder in text), causes[0])
    return linked(named.evidence, evidence, lead)


def _next(investigation: Investigation) -> Iterator[str]:
    """What to fetch: what settles the verdict, then what is absent of the heap, then of the rest."""
    verdict = investigation.verdict
    if verdict.settles:
        yield _bare(verdict.settles)
    if verdict.name is VerdictName.HEALTHY:
        return
    doubted = [text for cause in investigation.causes[:1] for text in cause.against if "; next: " in text]
    for text in doubted:
        yield text.partition("; next: ")[2]
    if verdict.name is VerdictName.LEAK and investigation.causes:
        return
    open_ones = [row for row in investigation.absent if row.get and row.kind is not AbsentKind.NOT_APPLICABLE]
    open_ones.sort(key=lambda row: not any(word in row.what for word in HEAP))
    for row in open_ones:
        yield f"{row.what}: {row.get}"


def _sentence(text: str) -> str:
    bare = _bare(text)
    if "." in bare.partition(" ")[0]:
        # A name of the code's: main.ring is not Main.ring.
        return f"{bare}."
    return f"{bare[:1].upper()}{bare[1:]}."


def _bare(text: str) -> str:
    return text.rstrip(". ")


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{_bare(text)[1:]}"
