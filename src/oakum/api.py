"""The Python twin of the commands: the same journeys, values instead of text."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePath

from oakum import wiring
from oakum.act.plan import Wish
from oakum.incident.machine import Event
from oakum.incident.settings import Keeping
from oakum.loop import act as acting
from oakum.loop import capture as capturing
from oakum.loop import heap as heaping
from oakum.loop import histogram as counting
from oakum.loop import in_cluster, seen_before, with_dependency
from oakum.loop import incident as incidents
from oakum.loop import investigate as investigating
from oakum.loop import logs as log_reading
from oakum.loop import record as recording
from oakum.loop import redact as redacting
from oakum.loop import retain as retaining
from oakum.loop import scan as scanning
from oakum.loop import scan_kept as keeping
from oakum.loop import verify as verifying
from oakum.loop import watch as watching
from oakum.loop.capturing.record import check_record, on_record
from oakum.loop.capturing.settings import Settings as CaptureSettings
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
from oakum.model.capture import Capture
from oakum.model.errors import CallerError
from oakum.model.heap import HeapDiff, HeapPaths, HeapReport
from oakum.model.histogram import ClassHistogram
from oakum.model.incident import Incident
from oakum.model.metrics import QueryBudget
from oakum.model.mute import Mute
from oakum.model.plan_record import PlanRecord
from oakum.model.policy import Policy
from oakum.model.redaction import Redaction
from oakum.model.retention import Retained
from oakum.model.rights import HOME
from oakum.model.scan import Scan
from oakum.model.series import Series
from oakum.model.served import Served, parse_served
from oakum.model.source import ClusterSource, FileSource, HostSource, MetricsSource, metrics_source, parse_source
from oakum.model.standing import Story
from oakum.model.target import DependencyTarget, LogTarget, PodTarget, Target, WorkloadTarget, parse_target
from oakum.model.verification import Verification
from oakum.model.watch import WatchReport
from oakum.render import incident_html, incident_markdown, incident_summary


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
    beside: str = "",
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
    server = with_dependency.beside(wanted, beside) if beside else None
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


def list_incidents(*, every: bool = False, store: str = "") -> list[Incident]:
    """As ``oakum incident list``: the worst first."""
    rows = incidents.listed(wiring.recorder(store), closed=every, now_s=time.time())
    return [incident for incident, _ in rows]


def show_incident(name: str, *, store: str = "") -> Story:
    """As ``oakum incident show ID``."""
    return incidents.story(wiring.recorder(store), incidents.number_of(name), now_s=time.time())


def summarise_incident(name: str, *, store: str = "") -> str:
    """As ``oakum incident summary ID``: five lines."""
    return incident_summary(show_incident(name, store=store))


def report_incident(name: str, *, output: str = "html", store: str = "") -> str:
    """As ``oakum incident report ID``: ``html`` or ``markdown``; the same record makes the same text."""
    story = incidents.story(wiring.recorder(store), incidents.number_of(name), now_s=None)
    if output not in {"html", "markdown"}:
        raise CallerError(f"a report is html or markdown, not {output!r}", next_step="report_incident(ID)")
    return incident_html(story) if output == "html" else incident_markdown(story)


def note_incident(name: str, text: str, *, move: str = "", store: str = "") -> Incident:
    """As ``oakum incident note ID TEXT``."""
    if move and move not in set(Event):
        raise CallerError(f"{move!r} is no move", why=f"they are {', '.join(Event)}", next_step="leave move out")
    number, event = incidents.number_of(name), Event(move) if move else None
    return incidents.note(wiring.recorder(store), number, text, event=event, now_s=time.time())


def escalate_incident(name: str, *, level: int | None = None, store: str = "") -> Incident:
    """As ``oakum incident escalate ID``."""
    return incidents.escalate(wiring.recorder(store), incidents.number_of(name), level, now_s=time.time())


def close_incident(name: str, *, reason: str, store: str = "") -> Incident:
    """As ``oakum incident close ID``."""
    number = incidents.number_of(name)
    return incidents.move(wiring.recorder(store), number, Event.CLOSE, reason, now_s=time.time())


def retain_evidence(
    *,
    keep_s: float = 2_592_000.0,
    budget_bytes: int | None = None,
    unnamed: bool = False,
    dry_run: bool = False,
    store: str = "",
) -> Retained:
    """As ``oakum incident retain``. ``unnamed``: no other record keeps evidence in the same place."""
    recorder = wiring.recorder(store)
    keeping = Keeping(keep_s, budget_bytes, unnamed or recorder.store.blobs_alone)
    return retaining.retain(recorder, keeping, now_s=time.time(), dry_run=dry_run)


def mute(target: str, *, reason: str, for_s: float, store: str = "") -> Mute:
    """As ``oakum incident mute TARGET``."""
    recorder, processes = wiring.recorder(store), wiring.machine().processes
    made, _ = incidents.mute(recorder, target, reason=reason, for_s=for_s, processes=processes, now_s=time.time())
    return made


def list_mutes(*, store: str = "") -> list[Mute]:
    """As ``oakum incident mutes``."""
    return list(incidents.mutes(wiring.recorder(store).store))


def unmute(name: str, *, store: str = "") -> Mute:
    """As ``oakum incident unmute MUTE``."""
    return incidents.unmute(wiring.recorder(store), incidents.number_of(name, "mute"), now_s=time.time())


def analyze_heap(
    file: str | Path,
    *,
    baseline: str | Path | None = None,
    memory_bytes: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> HeapReport:
    """As ``oakum heap analyze FILE``. A broken dump gives what could be read, ``partial``."""
    bench = _bench(memory_bytes, fresh=fresh, progress=progress)
    return heaping.analyze(str(file), bench=bench, baseline="" if baseline is None else str(baseline))


def diff_heaps(
    *files: str | Path, memory_bytes: int | None = None, fresh: bool = False, progress: Progress | None = None
) -> HeapDiff:
    """As ``oakum heap diff A B…``: the oldest first."""
    return heaping.diff([str(file) for file in files], bench=_bench(memory_bytes, fresh=fresh, progress=progress))


def heap_paths(
    file: str | Path,
    what: str,
    *,
    most: int = 3,
    memory_bytes: int | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> HeapPaths:
    """As ``oakum heap paths FILE``; ``what``: the name of a class, or the id of an object (@413, 0x7f3a00)."""
    bench = _bench(memory_bytes, fresh=fresh, progress=progress)
    if what.startswith(("@", "0x")):
        return heaping.paths(str(file), object_id=what, most=most, bench=bench)
    return heaping.paths(str(file), name=what, most=most, bench=bench)


def capture_heap(
    target: str,
    file: str | Path,
    *,
    stop: bool = False,
    inspect: bool = False,
    budget: Budget | None = None,
    worker: str = "",
    raw: bool = False,
    seal_to: Sequence[str] = (),
    incident: str = "",
    store: str = "",
    progress: Progress | None = None,
) -> Capture:
    """As ``oakum heap capture TARGET --output FILE``. Raises the families of ``oakum.OakumError``.

    ``inspect``: a JVM or Node.js may be signalled and asked; ``budget``: what that may cost it, 15 s of pause when not
    given. ``raw``: the program's texts are written as they are. ``incident``: a copy becomes evidence of it. Where that
    fails, the file stays, and the error is raised.
    """
    recipients, terms = wiring.seal_recipients(seal_to), Terms(inspect, budget or Budget())
    settings = CaptureSettings(stop, raw, recipients, terms, worker, incident, store)
    wanted, told = parse_target(target), progress or Silent()
    if not incident:
        return capturing.capture(wanted, str(file), machine=wiring.machine(), settings=settings, progress=told)
    number, recorder = incidents.number_of(incident), wiring.recorder(store)
    check_record(number, str(file), recorder)
    taken = capturing.capture(wanted, str(file), machine=wiring.machine(), settings=settings, progress=told)
    return on_record(taken, number, recorder, now_s=time.time())


def heap_histogram(
    target: str, *, inspect: bool = False, budget: Budget | None = None, progress: Progress | None = None
) -> ClassHistogram:
    """As ``oakum heap histogram TARGET``. ``inspect``: the JVM may be signalled and asked; ``budget``: its pause."""
    terms = Terms(inspect, budget or Budget())
    return counting.histogram(
        parse_target(target), machine=wiring.machine(), terms=terms, progress=progress or Silent()
    )


def redact_heap(
    file: str | Path,
    out: str | Path,
    *,
    key: str | Path = "",
    seal_to: Sequence[str] = (),
    identity: str | Path = "",
    progress: Progress | None = None,
) -> Redaction:
    """As ``oakum heap redact IN OUT``."""
    settings = redacting.Settings(str(key), wiring.seal_recipients(seal_to), str(identity))
    told = progress or Silent()
    return redacting.redact(str(file), str(out), machine=wiring.machine(), settings=settings, progress=told)


def make_plan(
    target: str,
    *,
    restart: bool = False,
    stop: bool = False,
    collect: bool = False,
    limit_bytes: int | None = None,
    inspect: bool | None = None,
    watch_s: float = 20.0,
    capture: bool = True,
    store: str = "",
    progress: Progress | None = None,
) -> PlanRecord:
    """As ``oakum plan TARGET|INCIDENT``. Nothing is done."""
    wish = Wish(restart, stop, collect, limit_bytes, inspect)
    with wiring.bench(store, progress or Silent()) as bench:
        return acting.plan(target, wish, bench=bench, watch_s=watch_s, capture=capture)


def apply_plan(
    plan: str, *, yes: bool = False, kill: bool = False, store: str = "", progress: Progress | None = None
) -> PlanRecord:
    """As ``oakum apply PLAN``. ``yes``: your approval; without it nothing is done. ``kill``: SIGKILL too."""
    with wiring.bench(store, progress or Silent()) as bench:
        return acting.apply(plan, acting.Assent(yes=yes, kill=kill), bench=bench)


def undo_plan(plan: str, *, yes: bool = False, store: str = "", progress: Progress | None = None) -> PlanRecord:
    """As ``oakum undo PLAN``. ``yes``: your approval; without it nothing is done."""
    with wiring.bench(store, progress or Silent()) as bench:
        return acting.undo(plan, acting.Assent(yes=yes), bench=bench)


def verify_fix(
    target: str, *, watch_s: float | None = None, on: str = "", store: str = "", progress: Progress | None = None
) -> Verification:
    """As ``oakum verify INCIDENT|TARGET``: watched for as long as the policy's quick check unless told otherwise."""
    with wiring.bench(store, progress or Silent()) as bench:
        return verifying.verify(target, bench=bench, watch_s=watch_s, on=on)


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


def _bench(memory_bytes: int | None, *, fresh: bool, progress: Progress | None) -> heaping.Bench:
    return heaping.Bench(
        machine=wiring.machine(),
        settings=heaping.Settings.of(memory_bytes=memory_bytes, fresh=fresh),
        progress=progress or Silent(),
        answers=wiring.answers(),
    )
