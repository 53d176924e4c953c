"""``python -m bench.judge.record``: record the lab's programs again, in memory cgroups, by Oakum's own watch.

Two run at a time; all together take about three quarters of an hour. The file is replaced when all have ended.
``--only NAME`` records some again and keeps the others.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from bench.judge.lab import COLUMNS, TRACES
from oakum.host import this_machine
from oakum.model.absent import Absent
from oakum.model.series import WorkloadSeries
from oakum.sense.watch import ProcessWatch

PROGRAMS = Path(__file__).parents[2] / "lab" / "programs"
AT_ONCE = 2
MINUTE = 60.0
MEBI = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """One recording. ``life_s``: each life ends by itself after so long. ``again``: a shell starts the program anew.

    ``replaced_s``: every so often the program's master is asked to put a new worker in the old one's place.
    """

    name: str
    program: str
    leaks: bool
    pattern: str
    seconds: float
    limit_mib: int
    rate: float = 2.0
    every_s: float = 1.0
    life_s: float = 3600.0
    again: bool = False
    replaced_s: float = 0.0

    @property
    def command(self) -> list[str]:
        one = [
            sys.executable,
            str(PROGRAMS / f"{self.program}.py"),
            "--rate",
            f"{self.rate}",
            "--for",
            f"{self.life_s}",
        ]
        if not self.again:
            return one
        return ["/bin/sh", "-c", 'while true; do "$@"; done', "sh", *one]


PLANS = (
    Plan("sessions-slow", "sessions", True, "linear", 12 * MINUTE, 512, rate=0.4),
    Plan("worker-threads-slow", "worker_threads", True, "linear", 12 * MINUTE, 384, rate=0.25),
    Plan("cache-fills-slowly", "lru_cache_filling", False, "warm-up", 12 * MINUTE, 512, rate=0.6),
    Plan("tokens-expire", "ttl_sweep", False, "sawtooth", 12 * MINUTE, 128),
    Plan("strings-killed-again", "string_set", True, "linear", 4 * MINUTE, 128, rate=2.5, every_s=0.5, again=True),
    Plan("queue-killed", "queue_backlog", True, "linear", 4 * MINUTE, 256, rate=1.5, every_s=0.5),
    Plan("list-killed-again", "linked_list", True, "linear", 4 * MINUTE, 160, every_s=0.5, again=True),
    Plan("worker-replaced", "supervised", True, "linear", 4 * MINUTE, 384, every_s=0.5, replaced_s=80),
    Plan("listeners", "listeners", True, "linear", 3 * MINUTE, 384, rate=1.0),
    Plan("spans", "deque_backlog", True, "linear", 4 * MINUTE, 256, rate=0.5),
    Plan("pages-cached", "lru_filling", False, "warm-up", 4 * MINUTE, 384, rate=2.5),
    Plan("catalogue-warms-up", "warm_up", False, "warm-up", 4 * MINUTE, 96, rate=0.5),
    Plan("garbage-in-cycles", "gc_sawtooth", False, "sawtooth", 4 * MINUTE, 128, rate=1.0, every_s=0.5),
    Plan("batches", "batch_load", False, "sawtooth", 4 * MINUTE, 96, rate=1.0, every_s=0.5),
    Plan("restarted-well", "warm_up", False, "warm-up", 4 * MINUTE, 96, rate=2.0, every_s=0.5, life_s=50, again=True),
    Plan("index-at-rest", "steady_heap", False, "flat", 3 * MINUTE, 384),
    Plan("positions-turn-over", "churn", False, "flat", 3 * MINUTE, 96),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.judge.record", description=__doc__)
    parser.add_argument("--only", action="append", metavar="NAME", choices=[plan.name for plan in PLANS])
    parser.add_argument("--seconds", type=float, help="at most this long each: a rehearsal")
    parser.add_argument("--to", type=Path, default=TRACES, help="the file")
    chosen = parser.parse_args()
    plans = [plan for plan in PLANS if not chosen.only or plan.name in chosen.only]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        frames = list(pool.map(lambda plan: recorded(plan, chosen.seconds or plan.seconds), plans))
    told = {"made": f"{datetime.now(UTC):%Y-%m-%d} on Linux {platform.release()}, Python {platform.python_version()}"}
    if chosen.only and chosen.to.is_file():
        kept = pl.read_parquet(chosen.to).filter(~pl.col("trace").is_in(chosen.only))
        frames.insert(0, kept)
    pl.concat(frames).write_parquet(chosen.to, compression="zstd", compression_level=19, metadata=told)
    print(f"{chosen.to}: {chosen.to.stat().st_size / 1024:.0f} KiB")
    return 0


def recorded(plan: Plan, seconds: float) -> pl.DataFrame:
    """One row per sample. Raises SystemExit where this machine gives no memory cgroup."""
    machine = this_machine()
    sandbox = machine.sandboxes.create(f"record-{plan.name}"[:40], plan.limit_mib * MEBI)
    if isinstance(sandbox, Absent):
        raise SystemExit(f"bench: no memory cgroup here: {sandbox.why}. Next: {sandbox.get}")
    with closing(sandbox):
        process = sandbox.start(plan.command)
        ready = _line(process)
        onset_s = time.time()
        # What grows is the worker, where there is one.
        pid = int(ready.get("leaking", ready["pid"]))
        watch = ProcessWatch(
            pid,
            processes=machine.processes,
            cgroups=machine.cgroups,
            clock=machine.clock,
            interval_s=plan.every_s,
        )
        with watch:
            for _ in _watched(plan, watch, process, time.monotonic() + seconds):
                pass
            series = watch.told(machine.kernel_log).series
        with suppress(OSError):
            if process.stdin is not None:
                process.stdin.close()
    print(f"{plan.name}: {series.samples} samples, {[str(life.ending) for life in series.lifetimes]}", flush=True)
    return _rows(plan, series, onset_s)


def _watched(plan: Plan, watch: ProcessWatch, process: subprocess.Popen[bytes], until_s: float) -> Iterator[None]:
    """Samples until the time is up, or until it ended and nobody took its place."""
    replaced_s = time.monotonic()
    while time.monotonic() < until_s:
        if not watch.tick() and not watch.follow():
            return
        if plan.replaced_s and time.monotonic() - replaced_s > plan.replaced_s and process.stdin is not None:
            replaced_s = time.monotonic()
            process.stdin.write(b"replace\n")
            process.stdin.flush()
        yield


def _line(process: subprocess.Popen[bytes]) -> dict[str, str]:
    if process.stdout is None:
        raise SystemExit("bench: the program has no standard output")
    line = process.stdout.readline().decode()
    if not line.startswith("ready"):
        raise SystemExit(f"bench: the program did not start: {line!r}")
    return dict(word.split("=", 1) for word in line.split() if "=" in word)


def _rows(plan: Plan, series: WorkloadSeries, onset_s: float) -> pl.DataFrame:
    parts = []
    for number, life in enumerate(series.lifetimes):
        parts.append(
            pl.DataFrame(
                {"at_s": life.at_s.round(3), "anon_bytes": life.value.astype("int64")},
            ).with_columns(
                pl.lit(plan.name).alias("trace"),
                pl.lit(plan.program).alias("program"),
                pl.lit("leak" if plan.leaks else "healthy").alias("label"),
                pl.lit(plan.pattern).alias("pattern"),
                pl.lit(round(onset_s, 3) if plan.leaks else None, pl.Float64).alias("onset_s"),
                pl.lit(number, pl.Int16).alias("lifetime"),
                pl.lit(life.started_s, pl.Float64).round(2).alias("started_s"),
                pl.lit(str(life.ending)).alias("ending"),
                pl.lit(plan.limit_mib * MEBI, pl.Int64).alias("limit_bytes"),
            )
        )
    return pl.concat(parts).select(COLUMNS)


if __name__ == "__main__":
    raise SystemExit(main())
