"""``oakum demo``."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, answer, check_file, save
from oakum.model.absent import Absent
from oakum.model.verdict import VerdictName

if TYPE_CHECKING:
    from oakum.model.assessment import Investigation
    from oakum.model.demo import Demo
    from oakum.model.plan_record import PlanRecord

REPORT = Path("oakum-demo-report.html")


def demo(*, output: OutputOption = Output.TABLE, file: FileOption = None) -> None:
    """A real leak in a real memory cgroup, from symptom to verified fix, no cluster needed. Takes about two minutes.

    Its incident is on a record of its own, that is gone afterwards. Exits 0 when the leak was found and its holder
    named, the fixed variant was not accused, and the gate closed the incident.
    """
    from oakum import render  # noqa: PLC0415
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.demo import Settings  # noqa: PLC0415
    from oakum.loop.demo import demo as journey  # noqa: PLC0415

    file = file or (REPORT if output is Output.TABLE else None)
    beside = None if file is None or output is Output.JSON else file.with_name(f"{file.stem}-incident{file.suffix}")
    for page in (file, beside):
        check_file(page)
    signal.signal(signal.SIGTERM, _interrupt)
    settings = Settings(node=shutil.which("node"))
    policy = wiring.policy()
    with progress() as told, wiring.bench_apart(told, settings.shortened(policy)) as bench:
        shown = journey(bench=bench, policy=policy, settings=settings, shows=_show)
    answer(
        output,
        file,
        table=lambda: render.demo_view(shown),
        encoded=lambda: render.demo_to_json(shown),
        html=lambda: render.demo_html(shown),
    )
    if beside is not None and not isinstance(shown.acting, Absent):
        save(beside, render.incident_html(shown.acting.story))
    raise typer.Exit(0 if _fixed(shown) and all(_as_it_should(*pair) for pair in _pairs(shown)) else 1)


def _show(plan: PlanRecord) -> None:
    from rich.console import Console  # noqa: PLC0415

    from oakum.render.table_plan import plan_view  # noqa: PLC0415

    Console(stderr=True).print(plan_view(plan))


def _fixed(shown: Demo) -> bool:
    from oakum.model.verification import Outcome  # noqa: PLC0415  (it loads numpy)

    return not isinstance(shown.acting, Absent) and shown.acting.verification.outcome is Outcome.CLOSED


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
