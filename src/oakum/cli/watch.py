"""``oakum watch [TARGET...]``."""

from __future__ import annotations

from shlex import quote
from typing import Annotated

import typer

from oakum import wiring
from oakum.cli.endings import ended_by_signals
from oakum.cli.output import FileOption, Output, OutputOption, StoreOption, answer, check_file
from oakum.model.errors import CallerError
from oakum.model.target import parse_target
from oakum.model.units import parse_duration, parse_size


def watch(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="TARGET...", help="pid/N or cgroup/PATH; all of this machine when none is given"),
    ] = None,
    *,
    interval: Annotated[str, typer.Option("--every", metavar="DURATION", help="time between samples")] = "5s",
    watch_for: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="how long; until Ctrl-C or SIGTERM when not given")
    ] = "",
    capture: Annotated[bool, typer.Option("--capture/--no-capture", help="look into the heap of what is found")] = True,
    inspect: Annotated[
        bool,
        typer.Option(
            "--inspect/--no-inspect",
            help="Node.js and JVMs may be signalled (SIGUSR1, SIGQUIT), asked, and stopped for dumps",
        ),
    ] = False,
    max_pause: Annotated[
        str, typer.Option("--max-pause", metavar="DURATION", help="no target stands still for longer at once")
    ] = "5s",
    pause: Annotated[
        str, typer.Option("--pause", metavar="DURATION", help="all targets together, within an hour")
    ] = "30s",
    keep: Annotated[
        str, typer.Option("--keep", metavar="DURATION", help="how long evidence is kept after an incident's closing")
    ] = "30d",
    disk: Annotated[
        str, typer.Option("--disk", metavar="SIZE", help="how much all evidence together may take, for example 2GiB")
    ] = "",
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Keep judging: opens an incident once, looks closer while there is time, verifies fixes, goes on after a restart.

    Exits 1 when an incident was opened or added to, else 0.
    """
    wanted = [parse_target(text) for text in targets or ()]
    interval_s, watch_s = parse_duration(interval), parse_duration(watch_for) if watch_for else None
    max_pause_s, pause_s = parse_duration(max_pause), parse_duration(pause)
    room_s, room_bytes = parse_duration(keep), parse_size(disk) if disk else None
    if output is Output.HTML:
        raise CallerError("a watch has no page", next_step="oakum incident report inc-N")
    if output is Output.TABLE and file is not None:
        raise CallerError("a table is not kept in a file", next_step=f"oakum watch -o json -f {quote(str(file))}")
    check_file(file)

    from oakum.cli.incident import tell_left  # noqa: PLC0415  (a mistake is told before the compiler is loaded)
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop import watch as journey  # noqa: PLC0415
    from oakum.loop.watching.closer import Manner  # noqa: PLC0415
    from oakum.loop.watching.keeper import Room  # noqa: PLC0415

    manner = Manner(capture, inspect, max_pause_s, pause_s, wiring.for_errands(store))
    settings = journey.Settings.of(interval_s=interval_s, watch_s=watch_s, manner=manner, room=Room(room_s, room_bytes))
    with ended_by_signals(), progress(per_s=1.0) as told, wiring.bench(store, told) as bench:
        tell_left(bench.recorder)
        report = journey.watch(
            wanted, bench=bench, errands=wiring.errands(), costs=wiring.own_costs(), settings=settings
        )
    from oakum.render.codec_watch import watch_to_json  # noqa: PLC0415
    from oakum.render.table_watch import watch_view  # noqa: PLC0415

    answer(output, file, table=lambda: watch_view(report), encoded=lambda: watch_to_json(report), html=str)
    raise typer.Exit(1 if report.incidents else 0)
