"""``python -m bench.redact``: redacts dumps of the lab's shops, writes docs/bench-redact.md."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.heap.dumps import SIZES, Missing, java_dump, node_dump
from bench.heap.process import run
from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown

ENGINE = "src/oakum/heap/redact"
OAKUM = Path(sys.executable).with_name("oakum")
MIB = 1 << 20
RECIPIENT = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
"""Nobody's: the example of the format's own pages."""

HEAD = """# What redacting a heap dump costs

Written by `make bench-redact`; change nothing by hand. `DATA=FOLDER` keeps the dumps, and takes those that are there.

The dumps are of two leaking shops, `lab/java/shop` and `lab/node/shop`, stopped between two requests. *The work alone*
is one process with its kernels ready: reading the mapped file three times, filling it, giving the pieces to nobody; its
CPU time is what it would take on a machine that does nothing else. *Above its start* is its resident memory, pages of
the file too, above what it was before the first byte. *The command* is `oakum heap redact IN OUT` as a whole, two
processes, with Python's start and the writing of the file; memory is that of both."""
WAYS = (
    ("the command", "out", ()),
    ("packed", "out.zst", ()),
    ("packed, sealed", "out.zst.age", ("--seal-to", RECIPIENT)),
)
COLUMNS = ("dump", "MB", "way", "wall s", "CPU s", "MB/s by wall", "MB/s by CPU", "peak MiB", "above its start MiB")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.redact", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--data", type=Path, help="keeps the dumps here")
    parser.add_argument("--small", action="store_true", help="only the small dumps")
    parser.add_argument("--alone", action="store_true", help="only the work alone, not the commands")
    chosen = parser.parse_args()
    before = stand(ENGINE)
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name, path in _dumps(chosen.data or Path(scratch), small=chosen.small):
            rows.append(_alone(name, path))
            rows += [] if chosen.alone else _commands(name, path, Path(scratch))
            print(rows[-1], file=sys.stderr)
    chosen.docs.mkdir(parents=True, exist_ok=True)
    written = chosen.docs / "bench-redact.md"
    table = markdown(COLUMNS, rows)
    facts = markdown(("", ""), [list(fact) for fact in told(before, stand(ENGINE))])
    written.write_text(f"{HEAD}\n\n{facts}\n\n{table}\n", encoding="utf-8")
    print(written)
    return 0


def _dumps(folder: Path, *, small: bool) -> Iterator[tuple[str, Path]]:
    size = SIZES[0 if small else 2]
    for name, make, suffix in (("JVM", java_dump, "hprof"), ("Node.js", node_dump, "heapsnapshot")):
        path = folder / f"shop-{size.name}.{suffix}"
        try:
            yield name, path if path.exists() else make(folder, size).path
        except Missing as exc:
            print(f"{name}: {exc}", file=sys.stderr)


def _alone(name: str, path: Path) -> list[str]:
    command = [sys.executable, "-m", "bench.redact.alone", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    spent = json.loads(done.stdout)
    peaks = (spent["peak_bytes"], spent["above_bytes"])
    return _row(name, path, "the work alone", spent["wall_s"], spent["cpu_s"], peaks)


def _commands(name: str, path: Path, scratch: Path) -> Iterator[list[str]]:
    for way, out, more in WAYS:
        (scratch / out).unlink(missing_ok=True)
        command = [str(OAKUM), "heap", "redact", str(path), str(scratch / out), *more]
        spent = run(command, cores=2, within_s=900, cwd=scratch)
        if spent.code != 0:
            raise SystemExit(spent.err)
        (scratch / out).unlink()
        yield _row(name, path, way, spent.wall_s, spent.cpu_s, (spent.peak_bytes, None))


def _row(name: str, path: Path, way: str, wall_s: float, cpu_s: float, peaks: tuple[int, int | None]) -> list[str]:
    size = path.stat().st_size / 1e6
    rates = [f"{size / wall_s:,.0f}", f"{size / cpu_s:,.0f}"]
    above = "" if peaks[1] is None else f"{peaks[1] / MIB:,.0f}"
    return [name, f"{size:,.0f}", way, f"{wall_s:.1f}", f"{cpu_s:.1f}", *rates, f"{peaks[0] / MIB:,.0f}", above]


if __name__ == "__main__":
    raise SystemExit(main())
