"""``oakum heap capture`` in a terminal."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from oakum.model.capture import Capture
from oakum.model.units import format_count, format_duration, format_size
from oakum.render.names import shown
from oakum.render.table_redaction import redacted_lines, sealed_lines

if TYPE_CHECKING:
    from rich.console import RenderableType


def capture_view(capture: Capture) -> RenderableType:
    from rich.text import Text  # noqa: PLC0415

    cost = capture.cost
    pause = format_duration(cost.pause_s) if cost.pause_s else "none"
    texts = "texts left out: lengths and hashes stay" if capture.redacted else "with texts: keep it as you keep secrets"
    size = format_size(capture.file_bytes)
    lines = [
        f"{shown(capture.target)} ({shown(capture.runtime)}) → {shown(capture.file)}",
        f"  {format_count(capture.objects)} objects, {format_count(capture.references)} references in {size}; {texts}",
        f"  read {format_size(cost.bytes_read)} in {format_duration(cost.seconds)}; pause: {pause}",
        *([] if capture.redaction is None else redacted_lines(capture.redaction)),
        *sealed_lines(capture.sealed_to),
        *(f"  ! {shown(warning)}" for warning in capture.warnings),
        f"  next: oakum heap analyze {shown(quote(capture.file))}{' --identity FILE' if capture.sealed_to else ''}",
    ]
    return Text("\n".join(lines))
