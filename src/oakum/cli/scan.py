"""``oakum scan SOURCE...``."""

from __future__ import annotations

import time
from shlex import quote
from typing import Annotated

import typer

from oakum import wiring
from oakum.cli.output import FileOption, Output, OutputOption, StoreOption, answer, check_file
from oakum.model.errors import CallerError
from oakum.model.source import parse_source
from oakum.model.units import parse_duration


def scan(
    sources: Annotated[
        list[str] | None,
        typer.Argument(metavar="SOURCE...", help="host (this machine, the default) or files of series"),
    ] = None,
    *,
    watch_for: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="host: how long to watch before judging")
    ] = "30s",
    interval: Annotated[str, typer.Option("--every", metavar="DURATION", help="host: time between samples")] = "1s",
    unit: Annotated[
        str,
        typer.Option("--unit", help="files: unit of the values where no column says: bytes, percent, KiB, MiB, GiB"),
    ] = "bytes",
    at: Annotated[
        str, typer.Option("--at", metavar="TIME", help="files: judge as of this moment, using only earlier samples")
    ] = "",
    store: StoreOption = "",
    top: Annotated[int, typer.Option("--top", min=1, help="table: show this many of the worst")] = 25,
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Which workloads leak? This machine's processes and cgroups, or series in files; worst first, muted ones last.

    Exits 1 if any series leaks that is not muted, else 0.
    """
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.scan import Settings, scan_files, scan_host  # noqa: PLC0415
    from oakum.model.source import FileSource, HostSource  # noqa: PLC0415

    parsed = [parse_source(text) for text in sources or ["host"]]
    files = [source for source in parsed if isinstance(source, FileSource)]
    foreign = [source for source in parsed if not isinstance(source, FileSource | HostSource)]
    if foreign:
        raise CallerError(
            f"{foreign[0]} cannot be scanned by this version",
            why="it reads this machine (host) and files: CSV, Parquet, Prometheus range-query JSON",
            next_step="oakum scan host",
        )
    if files and len(files) != len(parsed):
        raise CallerError(
            "host and files cannot be mixed in one scan",
            why="they are judged over different windows",
            next_step=f"oakum scan host && oakum scan {' '.join(quote(str(source)) for source in files)}",
        )
    check_file(file)
    settings = Settings.of(watch_s=parse_duration(watch_for), interval_s=parse_duration(interval), unit=unit, at=at)
    with progress() as told:
        found = (
            scan_files([source.path for source in files], now_s=time.time(), settings=settings, progress=told)
            if files
            else scan_host(wiring.machine(), settings=settings, progress=told)
        )
    from oakum import render  # noqa: PLC0415
    from oakum.loop.muting import with_mutes  # noqa: PLC0415

    found = with_mutes(found, lambda: wiring.store_if_there(store), host=wiring.host())
    answer(
        output,
        file,
        table=lambda: render.scan_table(found, top=top),
        encoded=lambda: render.scan_to_json(found),
        html=lambda: render.scan_html(found),
    )
    raise typer.Exit(1 if found.leaks else 0)
