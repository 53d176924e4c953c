"""The Python twin of the commands: the same journeys, values instead of text."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from oakum import wiring
from oakum.loop import in_cluster, seen_before, with_dependency
from oakum.loop import investigate as investigating
from oakum.loop import logs as log_reading
from oakum.loop import record as recording
from oakum.loop import scan as scanning
from oakum.loop import scan_kept as keeping
from oakum.loop import watch as watching
from oakum.loop.dependency import DependencySettings, investigate_dependency
from oakum.loop.dependency_kinds import kind_of
from oakum.loop.history import History, history_of
from oakum.loop.muting import with_mutes
from oakum.loop.over_time import FAST_S
from oakum.loop.progress import Progress, Silent
from oakum.loop.scan_cluster import ClusterScan, scan_cluster
from oakum.loop.scan_prometheus import HistorySettings, scan_prometheus
from oakum.loop.terms import Terms
from oakum.loop.watching.closer import Manner
from oakum.loop.watching.keeper import Room
from oakum.model.assessment import Investigation
from oakum.model.budget import Budget
from oakum.model.metrics import QueryBudget
from oakum.model.policy import Policy
from oakum.model.rights import HOME
from oakum.model.scan import Scan
from oakum.model.series import Series
from oakum.model.served import Served, parse_served
from oakum.model.source import ClusterSource, FileSource, HostSource, MetricsSource, metrics_source, parse_source
from oakum.model.target import DependencyTarget, LogTarget, PodTarget, Target, WorkloadTarget, parse_target
from oakum.model.watch import WatchReport


def investigate(
    target: str,
    *,
    watch_s: float | None = None,
    interval_s: float | None = None,
    capture: bool = True,
    stop: bool = False,
    inspect: bool = False,
    pprof: str = "",
    execute: bool = False,
    image: str = "",
    node_pod: str = "",
    node_pod_namespace: str = HOME,
    max_pause_s: float = 15.0,
    max_bytes: int | None = None,
    max_copy_s: float = 60.0,
    incident: bool = True,
    alert: str = "",
    earlier: Sequence[Series] = (),
    prometheus: str = "",
    window_s: float = 86_400.0,
    logs: bool = True,
    patterns: Sequence[str | Path] = (),
    beside: str | None = None,
    store: str = "",
    progress: Progress | None = None,
) -> Investigation:
    """As ``oakum investigate TARGET``. Raises the families of ``oakum.OakumError``.

    ``inspect``: the inspector of a Node.js process may be opened and asked, a Go program for its profiles; ``pprof``:
    where it serves those, a port, a path or both (not given: /debug/pprof/ on each port of its own); ``execute``:
    programs of ours may be started in the containers of a cluster's workload; ``image``: of an ephemeral container
    that may be added beside its worst one; ``node_pod``: of a privileged pod that may be made on its node where
    neither can be, in ``node_pod_namespace``; ``max_pause_s``: no snapshot is taken that could stop it for longer;
    ``max_bytes``: nor a dump or copy that could be larger (None: no copy of more than 1 GiB over a network);
    ``max_copy_s``: for how long memory may be copied over one. ``earlier``: what was seen of the same process before.
    ``watch_s``: 20 s when not given, of a cluster's workload or pod as long as its sources need. ``prometheus``: the
    URL of a server that tells of a cluster's containers from before, over ``window_s``; not given: as the environment
    or oakum.toml says. ``interval_s``: between two samples; of a cluster's workload each source samples as often as it
    can. Of a dependency (``postgresql://…``) nothing else is asked. ``logs``: whether the logs of the target are read;
    ``patterns``: TOML files with more to look for in them. Of a log file itself (``log/PATH``) no record is kept.
    ``beside``: the URL of a server that the target talks to, asked over the same time, as ``--with``.
    A record that cannot be written at the end is among what is ``absent``: the answer is not
    lost with it.
    """
    wanted = parse_target(target)
    server = with_dependency.beside(wanted, beside) if beside is not None else None
    if isinstance(wanted, DependencyTarget):
        asks = _dependency(
            wanted,
            DependencySettings.of(watch_s=watch_s, interval_s=interval_s, policy=wiring.policy()),
            progress or Silent(),
        )
        return _on_record(wanted, asks, wiring.recorder(store) if incident else None, alert)
    looked_for = wiring.log_patterns([Path(file) for file in patterns])
    served = parse_served(pprof) if pprof else Served()
    terms = Terms(inspect, Budget(max_pause_s, max_bytes=max_bytes, max_copy_s=max_copy_s), served)
    settings = investigating.Settings.of(
        watch_s=(FAST_S if isinstance(wanted, WorkloadTarget | PodTarget) else investigating.WATCH_S)
        if watch_s is None
        else watch_s,
        interval_s=interval_s,
        capture=capture,
        stop=stop,
        terms=terms,
        earlier=tuple(earlier),
    )
    settings = replace(settings, logs=logs, patterns=looked_for)
    recorder = wiring.recorder(store) if incident and not isinstance(wanted, LogTarget) else None
    told = progress or Silent()
    if isinstance(wanted, LogTarget):
        return log_reading.investigate_log(wanted, machine=wiring.machine(), patterns=looked_for, progress=told)

    def past(context: str | None) -> History | None:
        source = metrics_source(prometheus) if prometheus else wiring.prometheus_source()
        return None if source is None else history_of(source, context, window_s, wiring.prometheus)

    def run() -> Investigation:
        return look(settings) if server is None else _together(wanted, server, look, settings, told)

    def look(settings: investigating.Settings) -> Investigation:
        if isinstance(wanted, WorkloadTarget | PodTarget):
            before = seen_before.nothing if recorder is None else seen_before.on_record(recorder.store)
            return in_cluster.investigate_workload(
                wanted,
                cluster=lambda: wiring.cluster(wanted.context),
                machine=wiring.machine(),
                settings=in_cluster.ClusterSettings(
                    watch_s,
                    settings,
                    wiring.policy(),
                    execute,
                    image,
                    before,
                    past(wanted.context),
                    node_pod,
                    node_pod_namespace,
                ),
                progress=told,
            )
        return investigating.investigate(
            wanted, machine=wiring.machine(), policy=wiring.policy(), settings=settings, progress=told
        )

    return _on_record(wanted, run, recorder, alert)


def _together(
    target: Target,
    server: DependencyTarget,
    look: Callable[[investigating.Settings], Investigation],
    settings: investigating.Settings,
    progress: Progress,
) -> Investigation:
    return with_dependency.investigate_with(
        target,
        server,
        kind=kind_of(server),
        opened=wiring.dependency(server),
        machine=wiring.machine(),
        settings=DependencySettings.of(policy=wiring.policy()),
        progress=progress,
        look=lambda admits: look(replace(settings, with_server=admits)),
    )


def _dependency(
    target: DependencyTarget, settings: DependencySettings, progress: Progress
) -> Callable[[], Investigation]:
    return partial(
        investigate_dependency,
        target,
        kind=kind_of(target),
        opened=wiring.dependency(target),
        machine=wiring.machine(),
        settings=settings,
        progress=progress,
    )


def _on_record(
    target: Target, run: Callable[[], Investigation], recorder: recording.Recorder | None, alert: str
) -> Investigation:
    if recorder is None:
        return run()
    return recording.investigate_on_record(str(target), run, recorder, now_s=time.time(), alert=alert).investigation


def scan(
    *files: str | Path,
    watch_s: float | None = None,
    unit: str = "bytes",
    at: str = "",
    namespaces: Sequence[str] = (),
    window_s: float = 86_400.0,
    step_s: float | None = None,
    labels: Sequence[str] = (),
    at_once: int = 4,
    budget_s: float = 600.0,
    max_bytes: int = 4 << 30,
    remote_read: bool = True,
    scheduler: str = "",
    keep_as: str = "",
    diff: bool = False,
    baseline: bool = False,
    against: str = "",
    store: str = "",
    progress: Progress | None = None,
) -> Scan:
    """As ``oakum scan``: this machine when no file is given.

    ``kube://[CONTEXT]``, alone: a cluster. ``http(s)://…``, alone: a server of the Prometheus family, and
    ``kube+http(s)://SERVICE.NAMESPACE:PORT`` one inside a cluster; ``window_s`` to ``scheduler`` (of a Dask cluster
    that reads and judges) are about such a one. ``namespaces``: of either; of a cluster one at most.
    ``watch_s``: of this machine 30 s when not given; of a cluster what is known now.
    ``keep_as``: the result is kept on record by that name; ``diff``, ``baseline``, ``against``: ``since`` says what has
    changed. A record that cannot be written at the end is among what is ``absent``.
    """
    told = progress or Silent()
    source = parse_source(str(files[0])) if len(files) == 1 else None
    sources = [source or FileSource(PurePath(file)) for file in files] or [HostSource()]
    wish = keeping.Wish(keep_as, diff=diff, baseline=baseline, against=against)
    policy = wiring.policy() if keep_as else Policy()
    comparing = keeping.Comparing.of(
        sources, namespaces=namespaces, labels=labels, host=wiring.host(), policy=policy, wish=wish
    )
    kept_scans = wiring.kept_scans(store, writes=bool(keep_as))
    keeping.check_record(comparing, kept_scans)
    if isinstance(source, ClusterSource):
        looks = ClusterScan.of(watch_s=watch_s or 0.0, namespaces=namespaces, source=source)
        cluster, clock = wiring.cluster(source.context), wiring.machine().clock
        found = scan_cluster(source, cluster=cluster, clock=clock, settings=looks, progress=told)
    elif isinstance(source, MetricsSource):
        past = HistorySettings.of(
            window_s=window_s,
            step_s=step_s,
            at=at,
            namespaces=namespaces,
            labels=labels,
            budget=QueryBudget(at_once, budget_s, max_bytes, remote_read),
        )
        thresholds = wiring.policy()
        found = scan_prometheus(
            str(source),
            wiring.prometheus(source, past.budget),
            settings=past,
            policy=thresholds,
            now_s=time.time(),
            progress=told,
            elsewhere=wiring.fleet(scheduler, source, past.budget, thresholds),
        )
    else:
        settings = scanning.Settings.of(watch_s=30.0 if watch_s is None else watch_s, unit=unit, at=at)
        found = (
            scanning.scan_files([Path(file) for file in files], now_s=time.time(), settings=settings, progress=told)
            if files
            else scanning.scan_host(wiring.machine(), settings=settings, progress=told)
        )
    found = with_mutes(found, lambda: wiring.store_if_there(store), host=wiring.host())
    return keeping.on_record(found, comparing, kept_scans)[0]


def watch(
    *targets: str,
    watch_s: float,
    interval_s: float = 5.0,
    capture: bool = True,
    inspect: bool = False,
    max_pause_s: float = 5.0,
    pause_s: float = 30.0,
    keep_s: float = 30 * 86400.0,
    disk_bytes: int | None = None,
    store: str = "",
    progress: Progress | None = None,
) -> WatchReport:
    """As ``oakum watch [TARGET...] --for``; KeyboardInterrupt ends it earlier, and its report is given all the same.

    ``pause_s``: for how long targets may stand still within an hour, all together.
    ``keep_s``, ``disk_bytes``: what evidence is kept for after an incident's closing, and how much all of it may take.
    """
    manner = Manner(capture, inspect, max_pause_s, pause_s, wiring.for_errands(store))
    settings = watching.Settings.of(
        interval_s=interval_s, watch_s=watch_s, manner=manner, room=Room(keep_s, disk_bytes)
    )
    with wiring.bench(store, progress or Silent()) as bench:
        return watching.watch(
            [parse_target(text) for text in targets],
            bench=bench,
            errands=wiring.errands(),
            costs=wiring.own_costs(),
            settings=settings,
        )
