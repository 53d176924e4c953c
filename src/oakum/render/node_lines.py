"""The machine, and the times that its memory ran out, in lines for a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from oakum.model.node import NodeView
from oakum.model.oom import Blame, OomReport
from oakum.model.units import format_count, format_share, format_size

SHOWN = 5
"""The latest are told one by one."""


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
