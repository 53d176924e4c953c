"""This machine or a cluster's nodes, and the times that memory ran out, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from oakum.model.cluster_node import NodeStanding
from oakum.model.node import NodeView
from oakum.model.oom import Blame, OomReport
from oakum.model.scan import ScanRow
from oakum.model.series import Scope
from oakum.model.units import format_count, format_share, format_size
from oakum.render.names import shown

SHOWN = 5
"""The latest are told one by one."""

LARGEST = 3
"""So many processes are named by what they hold."""


def node_line(node: NodeView) -> str:
    swap = "no swap"
    if node.swap_total_bytes:
        swap = f"{format_size(node.swap_used_bytes)} of {format_size(node.swap_total_bytes)} swap"
    stalled = ""
    if node.pressure is not None:
        stalled = f", somebody waited for memory {format_share(node.pressure.some_300s)} of the last 5 min"
    return (
        f"this machine: {format_size(node.used_bytes)} of {format_size(node.total_bytes)} used "
        f"({format_share(node.used_share)}), {format_size(node.available_bytes)} available, {swap}{stalled}"
    )


def standing_lines(nodes: Sequence[NodeStanding]) -> Iterator[str]:
    """The nodes of a cluster: the worst first, and how many more there are."""
    for node in nodes[:SHOWN]:
        yield f"node {shown(node.name)}: {_memory(node)}" + "".join(f", {each}" for each in _trouble(node))
    if len(nodes) > SHOWN:
        yield f"{format_count(len(nodes) - SHOWN)} more nodes, with less in use; -o json has them"


def _memory(node: NodeStanding) -> str:
    if node.used_bytes is None:
        return "what it uses is not told"
    used, share = format_size(node.used_bytes), node.used_share
    if node.capacity_bytes is not None and share is not None:
        used += f" of {format_size(node.capacity_bytes)} used ({format_share(share)})"
    else:
        used += " used"
    left = "" if node.available_bytes is None else f", {format_size(node.available_bytes)} left before it evicts"
    return used + left


def _trouble(node: NodeStanding) -> Iterator[str]:
    if node.pressure:
        yield "short of memory: it evicts pods"
    if node.ready is False:
        yield "not ready"
    if node.cordoned:
        yield "cordoned"


def largest_line(rows: Sequence[ScanRow]) -> str:
    """Which processes hold most, leak or not; "" where none was seen."""
    held = [(verdict.level, series) for series, verdict in rows if series.scope is Scope.PROCESS]
    largest = sorted(held, key=lambda each: (-each[0], each[1].id))[:LARGEST]
    named = ((f"{series.id} {_program(series.labels.get('command', ''))}".strip(), level) for level, series in largest)
    told = (f"{shown(name, 48)} {format_size(level)}" for name, level in named)
    return f"most is held by {', '.join(told)}" if largest else ""


def _program(command: str) -> str:
    """Its name, and what it was first given where that is no option: ``python3 master.py``."""
    program, _, first = " ".join(command.split()[:2]).partition(" ")
    return " ".join(name.rpartition("/")[2] for name in (program, first) if not name.startswith("-")).strip()


def oom_lines(ooms: Sequence[tuple[OomReport, Blame]]) -> Iterator[str]:
    """The latest first."""
    if not ooms:
        return
    times = "once" if len(ooms) == 1 else f"{format_count(len(ooms))} times"
    yield f"memory ran out {times} in the last day:"
    for report, blame in list(reversed(ooms))[:SHOWN]:
        names = ", ".join(f"{kill.victim} (pid {kill.pid})" for kill in report.kills[:3]) or "nobody"
        yield f"  {datetime.fromtimestamp(report.at_s, UTC):%m-%d %H:%M:%SZ} killed: {names}; {'; '.join(blame.why)}"
    if len(ooms) > SHOWN:
        yield f"  {format_count(len(ooms) - SHOWN)} earlier; -o json has them"
