"""``oakum scan SOURCE...``."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from oakum import wiring
from oakum.cli import scan_cluster, scan_kept, scan_prometheus
from oakum.cli.output import FileOption, Output, OutputOption, StoreOption, answer, check_file
from oakum.model.errors import CallerError
from oakum.model.policy import Policy
from oakum.model.source import ClusterSource, FileSource, MetricsSource, Source, parse_source
from oakum.model.units import parse_duration

if TYPE_CHECKING:
    from oakum.loop.progress import Progress
    from oakum.model.scan import Scan

HOST_S = 30.0
"""This machine is watched so long, in seconds, where nothing else is said."""

EVERY = "1s"
UNIT = "bytes"


def scan(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE...",
            help="host (this machine, the default), kube://[CONTEXT] (a cluster), http(s)://… of a Prometheus,"
            " kube+http(s)://SERVICE.NAMESPACE:PORT of one inside a cluster, or files of series",
        ),
    ] = None,
    *,
    watch_for: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="DURATION",
            help="host: how long to watch before judging, 30s when not given; kube: not given, what is known now",
            show_default=False,
        ),
    ] = "",
    interval: Annotated[str, typer.Option("--every", metavar="DURATION", help="host: time between samples")] = EVERY,
    unit: Annotated[
        str,
        typer.Option(
            "--unit", help="files: unit of the values where no column says: B (bytes), percent, KiB, MiB, GiB"
        ),
    ] = UNIT,
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="TIME", help="files, Prometheus: judge as of this moment, using only earlier samples"
        ),
    ] = "",
    namespaces: scan_prometheus.NamespaceOption = None,
    window: scan_prometheus.WindowOption = scan_prometheus.WINDOW,
    step: scan_prometheus.StepOption = "",
    labels: scan_prometheus.LabelOption = None,
    at_once: scan_prometheus.AtOnceOption = scan_prometheus.AT_ONCE,
    budget: scan_prometheus.BudgetOption = scan_prometheus.BUDGET,
    max_bytes: scan_prometheus.BytesOption = scan_prometheus.MAX_BYTES,
    remote_read: scan_prometheus.RemoteReadOption = True,
    scheduler: scan_prometheus.SchedulerOption = "",
    keep_as: scan_kept.KeepOption = "",
    diff: scan_kept.DiffOption = False,
    baseline: scan_kept.BaselineOption = False,
    against: scan_kept.AgainstOption = "",
    store: StoreOption = "",
    top: Annotated[int, typer.Option("--top", min=1, help="table: show this many of the worst")] = 25,
    output: OutputOption = Output.TABLE,
    file: FileOption = None,
) -> None:
    """Which workloads leak? Those of this machine, a cluster, a Prometheus, or series in files; worst first.

    Of a cluster: what leaks, is near its limit, or was killed for memory, from its API server and kubelets alone.

    --keep, --diff, --baseline: scans on record, and what has changed since.

    Exits 1 if any series leaks that is not muted, else 0; 4 if none does and a server told not all that was asked for,
    or rows of a file contradict each other so much that a series was skipped.
    """
    from oakum.cli.progress import progress  # noqa: PLC0415
    from oakum.loop.scan import Settings, scan_files, scan_host  # noqa: PLC0415
    from oakum.loop.scan_kept import Comparing, Wish, check_record, on_record  # noqa: PLC0415
    from oakum.loop.scan_prometheus import HistorySettings  # noqa: PLC0415

    parsed = _alike([parse_source(text) for text in sources or ["host"]])
    first, where = parsed[0], namespaces or []
    check_file(file)
    watch_s = parse_duration(watch_for) if watch_for else None
    if where and not isinstance(first, ClusterSource | MetricsSource):
        raise CallerError(
            "--namespace is for clusters and servers",
            why=f"{first} is none",
            next_step=f"oakum scan kube:// -n {where[0]}",
        )
    host_only = {"--every": interval != EVERY, "--unit": unit != UNIT}
    if isinstance(first, ClusterSource):
        _refuse(first, {"--at": bool(at), **host_only})
    elif isinstance(first, MetricsSource):
        _refuse(first, {"--for": bool(watch_for), **host_only})
    if not isinstance(first, MetricsSource):
        scan_prometheus.refuse_without_server(
            {
                "--window": window != scan_prometheus.WINDOW,
                "--step": step,
                "--label": labels,
                "--scheduler": scheduler,
                "--at-once": at_once != scan_prometheus.AT_ONCE,
                "--budget": budget != scan_prometheus.BUDGET,
                "--max-bytes": max_bytes != scan_prometheus.MAX_BYTES,
                "--no-remote-read": not remote_read,
            }
        )
    files = [source.path for source in parsed if isinstance(source, FileSource)]
    wish = Wish(keep_as, diff=diff, baseline=baseline, against=against)
    policy = wiring.policy() if keep_as else Policy()
    comparing = Comparing.of(
        parsed, namespaces=where, labels=labels or (), host=wiring.host(), policy=policy, wish=wish
    )
    kept_scans = wiring.kept_scans(store, writes=bool(keep_as))
    check_record(comparing, kept_scans)

    def scan_here(told: Progress) -> Scan:
        settings = Settings.of(
            watch_s=HOST_S if watch_s is None else watch_s, interval_s=parse_duration(interval), unit=unit, at=at
        )
        if files:
            return scan_files(files, now_s=time.time(), settings=settings, progress=told)
        return scan_host(wiring.machine(), settings=settings, progress=told)

    def scan_server(server: MetricsSource, told: Progress) -> Scan:
        settings = HistorySettings.of(
            window_s=parse_duration(window),
            step_s=parse_duration(step) if step else None,
            at=at,
            namespaces=where,
            labels=labels or (),
            budget=scan_prometheus.budget_of(at_once, budget, max_bytes, remote_read=remote_read),
        )
        return scan_prometheus.scanned(server, settings=settings, scheduler=scheduler, progress=told)

    with progress() as told:
        if isinstance(first, ClusterSource):
            found = scan_cluster.scanned(first, watch_s=watch_s or 0.0, namespaces=where, progress=told)
        elif isinstance(first, MetricsSource):
            found = scan_server(first, told)
        else:
            found = scan_here(told)
    from oakum import render  # noqa: PLC0415
    from oakum.loop.muting import with_mutes  # noqa: PLC0415

    found = with_mutes(found, lambda: wiring.store_if_there(store), host=wiring.host())
    found, failed = on_record(found, comparing, kept_scans)
    answer(
        output,
        file,
        table=lambda: render.scan_table(found, top=top),
        encoded=lambda: render.scan_to_json(found),
        html=lambda: render.scan_html(found),
    )
    raise typer.Exit(1 if found.leaks else failed.exit_code if failed else 4 if found.partial else 0)


def _refuse(source: Source, given: Mapping[str, bool]) -> None:
    """Raises CallerError for the first option that was given and says nothing there."""
    for option in (option for option, is_given in given.items() if is_given):
        server = isinstance(source, MetricsSource)
        there = "--window, --step, --at" if server else "--for"
        raise CallerError(
            f"{option} says nothing of a {'server' if server else 'cluster'}",
            why=f"it would be ignored for {source}: its help says what it is for",
            next_step=f"oakum scan {quote(str(source))}    # what is for it: {there}",
        )


def _alike(sources: Sequence[Source]) -> Sequence[Source]:
    """Raises CallerError for what cannot be scanned together."""
    if len({type(source) for source in sources}) > 1:
        files = [source for source in sources if isinstance(source, FileSource)]
        others = dict.fromkeys(str(source) for source in sources if not isinstance(source, FileSource))
        scans = [*map(quote, others), *([" ".join(quote(str(source)) for source in files)] if files else [])]
        raise CallerError(
            "host, clusters, servers and files cannot be mixed in one scan",
            why="they are judged over different windows",
            next_step="; ".join(f"oakum scan {each}" for each in scans),
        )
    if isinstance(sources[0], ClusterSource | MetricsSource) and len(set(sources)) > 1:
        raise CallerError(
            f"one {'cluster' if isinstance(sources[0], ClusterSource) else 'server'} is scanned at a time",
            why=f"{len(set(sources))} were named",
            next_step="; ".join(f"oakum scan {quote(each)}" for each in dict.fromkeys(map(str, sources))),
        )
    return sources
