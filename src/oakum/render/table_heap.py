"""``oakum heap analyze`` in a terminal: suspects first, then what the heap is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from oakum.model.growth import PathStep
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport, MemoryUse, Suspect
from oakum.model.units import format_count, format_share, format_size
from oakum.render.names import shown
from oakum.render.pathway import elided

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


CORE = "core"


def heap_view(report: HeapReport, *, top: int = 10) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_parts(report, top))


def _parts(report: HeapReport, top: int) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    yield Text(f"{_held_line(report)}; {shown(report.runtime)}", style="bold")
    for warning in report.warnings:
        yield Text(f"note: {shown(warning)}", style="yellow")
    if report.baseline_reachable is not None:
        before = format_size(report.baseline_reachable.bytes)
        yield Text(f"against {shown(report.baseline)}: {before} were held then; suspects are what grew since")
    if not report.suspects:
        yield Text("no holder stands out" if report.baseline_reachable is None else "no holder grew enough to be told")
    for suspect in report.suspects[:top]:
        yield from suspect_lines(suspect)
    yield from _table(
        "classes",
        ("class", "objects", "shallow", "retained"),
        [
            (row.name, format_count(row.count), format_size(row.shallow_bytes), format_size(row.retained_bytes))
            for row in report.classes[:top]
        ],
    )
    yield from _table(
        "largest objects",
        ("object", "shallow", "retained", "held by"),
        [
            (
                f"{shown(row.name, 44)} {row.id}",
                format_size(row.shallow_bytes),
                format_size(row.retained_bytes),
                shown(row.held, 60),
            )
            for row in report.biggest[:top]
        ],
    )
    yield from _table(
        "waste",
        ("what", "count", "wasted", ""),
        [
            (f"{row.what}: {row.name}", format_count(row.count), format_size(row.wasted_bytes), shown(row.note))
            for row in report.waste[:top]
        ],
    )
    yield from _memory(report.memory)


def _held_line(report: HeapReport) -> str:
    held, objects = format_size(report.reachable.bytes), format_count(report.reachable.objects)
    if report.format != CORE:
        return f"{held} in {objects} objects are held, {format_size(report.unreachable.bytes)} are not"
    if not report.reach_known:
        return f"{held} in {objects} blocks of malloc are in use; who leads to them is not known"
    lost, count = format_size(report.unreachable.bytes), format_count(report.unreachable.objects)
    return f"{held} in {objects} blocks of malloc are led to; to {lost} in {count} no pointer leads"


def _memory(used: MemoryUse | None) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    if used is not None:
        files = f", {format_size(used.scratch_bytes)} went to files" if used.scratch_bytes else ""
        taken = f"took {format_size(used.peak_bytes)} of the {format_size(used.promised_bytes)} that it might"
        yield Text(f"the analysis {taken}{files}", style="dim")


def heap_diff_view(diff: HeapDiff, *, top: int = 10) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_diff_parts(diff, top))


def _diff_parts(diff: HeapDiff, top: int) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    sizes = " → ".join(format_size(tally.bytes) for tally in diff.reachable)
    yield Text(f"{sizes} held in {len(diff.files)} dumps; {shown(diff.runtime)}", style="bold")
    for warning in diff.warnings:
        yield Text(f"note: {shown(warning)}", style="yellow")
    if not diff.suspects:
        yield Text("no holder grew enough to be told")
    for suspect in diff.suspects[:top]:
        yield from suspect_lines(suspect)
    yield from _table(
        "classes that grew",
        ("class", "objects", "retained"),
        [
            (row.name, " → ".join(map(format_count, row.counts)), " → ".join(map(format_size, row.retained_bytes)))
            for row in diff.grown[:top]
        ],
    )
    if diff.lines:
        yield from _table(
            "where what grew was allocated",
            ("class", "line", "objects", "bytes"),
            [
                (
                    row.name,
                    str(row.place),
                    " → ".join(map(format_count, row.counts)),
                    " → ".join(map(format_size, row.shallow_bytes)),
                )
                for row in diff.lines[:top]
            ],
        )


def heap_paths_view(paths: HeapPaths) -> RenderableType:
    from rich.console import Group  # noqa: PLC0415

    return Group(*_paths_parts(paths))


def _paths_parts(paths: HeapPaths) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    what = paths.object_id or format_count(paths.objects.objects)
    yield Text(
        f"{what} {shown(paths.name)}, {format_size(paths.objects.bytes)}; with"
        f" {'it' if paths.objects.objects == 1 else 'them'} {format_size(paths.retained_bytes)} would go",
        style="bold",
    )
    for warning in paths.warnings:
        yield Text(f"note: {shown(warning)}", style="yellow")
    yield from _table(
        "held alone by",
        ("class", "holders", "objects", "retained"),
        [
            (row.name, format_count(row.holders), format_count(row.dominated), format_size(row.retained_bytes))
            for row in paths.held_by[:10]
        ],
    )
    for group in paths.groups:
        yield _title(f"{format_count(group.count)} of {format_count(paths.looked_at)} looked at are held so")
        yield from _path_lines(group.path)
    if paths.ways > len(paths.groups):
        yield Text(f"\n{format_count(paths.ways - len(paths.groups))} more ways, each of fewer objects", style="dim")
    for number, path in enumerate(paths.largest, 1):
        which = f"{paths.largest_id}, the largest ({format_size(paths.largest_bytes)})"
        yield _title(f"{paths.object_id or which}: way {number} from a root")
        yield from _path_lines(path)


def _path_lines(path: tuple[PathStep, ...]) -> Iterator[RenderableType]:
    from rich.text import Text  # noqa: PLC0415

    for index, step in enumerate(path):
        via = f"{shown(step.via)} → " if step.via else ""
        yield Text(f"   {'  ' * index}{via}{shown(step.node)}", style="dim" if index + 1 < len(path) else "")


def suspect_lines(suspect: Suspect) -> Iterator[RenderableType]:
    """The holder, its path, where in the code, what to do."""
    from rich.text import Text  # noqa: PLC0415

    growth = " → ".join(format_size(size) for size in suspect.growth)
    yield Text(f"\n{suspect.rank}. {suspect.cause.value} ({format_share(suspect.confidence)}): ", style="bold").append(
        shown(suspect.holder)
    )
    of = f" of {shown(suspect.item_type)}" if suspect.item_type else ""
    yield Text(
        f"   {growth or format_size(suspect.retained_bytes)}, {format_share(suspect.share)}"
        f" of {'all that is in use' if suspect.lost else 'what is held'}"
        + (f"; {format_count(suspect.count)} {'item' if suspect.count == 1 else 'items'}{of}" if suspect.count else "")
    )
    yield from _path_lines(elided(suspect.path))
    for place in suspect.places:
        yield Text(f"   {shown(str(place))}", style="cyan")
    yield Text(f"   fix: {shown(suspect.advice)}")


def _table(title: str, names: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[RenderableType]:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not rows:
        return
    yield _title(title)
    table = Table(box=None, pad_edge=False, header_style="dim", show_edge=False)
    for index, name in enumerate(names):
        figures = 0 < index < 3 or (index == 3 and names[3] == "retained")
        table.add_column(name, overflow="fold", justify="right" if figures else "left", no_wrap=figures)
    for first, *others in rows:
        table.add_row(Text(shown(first, 60)), *(Text(other) for other in others))
    yield table


def _title(text: str) -> Text:
    from rich.text import Text  # noqa: PLC0415

    return Text(f"\n{text}", style="bold")
