"""``python -m bench.prometheus.many``: the same 100,000 series by files, by one process, and by Dask with two workers.

Writes docs/bench-fleet.md. Time, memory, and whether the answers are equal, series by series.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown
from bench.prometheus.__main__ import WARM
from bench.prometheus.many_filled import END_S, IN_ONE
from bench.prometheus.measured import Run, measured, peak
from bench.speed.fleet import SAMPLES
from lab.metrics.servers import victoria_started

WORKERS = 2
WORKER_MEMORY = "1GiB"
BOUNDS = ("--budget", "1h", "--max-bytes", "32GiB")

HEAD = """# One fleet by files, by one process and by Dask

Written by `make bench-prometheus.many`; change nothing by hand.

{series:,} series of `make bench-speed`, each a container with a limit, 24 h at 1 min, on whole minutes: {samples:,}
samples. They are in Parquet files of {in_one:,} series, and in a real VictoriaMetrics of this machine, which is read by
its export. Each row is the whole command, `oakum scan … -o json`, imports and all, once kernels are compiled. Dask has
a scheduler and {workers} workers of one thread each, processes of this machine too: the cores are shared by all that
stand in a row, so workers here are no faster than one process that uses both cores. What is shown is what they cost,
and that the answer is the same.
"""
COLUMNS = ("who", "seconds", "CPU s", "peak MiB", "server CPU s", "server MiB", "load before", "CPU µs per series")
COMPARED = ("verdict", "pattern", "probability", "rate_per_s", "level", "limit", "forecast", "onset_s")


@dataclass(frozen=True)
class Part:
    """One process that helped. ``peak_mib``: resident; since it was started."""

    name: str
    cpu_s: float
    peak_mib: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.prometheus.many", description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--data", help="not used: the fleet is generated")
    chosen = parser.parse_args()
    subprocess.run([sys.executable, "-c", WARM], cwd=ROOT, check=True)
    before, runs, answers = stand("src/oakum"), list[Run](), dict[str, dict[str, Any]]()
    parts: list[Part] = []
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        address, server = stack.enter_context(victoria_started(folder, "-memory.allowedBytes=1GiB"))
        fill = [sys.executable, "-m", "bench.prometheus.many_filled", str(folder), address, str(chosen.series)]
        subprocess.run(fill, cwd=ROOT, check=True)
        files = [str(path) for path in sorted(folder.glob("*.parquet"))]
        scan = [sys.executable, "-m", "oakum.cli.entry", "scan"]
        history = [address, "--at", str(END_S), "--window", "24h", "--step", "1min", *BOUNDS]
        runs.append(_kept(measured(f"{len(files)} files", [*scan, *files, "-o", "json"]), answers))
        runs.append(_kept(measured("one process", [*scan, *history, "-o", "json"], server), answers))
        with _cluster(folder) as (scheduler, processes):
            dask = [*scan, *history, "--scheduler", scheduler, "-o", "json"]
            runs.append(_kept(measured(f"Dask, {WORKERS} workers", dask, server), answers))
            parts = [_part(name, pid) for name, pid in processes.items()]
    written = chosen.docs / "bench-fleet.md"
    facts = told(before, stand("src/oakum"))
    written.write_text(_page(facts, chosen.series, runs, parts, answers), encoding="utf-8")
    print(written)
    return 0


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """Its address, and its processes by name."""
    import distributed  # noqa: PLC0415

    file = folder / "scheduler.json"
    with ExitStack() as stack:
        own = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        scheduler = stack.enter_context(_started("distributed.cli.dask_scheduler", *own))
        for _ in range(600):
            if file.exists() and file.read_text():
                break
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        found = {"scheduler": scheduler.pid}
        for number in range(WORKERS):
            how = ("--no-nanny", "--nthreads", "1", "--memory-limit", WORKER_MEMORY, "--no-dashboard")
            worker = stack.enter_context(_started("distributed.cli.dask_worker", address, *how))
            found[f"worker {number + 1}"] = worker.pid
        with distributed.Client(address, set_as_default=False) as client:
            client.wait_for_workers(WORKERS, timeout=120)
        yield address, found


@contextmanager
def _started(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=quiet, stderr=quiet, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _part(name: str, pid: int) -> Part:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return Part(name, (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), peak(pid))


def _kept(run: Run, answers: dict[str, dict[str, Any]]) -> Run:
    """Of each series what the answers have in common. Raises where there is no answer."""
    if run.exit not in {0, 1}:
        raise RuntimeError(f"{run.name} ended with {run.exit}: {run.said}")
    answer = json.loads(run.out)
    rows = {}
    for row in answer["series"]:
        name = row["labels"].get("pod") or row["id"]
        rows[name] = {field: row[field] for field in COMPARED}
    answers[run.name] = {"rows": rows, "order": [row["labels"].get("pod") or row["id"] for row in answer["series"]]}
    answers[run.name] |= {"partial": answer["partial"], "skipped": len(answer["skipped"])}
    return run


def _page(
    facts: Sequence[tuple[str, str]],
    series: int,
    runs: Sequence[Run],
    parts: Sequence[Part],
    answers: Mapping[str, Mapping[str, Any]],
) -> str:
    rows = [
        [
            run.name,
            f"{run.seconds:.1f}",
            f"{run.cpu_s:.1f}",
            f"{run.peak_mib:,.0f}",
            f"{run.server_cpu_s:.1f}" if run.server_mib else "",
            f"{run.server_mib:,.0f}" if run.server_mib else "",
            f"{run.load:.1f}",
            f"{1e6 * run.cpu_s / series:,.0f}",
        ]
        for run in runs
    ]
    helped = [[part.name, f"{part.cpu_s:.1f}", f"{part.peak_mib:,.0f}"] for part in parts]
    first, *others = (run.name for run in runs)
    equal = [[f"{first} and {other}", *_equal(answers[first], answers[other])] for other in others]
    equal.append([f"{others[0]} and {others[1]}", *_equal(answers[others[0]], answers[others[1]])])
    parts_of = [
        HEAD.format(series=series, samples=series * SAMPLES, in_one=IN_ONE, workers=WORKERS).strip(),
        markdown(("", ""), [list(fact) for fact in facts]),
        "## Runs",
        markdown(COLUMNS, rows),
        "With Dask, the row is of the command alone; beside it were:",
        markdown(("who", "CPU s", "peak MiB"), helped),
        "## Answers",
        f"Compared are {', '.join(COMPARED)}, of each series.",
        markdown(("", "series in both", "that differ", "largest relative difference", "same order"), equal),
        "Where two series are equally bad their names decide, and those in files are other ones.",
        _counts(answers[first]),
    ]
    return "\n\n".join(parts_of) + "\n"


def _counts(answer: Mapping[str, Any]) -> str:
    counts: dict[str, int] = {}
    for row in answer["rows"].values():
        counts[row["verdict"]] = counts.get(row["verdict"], 0) + 1
    return f"{', '.join(f'{count:,} {name}' for name, count in sorted(counts.items()))}."


def _equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    both = one["rows"].keys() & other["rows"].keys()
    differ, furthest = 0, 0.0
    for name in both:
        if one["rows"][name] != other["rows"][name]:
            differ += 1
            furthest = max(furthest, _apart(one["rows"][name], other["rows"][name]))
    same = "yes" if one["order"] == other["order"] else "no"
    return [f"{len(both):,}", f"{differ:,}", f"{furthest:.2g}" if differ else "0", same]


def _apart(one: Any, other: Any) -> float:
    """The largest relative difference between numbers; infinite between things of another kind."""
    if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
        return max((_apart(one[name], other[name]) for name in one), default=0.0)
    if isinstance(one, float | int) and isinstance(other, float | int):
        return abs(one - other) / max(abs(one), abs(other), 1e-12)
    return 0.0 if one == other else math.inf


if __name__ == "__main__":
    raise SystemExit(main())
