"""``python -m bench.heaptrack``: what it costs a program in C++ that Oakum, or heaptrack, looks at it: a page."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.heap.process import run
from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown

ENGINE = "src/oakum/heap/formats/native"
SOURCE = ROOT / "lab" / "native" / "turns.cc"
PAGE = "bench-heaptrack.md"
BLOCKS = 100_000_000
WATCHED_S = 4
ROUNDS = 3
WITHIN_S = 600.0
MIB = 1 << 20
WRITTEN = (
    f"Written by `make bench-heaptrack`; change nothing by hand. `lab/native/turns` makes and frees {BLOCKS:,}"
    " blocks as fast as it can, keeps one object of `shop::Session` for each 400, and ends: the worst case for"
    f" who counts calls of malloc. `s`: what it took, the least of {ROUNDS} rounds, each with the CPU time of the"
    f" program itself. heaptrack looks from the start on; Oakum is `oakum investigate pid/N --for {WATCHED_S}s`"
    " beside the running program. `load`: of the machine, over the minute before."
)
NAMED = (
    "heaptrack counts every call and so names the function that allocates, which Oakum does not. Oakum reads"
    " the heap of a program that nobody prepared, and names the class, or the size. heaptrack also says what was"
    " used for a while only."
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.heaptrack", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    chosen = parser.parse_args()
    before = stand(ENGINE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        program = folder / "turns"
        subprocess.run(["g++", "-O1", "-g", "-o", str(program), str(SOURCE)], check=True)
        rows = list(measured([str(program), str(BLOCKS)], folder))
    written: Path = chosen.docs / PAGE
    written.write_text(page(markdown(("", ""), told(before, stand(ENGINE))), rows), encoding="utf-8")
    print(written)
    return 0


def measured(words: Sequence[str], folder: Path) -> Iterator[tuple[str, ...]]:
    alone_s = min(_took(words, folder)[0] for _ in range(ROUNDS))
    yield _row("alone", alone_s, alone_s, "-", "-")
    looks = [_looked_at(words, folder) for _ in range(ROUNDS)]
    yield _row("oakum investigate", min(look[0] for look in looks), alone_s, "-", looks[-1][1])
    if shutil.which("heaptrack") is None:
        yield ("heaptrack", "-", "-", "-", "not here: apt-get install heaptrack", "-")
        return
    tracked = ["heaptrack", "-o", str(folder / "tracked"), *words]
    tracked_s = min(_took(tracked, folder)[0] for _ in range(ROUNDS))
    file = next(folder.glob("tracked.*"))
    read = run(["heaptrack_print", "-p", "0", "-a", "0", "-T", "0", "-l", "1", str(file)], cores=2, within_s=WITHIN_S,
               cwd=folder)  # fmt: skip
    size = f"{file.stat().st_size / MIB:.1f} MiB, read in {read.wall_s:.1f} s"
    yield _row("heaptrack", tracked_s, alone_s, size, leak_of(read.out))


def _row(who: str, seconds: float, alone_s: float, writes: str, named: str) -> tuple[str, ...]:
    print(who, f"{seconds:.2f}", writes, named, file=sys.stderr)
    return (who, f"{seconds:.1f}", f"{seconds / alone_s:.1f}", writes, named, f"{os.getloadavg()[0]:.1f}")


def _took(words: Sequence[str], folder: Path) -> tuple[float, float]:
    """(seconds by the clock, CPU seconds) of one run to its end."""
    spent = run(list(words), cores=2, within_s=WITHIN_S, cwd=folder)
    return spent.wall_s, spent.cpu_s


def _looked_at(words: Sequence[str], folder: Path) -> tuple[float, str]:
    """(seconds that the program took, what is named). It is looked at as soon as it runs."""
    begun_s = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=folder) as process:
        command = [sys.executable, "-m", "oakum.cli.entry", "investigate", f"pid/{process.pid}"]
        command += ["--for", f"{WATCHED_S}s", "--no-incident", "-o", "json"]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=subprocess.DEVNULL, cwd=folder) as oakums:
            process.wait(WITHIN_S)
            took_s = time.monotonic() - begun_s
            out, _ = oakums.communicate(timeout=WITHIN_S)
    causes = json.loads(out)["causes"] if out else []
    return took_s, causes[0]["holder"] if causes else "nothing"


def leak_of(text: str) -> str:
    """The largest that heaptrack tells as lost, with the function that it names first."""
    found = re.search(r"([0-9.]+[KMG]?B?) leaked over ([0-9]+) calls from\s*\n\s*(.+)", text)
    return f"{found[3].strip()}: {found[1]} in {int(found[2]):,} calls" if found else "nothing"


def page(head: str, rows: Sequence[Sequence[str]]) -> str:
    names = ("beside it", "s", "times", "writes", "named", "load")
    title = "# What being looked at costs a program in C++: Oakum beside heaptrack"
    return "\n".join((title, "", WRITTEN, "", head, "", markdown(names, rows), "", NAMED, ""))


if __name__ == "__main__":
    sys.exit(main())
