"""``oakum plan``, ``oakum apply`` and ``oakum undo``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from oakum import wiring
from oakum.cli.output import Output, OutputOption, StoreOption, answer
from oakum.model.errors import CallerError
from oakum.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from oakum.loop.act import Assent
    from oakum.loop.progress import Progress
    from oakum.model.plan_record import PlanRecord

YesOption = Annotated[bool, typer.Option("--yes", help="approve it beforehand; your name is recorded with it")]


def plan(
    target: Annotated[str, typer.Argument(metavar="TARGET|INCIDENT", help="pid/N, cgroup/PATH or inc-N")],
    *,
    restart: Annotated[bool, typer.Option("--restart", help="restart it as it was started")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="end it and leave it ended")] = False,
    collect: Annotated[bool, typer.Option("--collect", help="ask a JVM or Node.js for a collection: evidence")] = False,
    limit: Annotated[str, typer.Option("--limit", metavar="SIZE", help="set its memory limit")] = "",
    watch_for: Annotated[str, typer.Option("--for", metavar="DURATION", help="how long to watch before")] = "20s",
    capture: Annotated[bool, typer.Option("--capture/--no-capture", help="look into the heap before")] = True,
    inspect: Annotated[
        bool | None,
        typer.Option("--inspect/--no-inspect", help="Node.js: its inspector may be opened and asked, or must not"),
    ] = None,
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """What can be done now: each step with its effect, risk, time and undo. Nothing is done.

    Without an option the plan fits the verdict. Exits 0 with a plan, 5 where it is not known yet what to do.
    """
    from oakum.act.plan import Wish  # noqa: PLC0415
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop import act as journey  # noqa: PLC0415

    _no_page(output)
    wish = Wish(restart, stop, collect, parse_size(limit) if limit else None, inspect)
    with progress() as told, wiring.bench(store, told) as bench:
        made = journey.plan(target, wish, bench=bench, watch_s=parse_duration(watch_for), capture=capture)
    _show(made, output)
    undecided = made.seen["verdict"] in {"suspect", "cannot-tell"} and not any(step.step.does for step in made.steps)
    raise typer.Exit(5 if undecided else 0)


def apply(
    named: Annotated[str, typer.Argument(metavar="PLAN", help="a plan: plan-3, or 3")],
    *,
    yes: YesOption = False,
    kill: Annotated[bool, typer.Option("--kill", help="SIGKILL what does not end by itself: wants your word")] = False,
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Do what a plan says, once you have typed the word; cut off, the same command goes on.

    Exits 0 when all of it is applied, 3 when it is stale, not approved, or a step was refused or failed.
    """
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop import act as journey  # noqa: PLC0415

    _no_page(output)
    with progress() as told, wiring.bench(store, told) as bench:
        done = journey.apply(named, _assent(told, yes=yes, kill=kill), bench=bench)
    _show(done, output)


def undo(
    named: Annotated[str, typer.Argument(metavar="PLAN", help="a plan: plan-3, or 3")],
    *,
    yes: YesOption = False,
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
) -> None:
    """Take back what a plan has changed, the last step first; cut off, the same command goes on.

    Exits 0 when all is taken back, 3 when somebody else changed it meanwhile.
    """
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop import act as journey  # noqa: PLC0415

    _no_page(output)
    with progress() as told, wiring.bench(store, told) as bench:
        done = journey.undo(named, _assent(told, yes=yes, kill=False), bench=bench)
    _show(done, output)


def _no_page(output: Output) -> None:
    if output is Output.HTML:
        raise CallerError("a plan has no page", why="it is a short list", next_step="oakum plan … -o json")


def _show(record: PlanRecord, output: Output) -> None:
    from oakum.render.codec_plan import plan_to_json  # noqa: PLC0415
    from oakum.render.table_plan import plan_view  # noqa: PLC0415

    answer(output, None, table=lambda: plan_view(record), encoded=lambda: plan_to_json(record), html=str)


def _assent(told: Progress, *, yes: bool, kill: bool) -> Assent:
    from oakum.loop.act import Assent  # noqa: PLC0415

    def ask(record: PlanRecord, word: str) -> bool:
        from rich.console import Console  # noqa: PLC0415

        from oakum.render.table_plan import plan_view  # noqa: PLC0415

        Console(stderr=True).print(plan_view(record))
        told.stage(f"type {word} to do it; anything else does nothing")
        return sys.stdin.readline().strip() == word

    return Assent(yes=yes, kill=kill, ask=ask if sys.stdin.isatty() else None)
