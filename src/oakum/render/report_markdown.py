"""An investigation in Markdown: the story, the proof with its evidence, the causes with their fix, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, of_holders, readings_of
from oakum.model.story import Claim
from oakum.model.units import format_share
from oakum.render.figures import moment_text
from oakum.render.headline import SIGNS
from oakum.render.markdown import code, fenced, listed, sentence, tabled, words
from oakum.render.names import encodable
from oakum.render.story_lines import accounted_line, lead_line, proof_of

MOST_CAUSES = 4


def investigation_markdown(investigation: Investigation) -> str:
    """Names that come from targets are escaped: they are words here, never markup."""
    return encodable("\n".join(_lines(investigation)) + "\n")


def _lines(found: Investigation) -> Iterator[str]:
    verdict, story = found.verdict, found.story
    yield f"# {SIGNS[verdict.name]} {words(lead_line(found))}\n"
    if story is not None:
        yield " ".join(_claim(claim) for claim in story.told) + "\n"
    if explained := accounted_line(found):
        yield f"{words(explained)}\n"
    yield f"{words(found.runtime)}, {moment_text(found.generated_at_s)}.\n"
    yield "## Why\n"
    yield from (f"- {_claim(claim)}" for claim in proof_of(found))
    yield ""
    if story is not None and story.against:
        yield "## What speaks against it\n"
        yield from (f"- {_claim(claim)}" for claim in story.against)
        yield ""
    for cause in of_holders(found.causes)[:MOST_CAUSES]:
        yield from _cause(cause, readings_of(cause, found.causes))
    if story is not None and story.next:
        yield "## Next to fetch\n"
        yield from listed(story.next)
    yield from _steps(found)
    yield "## Evidence\n"
    for row in found.evidence:
        yield f'- <a id="{_anchor(row.id)}"></a>**{words(row.id)}**: {words(row.title)} ({words(row.origin)})'
    yield ""
    if found.absent:
        yield "## Absent\n"
        yield from tabled(("what", "why", "what would get it"), [(row.what, row.why, row.get) for row in found.absent])


def _cause(cause: Cause, readings: Sequence[Cause]) -> Iterator[str]:
    """``readings``: others of the same holder."""
    share = f", {format_share(cause.share)} of the growth" if cause.share is not None else ""
    yield f"## {cause.name}: {words(cause.holder)}\n"
    yield f"Confidence {format_share(cause.confidence)}{share}. {words(cause.title)}.\n"
    for other in readings:
        why = f": {words(other.why[0])}" if other.why else ""
        yield f"Or {other.name} ({format_share(other.confidence)}){why}.\n"
    yield from (f"- `{code(place)}`" for place in cause.where)
    if cause.where:
        yield ""
    yield f"Fix: {words(cause.advice)}\n"
    if cause.example is not None:
        for title, text in (("Before:", cause.example.before), ("After:", cause.example.after)):
            yield f"{title}\n"
            yield from fenced(text)
            yield ""


def _steps(found: Investigation) -> Iterator[str]:
    if not found.plan.steps:
        return
    yield "## What to do now\n"
    for number, step in enumerate(found.plan.steps, 1):
        yield f"{number}. **{words(step.title)}**: {sentence(step.effect)} Risk: {sentence(step.risk)}"
        if step.command:
            yield f"   `{code(step.command)}`"
    yield ""


def _claim(claim: Claim) -> str:
    links = ", ".join(f"[{words(name)}](#{_anchor(name)})" for name in claim.evidence)
    return words(claim.text) + (f" ({links})" if links else "")


def _anchor(name: str) -> str:
    """Of an id: letters, digits, dashes."""
    return "e-" + "".join(each if each.isascii() and (each.isalnum() or each == "-") else "-" for each in name)
