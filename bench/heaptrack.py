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
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.heap.process import run
from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown

ENGINE = "src/oakum/heap/formats/native"
SOURCE = ROOT / "lab" / "native" / "turns.cc"
PAGE = "bench-heaptrack.md"
BLOCKS, SECONDS = 20_000_000, 30
WATCHED_S = 5
WITHIN_S = 600.0
MIB = 1 << 20
WRITTEN = (
    f"Written by `make bench-heaptrack`; change nothing by hand. `lab/native/turns` makes and frees {BLOCKS:,}"
    f" blocks, spread over {SECONDS} s, keeps one object of `shop::Session` for each 100, and ends: the worst case"
    " for who counts calls of malloc. `CPU s`: what it took of the processor by its own account, heaptrack's part"
    " inside of it counted, its other process not. heaptrack looks from the start on; Oakum is `oakum investigate"
    f" pid/N --for {WATCHED_S}s` beside the running program. `load`: of the machine, over the minute before."
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
        rows = list(measured([str(program), str(BLOCKS), str(SECONDS)], folder))
    written: Path = chosen.docs / PAGE
    written.write_text(page(markdown(("", ""), told(before, stand(ENGINE))), rows), encoding="utf-8")
    print(written)
    return 0


def measured(words: Sequence[str], folder: Path) -> Iterator[tuple[str, ...]]:
    alone_s = _own_cpu(run(list(words), cores=2, within_s=WITHIN_S, cwd=folder).out)
    yield _row("alone", alone_s, alone_s, "-", "-")
    looked_s, named = _looked_at(words, folder)
    yield _row("oakum investigate", looked_s, alone_s, "-", named)
    if shutil.which("heaptrack") is None:
        yield ("heaptrack", "-", "-", "-", "not here: apt-get install heaptrack", "-")
        return
    tracked = ["heaptrack", "-o", str(folder / "tracked"), *words]
    tracked_s = _own_cpu(run(tracked, cores=2, within_s=WITHIN_S, cwd=folder).out)
    file = next(folder.glob("tracked.*"))
    printed = ["heaptrack_print", "-p", "0", "-a", "0", "-T", "0", "-l", "1", str(file)]
    read = run(printed, cores=2, within_s=WITHIN_S, cwd=folder)
    size = f"{file.stat().st_size / MIB:.1f} MiB, read in {read.cpu_s:.1f} CPU s"
    yield _row("heaptrack", tracked_s, alone_s, size, leak_of(read.out))


def _row(who: str, seconds: float, alone_s: float, writes: str, named: str) -> tuple[str, ...]:
    print(who, f"{seconds:.2f}", writes, named, file=sys.stderr)
    return (who, f"{seconds:.2f}", f"{seconds / alone_s:.1f}", writes, named, f"{os.getloadavg()[0]:.1f}")


def _own_cpu(out: str) -> float:
    found = re.search(r"cpu_s=([0-9.]+)", out)
    assert found is not None, out
    return float(found[1])


def _looked_at(words: Sequence[str], folder: Path) -> tuple[float, str]:
    """(CPU seconds that the program took, what is named). It is looked at as soon as it runs."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        command = [sys.executable, "-m", "oakum.cli.entry", "investigate", f"pid/{process.pid}"]
        command += ["--for", f"{WATCHED_S}s", "--no-incident", "-o", "json"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=WITHIN_S, check=False)
        out, _ = process.communicate(timeout=WITHIN_S)
    causes = json.loads(done.stdout)["causes"] if done.stdout else []
    return _own_cpu(out), causes[0]["holder"] if causes else "nothing"


def leak_of(text: str) -> str:
    """The largest that heaptrack tells as lost, with the function that it names first."""
    found = re.search(r"([0-9.]+[KMG]?B?) leaked over ([0-9]+) calls from\s*\n\s*(.+)", text)
    return f"{found[3].strip()}: {found[1]} in {int(found[2]):,} calls" if found else "nothing"


def page(head: str, rows: Sequence[Sequence[str]]) -> str:
    names = ("beside it", "CPU s", "times", "writes", "named", "load")
    title = "# What being looked at costs a program in C++: Oakum beside heaptrack"
    return "\n".join((title, "", WRITTEN, "", head, "", markdown(names, rows), "", NAMED, ""))


if __name__ == "__main__":
    sys.exit(main())
