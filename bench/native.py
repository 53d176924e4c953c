"""``python -m bench.native``: what reading a core of 1 GB costs, and a walk over a live heap; writes a page.

Beside it: gdb's gcore, which writes the core while the target stands still, and LeakSanitizer on the same program.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.heap.process import Spent, run
from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown

ENGINE = "src/oakum/heap/formats/core"
FOLDER = ROOT / "lab" / "native"
PAGE = ROOT / "docs" / "bench-native.md"
MOST_S, MOST_MIB = 30.0, 600.0
"""What is aimed at for a core of 1 GB."""

WITHIN_S = 300.0
LIMIT_BYTES = 3 << 30
"""Of address space, for each program that leaks."""

MIB = 1 << 20
WRITTEN = (
    "Written by `make bench-native`; change nothing by hand. Programs of `lab/native`; a core is written by gdb's gcore"
    " while the program stands still (`gcore s`), and read by `oakum heap analyze CORE --memory 600MiB` as a whole"
    " process with its children, kernels compiled before, the file in the page cache. `no file MiB`: the most memory at"
    " once that is no page of a file. `load`: of the machine as the read began, over the minute before. `lost`: blocks"
    " that no pointer leads to."
)


@dataclass(frozen=True, slots=True)
class Case:
    """``words``: the program and its arguments."""

    name: str
    words: tuple[str, ...]


CASES = (
    Case("objects of C++ in a table", ("leak_objects", "held", "3300000")),
    Case("objects of C++ that are lost", ("leak_objects", "lost", "3300000")),
    Case("blocks of 32 bytes that are lost", ("leak_blocks", "24", "31000000")),
    Case("64 threads, an arena each", ("many_arenas", "64", "15600000")),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.native", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    chosen = parser.parse_args()
    before = stand(ENGINE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder)
        cores = [row for case in CASES for row in measured(case, folder)]
        others = [live(folder), sanitizer(folder)]
    head = markdown(("", ""), told(before, stand(ENGINE)))
    written = chosen.docs / PAGE.name
    written.write_text(page(head, cores, others), encoding="utf-8")
    print(written)
    return 0


def build(folder: Path) -> None:
    for source in sorted(FOLDER.iterdir()):
        compiler = "g++" if source.suffix == ".cc" else "gcc"
        command = [compiler, "-O1", "-pthread", "-o", str(folder / source.stem), str(source)]
        subprocess.run(command, check=True)
    lsan = ["g++", "-O1", "-fsanitize=leak", "-o", str(folder / "sanitized"), str(FOLDER / "leak_objects.cc")]
    subprocess.run(lsan, check=False, stderr=subprocess.DEVNULL)


@contextmanager
def running(folder: Path, words: Sequence[str]) -> Iterator[int]:
    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 * LIMIT_BYTES, 4 * LIMIT_BYTES))
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))

    command = [str(folder / words[0]), *words[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, preexec_fn=bounded) as process:  # noqa: PLW1509
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"ready")
            yield process.pid
        finally:
            process.kill()


def measured(case: Case, folder: Path) -> Iterator[tuple[str, ...]]:
    cores = len(os.sched_getaffinity(0))
    with running(folder, case.words) as pid:
        wrote = run(["gcore", "-o", str(folder / "core"), str(pid)], cores=cores, within_s=WITHIN_S, cwd=folder)
    core = folder / f"core.{pid}"
    for _ in range(2):  # the first may compile its kernels
        load = os.getloadavg()[0]
        found = run(oakum("heap", "analyze", core, "--memory", "600MiB"), cores=cores, within_s=WITHIN_S, cwd=folder)
    yield _row(case.name, core.stat().st_size, wrote, found, load)
    core.unlink()


def oakum(*words: object) -> list[str]:
    return [sys.executable, "-m", "oakum.cli.entry", *map(str, words), "-o", "json", "--fresh"]


def _row(name: str, size: int, wrote: Spent, found: Spent, load: float) -> tuple[str, ...]:
    answer = json.loads(found.out)
    first = answer["suspects"][0]["holder"] if answer["suspects"] else "nothing"
    return (
        name,
        f"{size / 1e9:.2f}",
        f"{answer['objects']:,}",
        f"{answer['unreachable']['objects']:,}",
        f"{wrote.wall_s:.1f}",
        f"{found.wall_s:.1f}",
        f"{found.cpu_s:.1f}",
        f"{found.anon_bytes / MIB:.0f}",
        f"{load:.1f}",
        first,
    )


def live(folder: Path) -> tuple[str, ...]:
    """Two walks over the heap of a running program, as its evidence tells their cost."""
    with running(folder, CASES[0].words) as pid:
        command = [sys.executable, "-m", "oakum.cli.entry", "investigate", f"pid/{pid}", "--for", "8s", "-o", "json"]
        answer = json.loads(run(command, cores=2, within_s=WITHIN_S, cwd=folder).out)
    costs = [row["cost"] for row in answer["evidence"] if row["id"].startswith("walk")]
    seconds = " and ".join(f"{cost['seconds']:.2f}" for cost in costs)
    return (
        "a live walk, nothing is stopped",
        f"{costs[-1]['bytes_read'] / 1e9:.2f}",
        seconds,
        "two walks of one investigation",
    )


def sanitizer(folder: Path) -> tuple[str, ...]:
    if not (folder / "sanitized").exists():
        return ("LeakSanitizer", "-", "-", "not here")
    command = [str(folder / "sanitized"), "lost", "3300000", "-1"]
    found = run(command, cores=2, within_s=WITHIN_S, cwd=folder)
    summary = re.search(r"SUMMARY: LeakSanitizer: (.*)", found.err)
    return (
        "LeakSanitizer, built into the program, with its run",
        "1.00",
        f"{found.wall_s:.1f}",
        summary[1] if summary else "-",
    )


def page(head: str, cores: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]]) -> str:
    names = ("core of", "GB", "blocks", "lost", "gcore s", "read s", "CPU s", "no file MiB", "load", "named first")
    aims = (5, MOST_S), (6, MOST_S), (7, MOST_MIB)
    wall, cpu, memory = (sum(float(row[at]) <= most for row in cores) for at, most in aims)
    return "\n".join(
        (
            "# What reading a core costs",
            "",
            WRITTEN,
            "",
            head,
            "",
            (
                f"Aimed at: {MOST_S:.0f} s and {MOST_MIB:.0f} MiB for 1 GB. Of {len(cores)} cores, {wall} were read"
                f" within it by the wall clock, {cpu} by CPU time, {memory} in that memory."
            ),
            "",
            markdown(names, cores),
            "",
            "## Beside it",
            "",
            markdown(("what", "GB", "s", "told"), others),
            "",
        )
    )


if __name__ == "__main__":
    if shutil.which("gcore") is None:
        sys.exit("gcore is wanted: apt-get install gdb")
    sys.exit(main())
