"""``oakum investigate TARGET``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, StoreOption, answer, check_file
from oakum.cli.streams import say
from oakum.model.errors import OakumError, TargetError
from oakum.model.target import parse_target
from oakum.model.units import parse_duration

if TYPE_CHECKING:
    from oakum.loop.record import Recorded, Recorder
    from oakum.model.assessment import Investigation


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
            help="Node.js: its inspector may be opened (SIGUSR1); JVM: it may be attached to (SIGQUIT); or must not;"
            " on a terminal you are asked",
        ),
    ] = None,
    max_pause: Annotated[
        str,
        typer.Option(
            "--max-pause", metavar="DURATION", help="Node.js, JVM: no snapshot or dump that stops it for longer"
        ),
    ] = "15s",
    incident: Annotated[
        bool,
        typer.Option("--incident/--no-incident", help="keep what is found on record: opens or updates an incident"),
    ] = True,
    alert: Annotated[
        str, typer.Option("--alert", metavar="NAME", help="the alert that called; whether it is true is answered first")
    ] = "",
    store: StoreOption = "",
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Confirm, capture, explain, plan: does this process or cgroup leak, and what holds it?

    A leak or a suspicion opens an incident, or adds to the one that is open.
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
    recorder = _recorder(store) if incident else None
    with progress() as told:

        def run() -> Investigation:
            return journey(wanted, machine=wiring.machine(), policy=wiring.policy(), settings=settings, progress=told)

        recorded = _recorded(str(wanted), run, recorder, alert)
    investigation = recorded.investigation
    from oakum import render  # noqa: PLC0415

    answer(
        output,
        file,
        table=lambda: render.investigation_view(investigation),
        encoded=lambda: render.investigation_to_json(investigation),
        html=lambda: render.investigation_html(investigation),
    )
    if recorded.failed is not None:
        raise recorded.failed
    if investigation.partial:
        raise TargetError(
            f"{wanted} has ended while it was being watched",
            why="what is said above is partial: a second capture could not be taken",
            next_step="oakum scan host",
        )
    raise typer.Exit(exit_code(investigation.verdict.name))


def _recorder(store: str) -> Recorder:
    """A record that cannot be kept is told before minutes are spent."""
    from oakum.cli.incident import tell_left  # noqa: PLC0415

    try:
        recorder = wiring.recorder(store)
        tell_left(recorder)
    except OakumError as exc:
        exc.next_step = f"{exc.next_step}\n        or the same command with --no-incident".lstrip("\n")
        raise
    return recorder


def _recorded(target: str, run: Callable[[], Investigation], recorder: Recorder | None, alert: str) -> Recorded:
    from oakum.loop.record import Recorded, investigate_on_record  # noqa: PLC0415

    if recorder is None:
        return Recorded(run())
    recorded = investigate_on_record(target, run, recorder, now_s=time.time(), alert=alert)
    if recorded.mute is not None:
        from oakum.render.names import shown  # noqa: PLC0415

        mute = recorded.mute
        say(sys.stderr, f"oakum: no incident: {mute.id} by {shown(mute.author)}: {shown(mute.reason)}\n")
    elif recorded.investigation.incident is not None:
        name = recorded.investigation.incident
        say(sys.stderr, f"oakum: on record as {name}; next: oakum incident show {name}\n")
    return recorded
