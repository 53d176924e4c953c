"""``oakum investigate TARGET``."""

from __future__ import annotations

from typing import Annotated

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, answer, check_file
from oakum.model.errors import TargetError
from oakum.model.target import parse_target
from oakum.model.units import parse_duration


def investigate(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="pid/N or cgroup/PATH")],
    *,
    watch_for: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="how long to watch; a slower leak needs longer")
    ] = "20s",
    interval: Annotated[
        str, typer.Option("--every", metavar="DURATION", help="time between samples; chosen from --for when not given")
    ] = "",
    capture: Annotated[
        bool, typer.Option("--capture/--no-capture", help="look into the heap (never stops the target unless --stop)")
    ] = True,
    stop: Annotated[
        bool, typer.Option("--stop", help="let the target stand still while its memory is copied: exact, but a pause")
    ] = False,
    inspect: Annotated[
        bool | None,
        typer.Option(
            "--inspect/--no-inspect",
            help="Node.js: its inspector may be opened (SIGUSR1), or must not; on a terminal you are asked",
        ),
    ] = None,
    max_pause: Annotated[
        str, typer.Option("--max-pause", metavar="DURATION", help="Node.js: no snapshot that could stop it for longer")
    ] = "15s",
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Confirm, capture, explain, plan: does this process or cgroup leak, and what holds it?

    Exits 1 when it leaks, 0 when it is healthy, 5 when that cannot be told yet.
    """
    wanted = parse_target(target)
    max_pause_s = parse_duration(max_pause)
    watch_s, interval_s = parse_duration(watch_for), parse_duration(interval) if interval else None
    check_file(file)

    from oakum.cli.exits import exit_code  # noqa: PLC0415  (a mistake is told before the compiler is loaded)
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.investigate import Settings  # noqa: PLC0415
    from oakum.loop.investigate import investigate as journey  # noqa: PLC0415
    from oakum.loop.node import NodeSettings  # noqa: PLC0415

    node = NodeSettings(inspect=inspect, max_pause_s=max_pause_s)
    settings = Settings.of(watch_s=watch_s, interval_s=interval_s, capture=capture, stop=stop, node=node)
    with progress() as told:
        investigation = journey(
            wanted, machine=wiring.machine(), policy=wiring.policy(), settings=settings, progress=told
        )
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.investigation_view(investigation),
        encoded=lambda: render.investigation_to_json(investigation),
        html=lambda: render.investigation_html(investigation),
    )
    if investigation.partial:
        raise TargetError(
            f"{wanted} has ended while it was being watched",
            why="what is said above is partial: a second capture could not be taken",
            next_step="oakum scan host",
        )
    raise typer.Exit(exit_code(investigation.verdict.name))
