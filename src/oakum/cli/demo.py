"""``oakum demo``."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, answer, check_file
from oakum.model.absent import Absent
from oakum.model.verdict import VerdictName

if TYPE_CHECKING:
    from oakum.model.assessment import Investigation
    from oakum.model.demo import Demo

REPORT = Path("oakum-demo-report.html")


def demo(*, output: OutputOption = Output.TABLE, file: FileOption = None) -> None:
    """A real leak in a real memory cgroup, end to end, no cluster needed. Takes about two minutes.

    Exits 0 when the leak was found and its holder named, and the fixed variant was not accused.
    """
    from oakum import render  # noqa: PLC0415
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.demo import Settings  # noqa: PLC0415
    from oakum.loop.demo import demo as journey  # noqa: PLC0415

    check_file(file or (REPORT if output is Output.TABLE else None))
    signal.signal(signal.SIGTERM, _interrupt)
    settings = Settings(node=shutil.which("node"))
    with progress() as told:
        shown = journey(machine=wiring.machine(), policy=wiring.policy(), settings=settings, progress=told)
    answer(
        output,
        file or (REPORT if output is Output.TABLE else None),
        table=lambda: render.demo_view(shown),
        encoded=lambda: render.demo_to_json(shown),
        html=lambda: render.demo_html(shown),
    )
    raise typer.Exit(0 if all(_as_it_should(*pair) for pair in _pairs(shown)) else 1)


def _pairs(shown: Demo) -> list[tuple[Investigation, Investigation]]:
    """(leaking, fixed) of each chapter."""
    node = [] if isinstance(shown.node, Absent) else [(shown.node.leaking, shown.node.fixed)]
    return [(shown.leaking, shown.fixed), *node]


def _as_it_should(leaking: Investigation, fixed: Investigation) -> bool:
    return (
        leaking.verdict.name is VerdictName.LEAK and bool(leaking.causes) and fixed.verdict.name is not VerdictName.LEAK
    )


def _interrupt(number: int, frame: object) -> None:
    """SIGTERM unwinds like Ctrl-C, so that services and cgroups go with us."""
    del number, frame
    raise KeyboardInterrupt
