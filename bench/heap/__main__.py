"""``python -m bench.heap [--data FOLDER] [--times N] [--size NAME]``: Oakum and the peers that are on the PATH.

Dumps are made once into the folder and kept. Peers: ``hprof-slurp`` (histogram only) and ``memlab`` (object-size).
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.heap.dumps import JAVA_SIZES, NODE_SIZES, java_dump, node_snapshot
from bench.heap.measure import Cost, measured
from oakum.model.units import format_size

OAKUM = str(Path(sys.executable).with_name("oakum"))


def commands(path: Path) -> list[tuple[str, list[str]]]:
    """(name, command) for what can read this dump here."""
    found = [("oakum heap analyze", [OAKUM, "heap", "analyze", str(path), "-o", "json"])]
    if path.suffix == ".hprof" and shutil.which("hprof-slurp"):
        found.append(("hprof-slurp (histogram)", ["hprof-slurp", str(path)]))
    if path.suffix == ".heapsnapshot" and shutil.which("memlab"):
        found.append(("memlab object-size", ["memlab", "analyze", "object-size", "--snapshot", str(path)]))
    return found


def row(name: str, path: Path, cost: Cost) -> str:
    rate = path.stat().st_size / cost.cpu_s / 1e6
    cells = (f"{cost.wall_s:.1f} s", f"{cost.cpu_s:.1f} s", format_size(cost.anon_bytes), format_size(cost.rss_bytes))
    return f"| {path.name}, {format_size(path.stat().st_size)} | {name} | {' | '.join(cells)} | {rate:.0f} MB/CPU-s |"


def told(name: str, path: Path, command: list[str], times: int) -> str:
    """A peer that fails on a dump has a row that says so."""
    try:
        return row(name, path, measured(command, times=times))
    except subprocess.CalledProcessError as exc:
        return f"| {path.name} | {name} | exit {exc.returncode} |  |  |  |  |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.heap")
    parser.add_argument("--data", help="folder to keep the dumps in", default=f"{tempfile.gettempdir()}/oakum-dumps")
    parser.add_argument("--times", type=int, default=3, help="runs of each; the one of median CPU time is told")
    parser.add_argument("--size", choices=[size.name for size in JAVA_SIZES], action="append", help="only these sizes")
    chosen = parser.parse_args()
    folder = Path(chosen.data)
    folder.mkdir(parents=True, exist_ok=True)
    print("| dump | program | wall | CPU | anonymous, peak | RSS, peak | rate |\n|---|---|---|---|---|---|---|")
    for sizes, make in ((JAVA_SIZES, java_dump), (NODE_SIZES, node_snapshot)):
        for size in sizes:
            path = make(folder, size) if not chosen.size or size.name in chosen.size else None
            for name, command in commands(path) if path is not None else []:
                print(told(name, path, command, chosen.times), flush=True)  # type: ignore[arg-type]
    return 0


if __name__ == "__main__":
    sys.exit(main())
