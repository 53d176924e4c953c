"""A verification as a person reads it: each question of the gate with its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from oakum.model.units import format_duration
from oakum.model.verification import CheckState, Outcome, Verification
from oakum.render.names import shown
from oakum.render.sparkline import sparkline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

_SIGNS: Final = {CheckState.PASSED: "✓", CheckState.OPEN: "?", CheckState.FAILED: "✗"}
_COLOURS: Final = {CheckState.PASSED: "green", CheckState.OPEN: "yellow", CheckState.FAILED: "red"}
_SENTENCES: Final = {
    Outcome.CLOSED: ("is fixed: every check passed, over the whole closing window", "green"),
    Outcome.QUICK: ("passes the quick check; the closing window is not over", "green"),
    Outcome.INCONCLUSIVE: ("cannot be told yet", "yellow"),
    Outcome.FAILED: ("is not fixed", "red"),
}


def verification_view(found: Verification) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(found))


def _parts(found: Verification) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    sentence, colour = _SENTENCES[found.outcome]
    name = f"inc-{found.incident} ({shown(found.target)})" if found.incident else shown(found.target)
    yield Text(f"{name} {sentence}; seen for {format_duration(found.seen_s)}", f"bold {colour}")
    if found.series.lifetimes and len(found.series.lifetimes[-1]):
        yield Text(f"  {sparkline(found.series.lifetimes[-1].value, 56)}", "cyan")
    for check in found.checks:
        yield Text(f"  {_SIGNS[check.state]} {check.name}: {shown(check.why)}", _COLOURS[check.state])
    if found.reopened:
        yield Text(f"\n  reopened: {shown(found.reopened)}", "bold red")
    elif found.next:
        yield Text(f"\n  next: {shown(found.next)}")
