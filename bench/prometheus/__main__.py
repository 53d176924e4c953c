"""``python -m bench.prometheus``: a scan of a fleet in a real Prometheus, beside a plain pull of the same series.

Writes docs/bench-prometheus.md. What was filled in once is kept under the folder for temporary files.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from bench.judge.report.machine import ROOT, stand, told
from bench.prometheus import files, fleet
from bench.prometheus.measured import Run, measured
from bench.prometheus.page import PACKED, Found, page
from lab.metrics.servers import fill, started

RUNS = {"Oakum, first": (), "Oakum, again": (), "Oakum, one request at a time": ("--at-once", "1"), PACKED: ()}
GZIP = {"OAKUM_PROMETHEUS_HEADERS": "Accept-Encoding: gzip"}
PEERS = {"whole": "one query for all", "namespaces": "a query for each namespace"}

WARM = """
import numpy as np
from oakum.judge import judge_columns, plain_columns
judge_columns(plain_columns(np.array([0, 9]), np.arange(9.0), np.ones(9), unit="bytes"))
"""
"""Compiles the kernels, where that was not done before."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.prometheus", description=__doc__)
    parser.add_argument("--containers", type=int, nargs="*", default=[1_000, 10_000], help="sizes, one after the other")
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--peer", default="", help="a Python that has prometheus-api-client and pandas")
    parser.add_argument("--files", type=int, default=100_000, help="series in files, 0 for none")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--data", help="not used: the fleet is generated")
    chosen = parser.parse_args()
    subprocess.run([sys.executable, "-c", WARM], cwd=ROOT, check=True)
    before = stand("src/oakum")
    found = [row for size in chosen.containers for row in _size(size, chosen.hours, chosen.peer)]
    in_files = files.scanned(chosen.files) if chosen.files else None
    chosen.docs.mkdir(parents=True, exist_ok=True)
    written = chosen.docs / "bench-prometheus.md"
    written.write_text(page(told(before, stand("src/oakum")), found, chosen.hours, in_files), encoding="utf-8")
    print(written)
    return 0


def _size(containers: int, hours: int, peer: str) -> Iterator[Found]:
    with _served(containers, hours) as (address, server):
        planted = {f"svc-{number:06d}" for number in range(0, containers, fleet.LEAK_EVERY)}
        scan = [sys.executable, "-m", "oakum.cli.entry", "scan", address, "--at", str(fleet.END_S)]
        scan += ["--window", f"{hours}h", "-o", "json"]
        for name, more in RUNS.items():
            run = measured(name, [*scan, *more], server, GZIP if name == PACKED else {})
            answered = run.exit in {0, 1}
            leaks = _leaks(run) if answered else set()
            yield Found(run, containers, answered, len(leaks & planted), len(leaks - planted), len(planted))
        stages = [sys.executable, "-m", "bench.prometheus.stages", address, str(hours)]
        run = measured("Oakum, with a clock on each stage", stages, server)
        yield Found(run, containers, run.exit == 0, stages=json.loads(run.out) if run.exit == 0 else None)
        for how, asked in PEERS.items() if peer else ():
            run = measured(f"pandas, {asked}", [peer, "-m", "bench.prometheus.peer", address, str(hours), how], server)
            worst = json.loads(run.out)["worst"][: len(planted)] if run.exit == 0 else []
            named = {pod[:10] for pod in worst}
            yield Found(run, containers, run.exit == 0, len(named & planted), len(named - planted), len(planted))


def _leaks(run: Run) -> set[str]:
    answer = json.loads(run.out)
    print(f"  {answer['warnings'][-1]}", flush=True)
    return {row["labels"]["pod"][:10] for row in answer["series"] if row["verdict"] == "leak"}


@contextmanager
def _served(containers: int, hours: int) -> Iterator[tuple[str, int]]:
    """A Prometheus with that fleet in it, filled once: its address, and its process."""
    made_by = sha256(Path(fleet.__file__).read_bytes()).hexdigest()[:12]
    kept = Path(tempfile.gettempdir()) / "oakum-bench-prometheus" / f"{containers}x{hours}h-{made_by}"
    if not kept.exists():
        _fill(kept, containers, hours)
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        # A copy of links: what a server adds to its folder is its own.
        shutil.copytree(kept, Path(folder) / "data", copy_function=_linked)
        with started(Path(folder), Path(folder) / "data") as running:
            yield running


def _linked(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def _fill(kept: Path, containers: int, hours: int) -> None:
    begun_s = time.monotonic()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        text = Path(folder) / "fleet.om"
        samples = fleet.write(text, containers, hours)
        print(f"{samples:,} samples of memory written in {time.monotonic() - begun_s:.0f} s", flush=True)
        fill(Path(folder) / "data", text)
        (Path(folder) / "data").rename(kept)
    print(f"filled in after {time.monotonic() - begun_s:.0f} s", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
