"""``oakum scan``: which workloads leak? This machine's processes and cgroups, or series in files."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from shlex import quote
from typing import TYPE_CHECKING

import numpy as np

from oakum.explain.oom import blame
from oakum.judge import judge, judge_many
from oakum.loop.folded import Folded
from oakum.model.absent import Absent
from oakum.model.errors import CallerError, DataError, MachineError
from oakum.model.scan import Scan, Skipped, Window
from oakum.model.series import FAR_S, Ending, Series, WorkloadSeries
from oakum.model.units import format_count, format_duration
from oakum.model.verdict import Verdict
from oakum.sense.files import read_series
from oakum.sense.machine import MachineWatch
from oakum.sense.small_values import small_values

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress


OOMS_SINCE_S = 86_400.0
"""Kills are told as far back as this, in seconds."""

MANY = 300
"""From this many series on, compiled kernels are faster than they take to load."""

SHORT_SAMPLES = 100
MANY_SAMPLES = 20_000
"""Series of fewer samples each, and of fewer together, take plain kernels no longer than some five seconds."""

UNTOLD = "bytes"
"""The unit of values in files where nobody told one; ``B`` is who says that they are bytes."""

AT_ONCE = 1_000_000
"""Samples that are judged together: some 30 MB with what is worked out of them."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How one scan is made."""

    watch_s: float
    """This machine: how long to watch, in seconds."""

    interval_s: float
    """This machine: between two samples, in seconds."""

    unit: str
    """Files: unit of values where no column says."""

    at_s: float | None
    """Files: judge as of this moment (UTC epoch), None for the end."""

    @classmethod
    def of(cls, *, watch_s: float = 30.0, interval_s: float = 1.0, unit: str = "bytes", at: str = "") -> Settings:
        """Raises CallerError for a watch that holds fewer than 8 samples, or a time that is none."""
        if watch_s < 8 * interval_s or interval_s < 0.05:
            raise CallerError(
                f"cannot judge {format_duration(watch_s)} with a sample every {format_duration(interval_s)}",
                why="8 samples or more are needed, 50 ms apart or more",
                next_step="oakum scan host --for 30s --every 1s",
            )
        return cls(watch_s, interval_s, unit, moment(at) if at else None)


def moment(text: str) -> float:
    """UTC epoch seconds; a time without a zone is UTC, as in files."""
    try:
        at_s = float(text)
    except ValueError:
        at_s = _from_iso(text)
    if not abs(at_s) < FAR_S:
        raise CallerError(
            f"{text!r} is no moment that samples could have",
            why="epoch times are in seconds here, not in milliseconds",
            next_step="--at 2026-11-20T03:00:00Z",
        )
    return at_s


def _from_iso(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CallerError(
            f"{text!r} is not a time",
            why="UTC epoch seconds or ISO 8601 is wanted",
            next_step="--at 2026-11-20T03:00:00Z",
        ) from None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def scan_host(machine: Machine, *, settings: Settings, progress: Progress) -> Scan:
    """Every process and cgroup that can be seen, judged after one watch."""
    watch = MachineWatch(
        processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock, interval_s=settings.interval_s
    )
    with watch:
        progress.stage(
            f"watching {format_count(watch.scopes)} processes and cgroups for {format_duration(settings.watch_s)}"
        )
        end_s = machine.clock.monotonic_s() + settings.watch_s
        while machine.clock.monotonic_s() < end_s:
            watch.tick()
        series = watch.series(machine.kernel_log)
    now_s = machine.clock.now_s()
    judged = _Judged()
    for workload in series:
        judged.add(workload)
    found = judged.scan("host", (), now_s, settings.interval_s)
    reports = machine.kernel_log.oom_reports(now_s - OOMS_SINCE_S)
    if isinstance(reports, Absent):
        return replace(found, node=machine.node.view(), absent=(*found.absent, reports))
    return replace(found, node=machine.node.view(), ooms=tuple((report, blame(report)) for report in reports))


def scan_files(paths: Sequence[PurePath], *, now_s: float, settings: Settings, progress: Progress) -> Scan:
    """Partial where a series of them could not be judged for what is in its rows.

    Raises DataError for a file that cannot be understood, MachineError for one that cannot be read.
    """
    judged = _Judged()
    counts: Counter[str] = Counter()
    warnings: list[str] = []
    unread = False
    for path in paths:
        progress.stage(f"reading {path}")
        read = read_series(_content(path), str(path), unit=settings.unit)
        if read.skipped and not read.series:
            raise DataError(
                f"{path}: no series of it can be judged",
                why=f"{read.skipped[0].id}: {read.skipped[0].why}",
                next_step=f"head {quote(str(path))}",
            )
        counts.update(workload.id for workload in read.series)
        judged.skipped += read.skipped
        warnings += read.warnings
        unread = unread or bool(read.skipped)
        if settings.unit == UNTOLD and not read.unit_told and (small := small_values(read.series)):
            warnings.append(f"{path}: {small}")
        for workload in read.series:
            judged.add(workload, settings.at_s)
    warnings += _again(counts)
    return replace(judged.scan(", ".join(map(str, paths)), warnings, now_s), partial=unread)


def _again(counts: Counter[str]) -> list[str]:
    """Of series that share their name, in one file or in several: they are not joined."""
    return [
        f"{name} stands for {format_count(count)} series; each is judged by itself"
        for name, count in counts.items()
        if count > 1
    ]


def _content(path: PurePath) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError as exc:
        raise CallerError(f"there is no file {path}", next_step=f"ls {quote(str(path.parent))}") from exc
    except IsADirectoryError as exc:
        raise CallerError(
            f"{path} is a folder", why="a file of series is wanted", next_step=f"ls {quote(str(path))}"
        ) from exc
    except OSError as exc:
        raise MachineError(
            f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {quote(str(path))}"
        ) from exc


def _until(whole: WorkloadSeries, at_s: float) -> WorkloadSeries | None:
    lifetimes = [_cut(lifetime, at_s) for lifetime in whole.lifetimes if lifetime.at_s[0] <= at_s]
    if not lifetimes:
        return None
    return WorkloadSeries(
        whole.id, tuple(lifetimes), whole.unit, whole.scope, whole.metric, whole.labels, whole.node_limit
    )


def _cut(lifetime: Series, at_s: float) -> Series:
    kept = int(np.searchsorted(lifetime.at_s, at_s, side="right"))
    if kept == len(lifetime):
        return lifetime
    return replace(lifetime.rows(slice(kept)), ended_s=None, ending=Ending.RUNNING)


@dataclass(slots=True)
class _Judged:
    """Series are judged as they come, ``AT_ONCE`` samples together, and few of these samples are kept."""

    rows: Folded = field(default_factory=Folded)
    skipped: list[Skipped] = field(default_factory=list)
    waiting: list[WorkloadSeries] = field(default_factory=list)
    seen: int = 0
    samples: int = 0
    start_s: float = math.inf
    end_s: float = -math.inf

    def add(self, workload: WorkloadSeries, at_s: float | None = None) -> None:
        """``at_s``: what came later is left out."""
        cut = workload if at_s is None else _until(workload, at_s)
        if cut is None:
            self.skipped.append(Skipped(workload.id, "it has no sample as early as --at", workload.labels))
            return
        self.waiting.append(cut)
        self.samples += cut.samples
        if self.samples >= AT_ONCE:
            self._judge()

    def scan(self, source: str, warnings: Sequence[str], now_s: float, step_s: float | None = None) -> Scan:
        self._judge()
        known = self.start_s <= self.end_s
        window = Window(self.start_s, self.end_s, step_s) if known else Window(now_s, now_s, step_s)
        return Scan(source, now_s, window, self.rows.told(), tuple(self.skipped), (), tuple(warnings))

    def _judge(self) -> None:
        self.seen += len(self.waiting)
        for workload, verdict in zip(self.waiting, verdicts(self.waiting, many=self.seen >= MANY), strict=True):
            if isinstance(verdict, DataError):
                self.skipped.append(Skipped(workload.id, verdict.what, workload.labels))
                continue
            for life in workload.lifetimes:
                if len(life):
                    self.start_s = min(self.start_s, float(life.at_s[0]))
                    self.end_s = max(self.end_s, float(life.at_s[-1]))
            # Two of one name are two.
            self.rows.add((workload, verdict), object())
        self.waiting, self.samples = [], 0


def _short(series: Sequence[WorkloadSeries]) -> bool:
    counts = [each.samples for each in series]
    return max(counts, default=0) < SHORT_SAMPLES and sum(counts) < MANY_SAMPLES


def verdicts(
    series: Sequence[WorkloadSeries], *, many: bool = False, sparing: bool = False
) -> Iterator[Verdict | DataError]:
    """A handful is answered at once; many are worth a compiler.

    ``many``: these are but some of them. ``sparing``: no compiler, which takes 200 MiB, for many that are short: these
    are judged in seconds without.
    """
    if (many or len(series) >= MANY) and not (sparing and _short(series)):
        yield from judge_many(series, workers=min(8, len(os.sched_getaffinity(0))))
        return
    for workload in series:
        try:
            yield judge(workload)
        except DataError as exc:
            yield exc
