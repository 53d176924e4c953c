"""``python -m bench.speed``: writes docs/bench-speed.md. Every measurement has a process of its own."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.judge.report.machine import ROOT, stand, told
from bench.speed.measured import Measured, Started
from bench.speed.methods import METHODS
from bench.speed.page import page

CORES = (1, 2)
LONGEST_S = 600.0
"""What would take longer, by what the smaller size took, is not run."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.speed", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--most", type=int, default=100_000, help="no more series than this")
    parser.add_argument("--data", help="not used: the fleet is generated")
    chosen = parser.parse_args()
    before = stand()
    starts = {name: Started(**answer) for name, answer in _starts()}
    rows = list(_rows(chosen.most))
    chosen.docs.mkdir(parents=True, exist_ok=True)
    written = chosen.docs / "bench-speed.md"
    written.write_text(page(told(before, stand()), rows, starts), encoding="utf-8")
    print(written)
    return 0


def _rows(most: int) -> Iterator[Measured | str]:
    """Measurements, and one line for each that was not made."""
    for method in METHODS:
        for cores in CORES:
            each_s = 0.0
            for size in method.sizes:
                if size > most:
                    continue
                if each_s * size > LONGEST_S:
                    would = f"it would take {each_s * size:.0f} s"
                    yield f"{method.name}, {size:,} series, cores: {cores}: not run, {would}"
                    continue
                row = Measured(**_child(method.name, str(size), str(cores)))
                each_s = row.seconds / size
                print(f"{row.method}: {row.series} series, cores: {cores}: {row.seconds:.2f} s", file=sys.stderr)
                yield row


def _starts() -> Iterator[tuple[str, dict[str, Any]]]:
    """With an empty cache of kernels, then with what that left."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "warm"):
            yield name, _child("start", environment={"NUMBA_CACHE_DIR": folder})


def _child(*arguments: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.speed.child", *arguments],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    raise SystemExit(main())
