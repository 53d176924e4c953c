"""``python -m bench.asked``: what a JVM and a Node.js pay for what Oakum asks, writes docs/bench-asked.md."""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.asked import jvm, node
from bench.asked.target import Cost
from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown

ENGINE = "src/oakum/probe"
OBJECTS = 200_000
TIMES = 10

HEAD = f"""# What a JVM and a Node.js pay when they are asked

Written by `make bench-asked`; change nothing by hand.

Each target holds {OBJECTS:,} baskets of a few small objects, and is asked {TIMES} times in each way, in turn. *Pause
inside* is the longest gap that a timer of its own saw (2 ms in Node.js, 1 ms in a JVM); *CPU inside* is what all
threads of the target spent meanwhile, which a machine that is shared with other work leaves alone. Both are medians of
all times, the pause with the least and the most. *Whole* is the time from the question to the answer, for who asks. The
bare client speaks the same protocol to the same inspector, reads every piece of the snapshot and keeps none; a `jcmd`
starts a JVM of its own to ask, and without `-all` the asked one collects its garbage first."""
COLUMNS = ("target", "asked", "pause inside ms", "least, most ms", "CPU inside ms", "whole ms")


def _table(name: str, found: Iterable[tuple[str, Cost]]) -> Iterator[list[str]]:
    costs: dict[str, list[Cost]] = {}
    for way, cost in found:
        costs.setdefault(way, []).append(cost)
        print(f"{name}: {way}: {1000 * cost.pause_s:.0f} ms", file=sys.stderr)
    for way, seen in costs.items():
        pauses = [1000 * cost.pause_s for cost in seen]
        cpu = 1000 * statistics.median(cost.cpu_s for cost in seen)
        whole = 1000 * statistics.median(cost.seconds for cost in seen)
        spread = f"{min(pauses):.0f}, {max(pauses):.0f}"
        yield [name, way, f"{statistics.median(pauses):.0f}", spread, f"{cpu:.0f}", f"{whole:.0f}"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.asked", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument(
        "--node", action="append", default=[], help="of the target; again for more; else this machine's"
    )
    parser.add_argument("--java", action="append", default=[], type=Path, help="folder of javac, java and jcmd; again")
    parser.add_argument("--objects", type=int, default=OBJECTS, help="how many baskets each target holds")
    parser.add_argument("--times", type=int, default=TIMES, help="how often it is asked in each way")
    chosen = parser.parse_args()
    nodes, javas = chosen.node or _there("node"), chosen.java or [Path(path).parent for path in _there("jcmd")]
    before = stand(ENGINE)
    rows: list[list[str]] = []
    for path in nodes:
        version = subprocess.run([path, "--version"], check=True, capture_output=True, text=True).stdout.strip()
        rows += _table(f"Node.js {version}", node.rows(str(path), chosen.objects, chosen.times))
    for folder in javas:
        says = subprocess.run([folder / "java", "--version"], check=True, capture_output=True, text=True).stdout
        rows += _table(" ".join(says.split()[:2]), jvm.rows(folder, chosen.objects, chosen.times))
    if not rows:
        raise SystemExit("no Node.js and no JDK here; next: --node PATH, --java FOLDER")
    facts = markdown(("", ""), [list(fact) for fact in told(before, stand(ENGINE))])
    written = chosen.docs / "bench-asked.md"
    written.write_text(f"{HEAD}\n\n{facts}\n\n{markdown(COLUMNS, rows)}\n", encoding="utf-8")
    print(written)
    return 0


def _there(program: str) -> list[str]:
    found = shutil.which(program)
    return [] if found is None else [found]


if __name__ == "__main__":
    sys.exit(main())
