"""``python -m bench.go``: goroutines that are lost, named by Oakum, by goleak and by LeakProf's rule; writes a page.

One program (lab/go/peers) loses goroutines of three kinds as it is told. goleak runs inside of it, as in a test; Oakum
and the rule read what it serves.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown
from oakum.heap.formats.pprof import read_raw
from oakum.heap.formats.pprof.goroutines import groups

ENGINE = "src/oakum/heap/formats/pprof"
SOURCE = ROOT / "lab" / "go" / "peers"
PAGE = ROOT / "docs" / "bench-go.md"
KINDS = {"main.send": "chan send", "main.watch": "select", "main.lock": "sync.Mutex.Lock"}
LOST = (300, 3_000, 9_000, 33_000)
PER_S = 300
FOR_S = 10
MOST_FOR_GOLEAK = 10_000
"""It looks again and again for as long as any is there: beyond this that takes minutes."""

THRESHOLD = 10_000
"""LeakProf: so many goroutines on one channel operation in one source line are told."""

CHANNEL = ("chan send", "chan receive", "select")
WITHIN_S = 300.0
WRITTEN = (
    "Written by `make bench-go`; change nothing by hand. The program of `lab/go/peers` loses goroutines of three"
    " kinds in equal parts (chan send, select, a mutex) beside 32 idle workers. goleak runs inside of it, with"
    " what ran at the start ignored; LeakProf's rule (10,000 or more on one channel operation in one line) is"
    " applied to the goroutine profile that the program serves; Oakum is `oakum investigate pid/N --inspect --for"
    f" {FOR_S}s` while {PER_S} more are lost each second. `gap`: the longest time beyond its sleep for which a"
    " thread of the program that reads the clock each millisecond could not. `load`: of the machine, over the"
    " minute before."
)
BESIDE = (
    "goleak takes whatever runs at the end of a test for lost: it finds a single one, and cannot look at a"
    " service that works. It looks up to twenty times before it answers. LeakProf's rule needs 10,000 in one"
    " place, knows no mutex, and takes a pool of that size for a leak. Oakum needs growth during its watch: what"
    " was lost before and stands still is not told."
)


@dataclass(slots=True)
class Running:
    """The program, ready."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid

    def ask(self, question: str) -> dict[str, str]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{question}\n".encode())
        self.process.stdin.flush()
        return dict(word.split("=", 1) for word in self.process.stdout.readline().decode().split() if "=" in word)

    @property
    def gap_s(self) -> float:
        return float(self.ask("pause")["pause_s"])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.go", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    chosen = parser.parse_args()
    before = stand(ENGINE)
    with tempfile.TemporaryDirectory() as name:
        program = Path(name) / "peers"
        subprocess.run(["go", "build", "-o", str(program), "."], cwd=SOURCE, check=True, timeout=900)
        rows = [row for lost in LOST for row in measured(program, lost)]
    written = chosen.docs / PAGE.name
    written.write_text(page(markdown(("", ""), told(before, stand(ENGINE))), rows), encoding="utf-8")
    print(written)
    return 0


@contextmanager
def running(program: Path, lost: int) -> Iterator[Running]:
    environment = {**os.environ, "GOMEMLIMIT": "1GiB"}
    pipe = subprocess.PIPE
    with subprocess.Popen([str(program)], stdin=pipe, stdout=pipe, env=environment) as process:
        assert process.stdout is not None
        ready = dict(word.split("=") for word in process.stdout.readline().decode().split()[1:])
        try:
            found = Running(process, int(ready["port"]))
            found.ask(f"lose {lost}")
            found.ask("reset")
            yield found
        finally:
            process.kill()


def measured(program: Path, lost: int) -> Iterator[tuple[str, ...]]:
    yield _row("goleak", lost, *goleak(program, lost))
    yield _row("LeakProf's rule", lost, *leakprof(program, lost))
    yield _row("oakum investigate", lost, *oakum(program, lost))


def _row(who: str, lost: int, took: str, gap: str, named: str) -> tuple[str, ...]:
    print(who, lost, took, gap, named, file=sys.stderr)
    return (f"{lost:,}", who, took, gap, named, f"{os.getloadavg()[0]:.1f}")


def goleak(program: Path, lost: int) -> tuple[str, str, str]:
    if lost > MOST_FOR_GOLEAK:
        return ("-", "-", "not asked")
    with running(program, lost) as service:
        answer = service.ask("find")
        gap_s = service.gap_s
    kinds = len([word for word in answer.get("where", "").split(",") if word])
    named = (
        f"{kinds} of 3 functions; {int(answer['named']):,} goroutines, one by one ({int(answer['bytes']) >> 10:,} KiB)"
    )
    return _seconds(float(answer["took_s"])), _seconds(gap_s), named


def leakprof(program: Path, lost: int) -> tuple[str, str, str]:
    """Two reads would tell nothing more: the rule knows heights alone."""
    with running(program, lost) as service:
        begun_s = time.monotonic()
        url = f"http://127.0.0.1:{service.port}/debug/pprof/goroutine"
        with urllib.request.urlopen(url, timeout=WITHIN_S) as answer:
            profile = read_raw(gzip.decompress(answer.read()))
        took_s, gap_s = time.monotonic() - begun_s, service.gap_s
    waiting = [group for group in groups(profile).values() if group.operation in CHANNEL]
    named = [group for group in waiting if group.count >= THRESHOLD]
    lines = ", ".join(f"{group.operation} {group.count:,}" for group in named)
    return _seconds(took_s), _seconds(gap_s), f"{len(named)} of 2 channel operations{': ' if lines else ''}{lines}"


def oakum(program: Path, lost: int) -> tuple[str, str, str]:
    with running(program, lost) as service:
        service.ask(f"rate {PER_S}")
        command = [sys.executable, "-m", "oakum.cli.entry", "investigate", f"pid/{service.pid}", "--inspect"]
        command += ["--for", f"{FOR_S}s", "--no-incident", "-o", "json"]
        begun_s = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)
        took_s, gap_s = time.monotonic() - begun_s, service.gap_s
    answer = json.loads(done.stdout)
    told_causes = [cause for cause in answer["causes"] if cause["cause"] == "goroutine"]
    holders = " ".join(cause["holder"] for cause in told_causes)
    found = [name for name in KINDS if name in holders]
    return (
        f"{_seconds(took_s)} ({FOR_S} s of watch)",
        _seconds(gap_s),
        f"{answer['verdict']['verdict']}; {len(found)} of 3 functions, each with count, growth and who starts it",
    )


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"


def page(head: str, rows: list[tuple[str, ...]]) -> str:
    names = ("lost", "who", "took", "gap", "named", "load")
    return "\n".join(
        (
            "# Goroutines that are lost: Oakum beside goleak and LeakProf's rule",
            "",
            WRITTEN,
            "",
            head,
            "",
            markdown(names, rows),
            "",
            BESIDE,
            "",
        )
    )


if __name__ == "__main__":
    if shutil.which("go") is None:
        sys.exit("go is wanted: apt-get install golang-go")
    sys.exit(main())
