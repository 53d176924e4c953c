"""``oakum incident retain`` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.model.retention import Going, Retained, Why
from oakum.model.units import format_count, format_size

if TYPE_CHECKING:
    from rich.console import RenderableType


def retained_view(retained: Retained) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(retained))


def _parts(retained: Retained) -> Iterator[RenderableType]:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if retained.gone:
        table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
        table.add_column("would go" if retained.dry_run else "went")
        table.add_column("files", justify="right")
        table.add_column("size", justify="right")
        table.add_column("of")
        for why in Why:
            same = [each for each in retained.gone if each.why is why]
            if same:
                size = format_size(sum(each.blob.size_bytes for each in same))
                table.add_row(_WHY[why], format_count(len(same)), size, _incidents(same))
        yield table
    now = "would be left" if retained.dry_run else "left"
    yield Text(f"evidence: {format_size(retained.bytes_before)} before, {format_size(retained.bytes_after)} {now}")
    if retained.stayed:
        yield Text(f"stayed: {format_count(len(retained.stayed))}, reopened or put again meanwhile")
    if retained.scans or retained.judge_states:
        scans, states = (format_count(count or 0) for count in (retained.scans, retained.judge_states))
        yield Text(f"forgotten: {scans} scans, {states} judge states")
    if retained.over:
        wanted = format_size(retained.budget_bytes or 0)
        yield Text(f"more than {wanted}: {retained.over}", style="yellow")
    if retained.dry_run:
        yield Text("nothing was removed: a dry run; scans and judge states as old would go too", style="dim")


_WHY = {Why.UNNAMED: "named by no record", Why.EXPIRED: "closed long ago", Why.BUDGET: "more than the budget"}

MOST_INCIDENTS = 6


def _incidents(going: list[Going]) -> str:
    numbers = sorted({number for each in going for number in each.incidents})
    more = f" and {format_count(len(numbers) - MOST_INCIDENTS)} more" if len(numbers) > MOST_INCIDENTS else ""
    return ", ".join(f"inc-{number}" for number in numbers[:MOST_INCIDENTS]) + more
