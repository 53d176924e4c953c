"""``oakum heap capture`` in a terminal."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from oakum.model.capture import Capture, Foretold
from oakum.model.units import format_count, format_duration, format_size
from oakum.render.names import shown
from oakum.render.table_redaction import redacted_lines, sealed_lines

if TYPE_CHECKING:
    from rich.console import RenderableType


def capture_view(capture: Capture) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415

    cost = capture.cost
    pause = format_duration(cost.pause_s) if cost.pause_s else "none"
    extra = f"; memory: {format_size(capture.extra_bytes)} more for that time" if capture.extra_bytes else ""
    texts = "texts left out: lengths and hashes stay" if capture.redacted else "with texts: keep it as you keep secrets"
    where = "standard output" if capture.file == "-" else shown(capture.file)
    read = f"read {format_size(cost.bytes_read)} in {format_duration(cost.seconds)}"
    lines = [
        f"{shown(capture.target)} ({shown(capture.runtime)}) → {where}",
        f"  {_counted(capture)}{format_size(capture.file_bytes)}; {texts}",
        f"  {read}; pause: {pause}{extra}; in all {format_duration(capture.seconds)}",
        *_foretold(capture.foretold),
        *([] if capture.redaction is None else redacted_lines(capture.redaction)),
        *sealed_lines(capture.sealed_to),
        *(f"  ! {shown(warning)}" for warning in capture.warnings),
        *_until(capture),
        *_next(capture),
    ]
    return Text("\n".join(lines))


def _counted(capture: Capture) -> str:
    if capture.objects is None or capture.references is None:
        return ""
    return f"{format_count(capture.objects)} objects, {format_count(capture.references)} references in "


def _foretold(foretold: Foretold | None) -> list[str]:
    if foretold is None:
        return []
    pause = f"pause {format_duration(foretold.pause_s)}, " if foretold.pause_s else ""
    memory = f"memory {format_size(foretold.extra_bytes)} more, " if foretold.extra_bytes else ""
    return [f"  foretold, at most: {pause}{memory}{format_size(foretold.file_bytes)} of dump"]


def _until(capture: Capture) -> list[str]:
    """How long it is kept."""
    yours = [] if capture.file == "-" else [f"  the file is yours: nothing removes it; rm {shown(quote(capture.file))}"]
    if not capture.incident:
        return yours
    kept = f"  on record with {capture.incident} as {capture.digest[:16]}: kept until 30 days after its closing, or as"
    return [f"{kept} oakum incident retain says", *yours]


def _next(capture: Capture) -> list[str]:
    if capture.file == "-":
        return []
    return [f"  next: oakum heap analyze {shown(quote(capture.file))}{' --identity FILE' if capture.sealed_to else ''}"]
