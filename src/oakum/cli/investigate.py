"""``oakum investigate TARGET``."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Final

import typer

from oakum import wiring
from oakum.cli.endings import ended_by_signals
from oakum.cli.investigate_dependency import NOT_FOR_IT, asked_beside, asker, cut_short
from oakum.cli.output import FileOption, Output, StoreOption, answer, check_file, save
from oakum.cli.scan_prometheus import WINDOW
from oakum.cli.streams import say
from oakum.model.errors import CallerError, OakumError, TargetError
from oakum.model.rights import HOME
from oakum.model.served import Served, parse_served
from oakum.model.target import DependencyTarget, LogTarget, PodTarget, Target, WorkloadTarget, parse_target
from oakum.model.units import parse_duration, parse_size

if TYPE_CHECKING:
    from oakum.loop.history import History
    from oakum.loop.progress import Progress
    from oakum.loop.record import Recorded, Recorder
    from oakum.model.assessment import Investigation
    from oakum.model.series import Series

MAX_PAUSE: Final = "15s"
MAX_COPY: Final = "1min"
NOT_OF_WORKLOADS: Final = (
    "of a cluster's workload the record joins what it kept by itself, and each source samples as often as it can"
)
NOT_OF_PROCESSES: Final = "that is for the containers of a cluster"


class Told(StrEnum):
    """``-o``."""

    TABLE = "table"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"


@ended_by_signals()
def investigate(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="pid/N, cgroup/PATH, deploy|sts|ds|job/NAMESPACE/NAME, pod/NAMESPACE/NAME; a dependency:"
            " postgresql://USER@HOST/DATABASE, redis://HOST:PORT; or a log: log/PATH, ./FILE, - for standard input",
        ),
    ],
    *,
    watch_for: Annotated[
        str,
        typer.Option(
            "--for",
            metavar="DURATION",
            help="how long to watch; a slower leak needs longer; 20s when not given, of a cluster's workload 30s or,"
            " where only kubelets tell, 2m",
        ),
    ] = "",
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
            help="Node.js: its inspector may be opened (SIGUSR1); JVM: it may be attached to (SIGQUIT);"
            " Go: the ports that it listens on may be asked for its profiles (GET); or must not; on a terminal you are"
            " asked",
        ),
    ] = None,
    pprof: Annotated[
        str,
        typer.Option(
            "--pprof",
            metavar="PORT/PATH",
            help="Go: where it serves net/http/pprof, a port, a path or both; not given: /debug/pprof/ on every port"
            " that it listens on",
            show_default=False,
        ),
    ] = "",
    execute: Annotated[
        bool | None,
        typer.Option(
            "--exec/--no-exec",
            help="of a cluster: programs of ours may be started in containers: a shell in each, which tells its memory"
            " every second, and in the worst one what reads its heap; or must not; on a terminal you are asked",
        ),
    ] = None,
    image: Annotated[
        str,
        typer.Option(
            "--image",
            metavar="IMAGE",
            help="of a cluster: where the worst container has no python3, or may not look, an ephemeral container of"
            " this image (with python3) may be added to the pod; it ends with the command, but is not removed",
        ),
    ] = "",
    node_pod: Annotated[
        str,
        typer.Option(
            "--node-pod",
            metavar="IMAGE",
            help="of a cluster, the last resort: where neither can be, a privileged pod of this image (with python3)"
            " may be made on the container's node; it sees all processes there, and is deleted at the end",
        ),
    ] = "",
    node_pod_namespace: Annotated[
        str,
        typer.Option("--node-pod-namespace", metavar="NAME", help="with --node-pod: where that pod is made"),
    ] = HOME,
    max_pause: Annotated[
        str,
        typer.Option(
            "--max-pause", metavar="DURATION", help="Node.js, JVM: no snapshot or dump that stops it for longer"
        ),
    ] = MAX_PAUSE,
    max_bytes: Annotated[
        str,
        typer.Option(
            "--max-bytes",
            metavar="SIZE",
            help="no snapshot, dump or copy that could be larger, unpacked; 1GiB for memory that crosses a network when"
            " not given",
            show_default=False,
        ),
    ] = "",
    max_copy: Annotated[
        str,
        typer.Option(
            "--max-copy",
            metavar="DURATION",
            help="of a cluster: no copy of a Python process's memory that takes longer to cross the network",
        ),
    ] = MAX_COPY,
    incident: Annotated[
        bool,
        typer.Option("--incident/--no-incident", help="keep what is found on record: opens or updates an incident"),
    ] = True,
    alert: Annotated[
        str, typer.Option("--alert", metavar="NAME", help="the alert that called; whether it is true is answered first")
    ] = "",
    earlier: Annotated[
        Path | None, typer.Option("--earlier", metavar="FILE", help="samples of it from before, as records keep them")
    ] = None,
    prometheus: Annotated[
        str,
        typer.Option(
            "--prometheus",
            metavar="URL",
            help="of a cluster: a server of the Prometheus family that tells of its containers from before, as oakum"
            " scan takes it; not given: OAKUM_PROMETHEUS_URL, or url in [prometheus] of oakum.toml",
        ),
    ] = "",
    window: Annotated[
        str, typer.Option("--window", metavar="DURATION", help="of a cluster: how far back Prometheus is read")
    ] = WINDOW,
    logs: Annotated[
        bool, typer.Option("--logs/--no-logs", help="read the logs that it writes, or that the cluster keeps of it")
    ] = True,
    patterns: Annotated[
        list[Path] | None,
        typer.Option(
            "--patterns", metavar="FILE", help="TOML with more patterns to look for in logs; again for more files"
        ),
    ] = None,
    beside: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="URL",
            help="a server that it talks to, asked over the same time: postgresql://USER@HOST/DATABASE or redis://HOST:"
            " which of its connections are the target's, since when, and whether its pools may ask for more than it"
            " admits; its password as for a dependency",
        ),
    ] = None,
    store: StoreOption = "",
    output: Annotated[
        Told,
        typer.Option(
            "--output",
            "-o",
            help="table for people, json for programs, html for a report, markdown for a ticket or a chat",
        ),
    ] = Told.TABLE,
    file: FileOption = None,
) -> None:
    """Confirm, capture, explain, plan: does this process or cgroup leak, and what holds it?

    A leak or a suspicion opens an incident, or adds to the one that is open. Of a cluster's workload: which container
    of it grows, how its runs ended and at whose limit; on its node, what holds the memory. Of a dependency: what it
    holds for whom, such as connections that were never given back, or keys without a TTL; a password is best given by
    PGPASSWORD or ~/.pgpass, of Redis by REDISCLI_AUTH.
    Of a log file, and those rotated away from beside it: what it says of memory, how often and when; that keeps no
    incident.
    Exits 1 when it leaks, 0 when it is healthy, 5 when that cannot be told yet.
    """
    wanted = parse_target(target)
    if isinstance(wanted, DependencyTarget):
        given = {
            "--no-capture": not capture,
            "--stop": stop,
            "--inspect": inspect is not None,
            "--pprof": pprof,
            "--exec": execute is not None,
            "--image": image,
            "--node-pod": node_pod,
            "--node-pod-namespace": node_pod_namespace != HOME,
            "--max-pause": max_pause != MAX_PAUSE,
            "--max-bytes": max_bytes,
            "--max-copy": max_copy != MAX_COPY,
            "--earlier": earlier,
            "--prometheus": prometheus,
            "--window": window != WINDOW,
            "--no-logs": not logs,
            "--patterns": patterns,
            "--with": beside is not None,
        }
        _refuse(str(wanted), [name for name, value in given.items() if value], NOT_FOR_IT)
        check_file(file)
        ask = asker(wanted, watch_s=_seconds(watch_for), interval_s=_seconds(interval))
        _told(ask, wanted, incident=incident, store=store, alert=alert, output=output, file=file)
        return
    max_pause_s, max_copy_s = parse_duration(max_pause), parse_duration(max_copy)
    most_bytes = parse_size(max_bytes) if max_bytes else None
    watch_s, interval_s = _seconds(watch_for), _seconds(interval)
    served = parse_served(pprof) if pprof else Served()
    check_file(file)
    looked_for = wiring.log_patterns(patterns or ())
    dependency = asked_beside(wanted, beside) if beside is not None else None

    in_cluster = isinstance(wanted, WorkloadTarget | PodTarget)
    if in_cluster:
        given = {"--earlier": earlier, "--every": interval}
        _refuse(target, [name for name, value in given.items() if value], NOT_OF_WORKLOADS)
    elif isinstance(wanted, LogTarget) and not logs:
        raise CallerError(
            f"--no-logs is not for {target}", why="it is a log", next_step=f"oakum investigate {quote(target)}"
        )
    else:
        given = {"--prometheus": prometheus, "--window": window != WINDOW, "--node-pod": node_pod}
        _refuse(target, [name for name, value in given.items() if value], NOT_OF_PROCESSES)
    if node_pod_namespace != HOME and not node_pod:
        raise CallerError(
            "--node-pod-namespace is not without --node-pod",
            why="it says where that pod is made",
            next_step=f"oakum investigate {quote(target)} --node-pod IMAGE"
            f" --node-pod-namespace {quote(node_pod_namespace)}",
        )
    window_s = parse_duration(window)
    from oakum.loop.investigate import WATCH_S, Settings  # noqa: PLC0415  (a mistake is told before the compiler loads)
    from oakum.loop.investigate import investigate as journey  # noqa: PLC0415
    from oakum.loop.over_time import FAST_S  # noqa: PLC0415
    from oakum.loop.terms import Terms  # noqa: PLC0415
    from oakum.model.budget import Budget  # noqa: PLC0415

    terms = Terms(inspect, Budget(max_pause_s, max_bytes=most_bytes, max_copy_s=max_copy_s), served)
    settings = Settings.of(
        watch_s=(FAST_S if in_cluster else WATCH_S) if watch_s is None else watch_s,
        interval_s=interval_s,
        capture=capture,
        stop=stop,
        terms=terms,
        earlier=_earlier(earlier),
    )
    settings = replace(settings, logs=logs, patterns=looked_for)

    def run(told: Progress, recorder: Recorder | None) -> Investigation:
        if dependency is not None:
            return dependency(told, lambda server: look(told, recorder, replace(settings, with_server=server)))
        return look(told, recorder, settings)

    def look(told: Progress, recorder: Recorder | None, settings: Settings) -> Investigation:
        machine, policy = wiring.machine(), wiring.policy()
        if isinstance(wanted, WorkloadTarget | PodTarget):
            from oakum.loop.in_cluster import ClusterSettings, investigate_workload  # noqa: PLC0415
            from oakum.loop.seen_before import nothing, on_record  # noqa: PLC0415

            before = nothing if recorder is None else on_record(recorder.store)
            past = _history(prometheus, window_s, wanted.context)
            looks = ClusterSettings(
                watch_s, settings, policy, execute, image, before, past, node_pod, node_pod_namespace
            )
            return investigate_workload(
                wanted,
                cluster=lambda: wiring.cluster(wanted.context),
                machine=machine,
                settings=looks,
                progress=told,
            )
        if isinstance(wanted, LogTarget):
            from oakum.loop.logs import investigate_log  # noqa: PLC0415

            return investigate_log(wanted, machine=machine, patterns=looked_for, progress=told)
        return journey(wanted, machine=machine, policy=policy, settings=settings, progress=told)

    _told(
        run,
        wanted,
        incident=incident and not isinstance(wanted, LogTarget),
        store=store,
        alert=alert,
        output=output,
        file=file,
    )


def _told(
    run: Callable[[Progress, Recorder | None], Investigation],
    target: Target,
    *,
    incident: bool,
    store: str,
    alert: str,
    output: Told,
    file: Path | None,
) -> None:
    """Run, kept on record where that is wished, and answered; ends the command."""
    from oakum.cli.exits import exit_code  # noqa: PLC0415
    from oakum.cli.progress import progress  # noqa: PLC0415

    recorder = _recorder(store) if incident else None
    with progress() as told:
        recorded = _recorded(str(target), partial(run, told, recorder), recorder, alert)
    investigation = recorded.investigation
    _answer(investigation, output, file)
    if recorded.failed is not None:
        raise recorded.failed
    if investigation.partial:
        raise _cut_short(target)
    raise typer.Exit(exit_code(investigation.verdict.name))


def _cut_short(target: Target) -> TargetError:
    if isinstance(target, DependencyTarget):
        return cut_short(target)
    return TargetError(
        f"{target} has ended while it was being watched",
        why="what is said above is partial: a second capture could not be taken",
        next_step="oakum scan host",
    )


def _history(named: str, window_s: float, context: str | None) -> History | None:
    """Where it is asked for; None: nobody says where."""
    from oakum.loop.history import history_of  # noqa: PLC0415
    from oakum.model.source import metrics_source  # noqa: PLC0415

    source = metrics_source(named) if named else wiring.prometheus_source()
    return None if source is None else history_of(source, context, window_s, wiring.prometheus)


def _seconds(text: str) -> float | None:
    return parse_duration(text) if text else None


def _refuse(target: str, names: Sequence[str], why: str) -> None:
    """What would be ignored is refused."""
    if names:
        raise CallerError(
            f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not for {target}",
            why=why,
            next_step=f"oakum investigate {quote(target)}",
        )


def _answer(investigation: Investigation, output: Told, file: Path | None) -> None:
    from oakum import render  # noqa: PLC0415

    if output is Told.MARKDOWN:
        text = render.investigation_markdown(investigation)
        if file is None:
            say(sys.stdout, text)
        else:
            save(file, text)
        return
    answer(
        Output(output.value),
        file,
        table=lambda: render.investigation_view(investigation),
        encoded=lambda: render.investigation_to_json(investigation),
        html=lambda: render.investigation_html(investigation),
    )


def _earlier(file: Path | None) -> tuple[Series, ...]:
    if file is None:
        return ()
    from oakum.render.codec_samples import samples_from_bytes  # noqa: PLC0415

    try:
        content = file.read_bytes()
    except OSError as exc:
        raise CallerError(f"cannot read {file}", why=exc.strerror or "", next_step=f"ls -l {quote(str(file))}") from exc
    return samples_from_bytes(content)[0].lifetimes


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
