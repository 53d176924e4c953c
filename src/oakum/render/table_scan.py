"""``oakum scan`` in a terminal: worst first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from oakum.model.scan import Replicas, Scan, ScanRow
from oakum.model.units import format_count, format_duration, format_share
from oakum.model.verdict import SEVERITY, VerdictName
from oakum.render.figures import forecast_text, level_text, nearest_forecast, pattern_text, probability_text, rate_text
from oakum.render.headline import SIGNS
from oakum.render.live import COLOURS
from oakum.render.names import shown
from oakum.render.node_lines import largest_line, node_line, oom_lines, standing_lines
from oakum.render.since_lines import change_line, left_out_line, since_head
from oakum.render.sparkline import sparkline

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

Cells: TypeAlias = "tuple[Text, ...]"
"""One for each of ``NAMES``; empty where there is nothing to say."""

NAMED: Final = frozenset({"of limit", "pods", "restarts", "killed"})
"""Figures that say nothing without their name."""

NAMES: Final = ("", "what", "memory", "of limit", "", "pattern", "rate", "reaches", "pods", "restarts", "killed")

LEAST_WIDTH = 112
"""A narrower terminal has no room for a row's figures beside its name: they go below it."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Laid out when the width is known."""

    rows: tuple[ScanRow, ...]
    scan: Scan

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        cells = [_cells(row, self.scan) for row in self.rows]
        if options.max_width >= LEAST_WIDTH:
            yield _table(cells)
        else:
            yield from _cards(cells)


def scan_table(scan: Scan, *, top: int = 25) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    rows = scan.ranked[:top]
    parts: list[RenderableType] = [Text(_summary(scan), style="bold")]
    parts += [Text(line, style=style) for line, style in _since(scan, top)]
    parts.append(_Rows(rows, scan))
    if len(scan.shown) > len(rows):
        parts.append(Text(f"{len(scan.shown) - len(rows)} more; --top shows them", style="dim"))
    if rows and scan.replicas and rows[0][1].settles:
        parts.append(Text(f"next, {shown(rows[0][1].settles)}"))
    parts += [
        Text(f"skipped {shown(skipped.id)}: {shown(skipped.why)}", style="yellow") for skipped in scan.skipped[:10]
    ]
    parts += [
        Text(f"muted {shown(name)} by {shown(mute.author)}: {shown(mute.reason)}", style="dim")
        for name, mute in scan.muted.items()
    ]
    if scan.node is not None:
        parts.append(Text(node_line(scan.node)))
        if largest := largest_line(scan.rows):
            parts.append(Text(largest))
    parts += [Text(line) for line in standing_lines(scan.nodes)]
    parts += [Text(shown(line), style="" if line.startswith(" ") else "bold") for line in oom_lines(scan.ooms)]
    parts += [Text(f"note: {shown(warning)}", style="dim") for warning in scan.warnings]
    parts += [Text(f"absent: {shown(absent.what)}: {shown(absent.why)}", style="dim") for absent in scan.absent]
    parts += [Text(f"kept as {shown(scan.kept)}", style="dim")] if scan.kept else []
    return Group(*parts)


def _since(scan: Scan, top: int) -> Iterator[tuple[str, str]]:
    """Lines, each with its style."""
    if scan.since is not None:
        left_out = len(scan.rows) - len(scan.shown)
        line = left_out_line(scan.since, left_out, scan.leaks - scan.leaks_shown)
        if line:
            yield line, "dim"
        yield since_head(scan.since), "bold"
        for change in scan.since.changes[:top]:
            yield f"  {change_line(change)}", "red" if change.name.is_worse else ""
        if len(scan.since.changes) > top:
            yield f"  {format_count(len(scan.since.changes) - top)} more changes; --top shows them", "dim"
        for note in scan.since.notes:
            yield f"note: {shown(note)}", "dim"


def _table(cells: Sequence[Cells]) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    # A column that says nothing in any row takes room from the names.
    used = [index for index in range(len(NAMES)) if index < 2 or any(str(cell[index]) for cell in cells)]
    for index in used:
        what = index == 1
        table.add_column(
            NAMES[index], overflow="fold", no_wrap=not what, min_width=20 if what else None, ratio=1 if what else None
        )
    for cell in cells:
        table.add_row(*(cell[index] for index in used))
    return table


def _cards(cells: Sequence[Cells]) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    for sign, what, *figures in cells:
        yield Text.assemble(sign, "  ", what)
        named = zip(NAMES[2:], figures, strict=True)
        yield Text("  ").join(
            [Text(), *(Text.assemble(f"{name} " if name in NAMED else "", each) for name, each in named if each)]
        )


def _summary(scan: Scan) -> str:
    return f"{format_count(len(scan.rows))} series from {shown(scan.source)}: {counted(scan)}"


def counted(scan: Scan) -> str:
    """``1 leak, 2 suspect, 30 healthy``: the worst first."""
    counts = [f"{format_count(scan.count(name))} {name.value}" for name in reversed(SEVERITY) if scan.count(name)]
    counts += [f"{format_count(len(scan.muted))} muted"] if scan.muted else []
    return ", ".join(counts) or "nothing to judge"


def _cells(row: ScanRow, scan: Scan) -> Cells:
    from rich.text import Text  # noqa: PLC0415

    series, verdict = row
    sign = Text(f"{SIGNS[verdict.name]} {verdict.name.value}", style=COLOURS[verdict.name.value])
    if verdict.probability is not None and verdict.name is not VerdictName.HEALTHY:
        sign.append(f" {probability_text(verdict.probability)}")
    replicas = scan.replicas.get(series.id)
    # A workload's name is what the next command is given: whole.
    name = shown(series.id, 40 if replicas is None else 200)
    title = shown(series.labels.get("command", ""), 48)
    nearest = nearest_forecast(verdict)
    rate = rate_text(verdict.rate_per_s, series.unit) if verdict.rate_per_s is not None else ""
    return (
        sign,
        Text(f"{name} {title}".strip()),
        Text(level_text(verdict.level, series.unit)),
        Text("" if replicas is None or replicas.share is None else format_share(replicas.share)),
        Text(sparkline(series.lifetimes[-1].value, 10) if series.samples > 1 else "", style="cyan"),
        Text(pattern_text(verdict)),
        Text(rate if verdict.name is not VerdictName.HEALTHY else ""),
        Text(forecast_text(nearest) if nearest is not None else ""),
        *_told(replicas, scan.generated_at_s),
    )


def _told(replicas: Replicas | None, now_s: float) -> Cells:
    """Pods, restarts, kills for memory."""
    from rich.text import Text  # noqa: PLC0415

    if replicas is None:
        return Text(), Text(), Text()
    kills = ""
    if replicas.kills:
        ago = "" if replicas.last_kill_s is None else f", {format_duration(max(now_s - replicas.last_kill_s, 0))} ago"
        kills = f"{format_count(replicas.kills)}×{ago}"
    return (
        Text(format_count(replicas.pods)),
        Text(format_count(replicas.restarts) if replicas.restarts else ""),
        Text(kills, style="red"),
    )
