"""``oakum heap histogram`` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.model.histogram import ClassHistogram
from oakum.model.units import format_count, format_duration, format_size
from oakum.render.names import shown

if TYPE_CHECKING:
    from rich.console import RenderableType


def histogram_view(histogram: ClassHistogram, *, top: int) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(histogram, top))


def _parts(histogram: ClassHistogram, top: int) -> Iterator[RenderableType]:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    yield Text(
        f"{shown(histogram.target)} ({shown(histogram.runtime)}): {format_count(histogram.objects)} objects in"
        f" {format_size(histogram.bytes)}, garbage too"
    )
    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for name in ("objects", "bytes"):
        table.add_column(name, justify="right")
    table.add_column("class")
    for row in histogram.rows[:top]:
        table.add_row(format_count(row.count), format_size(row.bytes), Text(shown(row.name)))
    yield table
    if len(histogram.rows) > top:
        yield Text(f"{format_count(len(histogram.rows) - top)} more classes: --top, or -o json", style="dim")
    pause, foretold = format_duration(histogram.pause_s), format_duration(histogram.foretold_pause_s)
    yield Text(f"it stood still for at most {pause}; foretold, at most: {foretold}", style="dim")
