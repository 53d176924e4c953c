"""``python -m bench.logs``: logs read against the whole library, beside grep and the runbook's loop."""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.judge.report.machine import ROOT, stand, told
from bench.judge.table import markdown
from bench.logs.ordinary import KINDS, blocks
from oakum.host.logs import LiveLogs
from oakum.logs import LogReader, library

ENGINE = "src/oakum/logs"
COLUMNS = ("log", "MB", "way", "wall s", "CPU s", "MB/s by wall", "MB/s by CPU", "found", "peak MiB")
TIMES = 3
RUNBOOK = ("memory", "heap", "leak", "gc")

HEAD = """# What reading logs costs

Written by `make bench-logs`; change nothing by hand.

The logs are made: lines as a Java service with stacks, a Node.js service in JSON, and a web server write them, with one
`OutOfMemoryError` in every 16 MiB; they lie in the page cache. *oakum* is the engine in one process, against the whole
library, kernels ready: the file's bytes in, findings with times, places and counts out. *grep* is `grep -c -i -E` of
GNU with an alternation of the library's own expressions (as POSIX writes them), *grep of the texts* `grep -c -i -F`
with the texts by which Oakum finds its lines: neither tells which pattern it was, when, or where. *The runbook's loop*
is its `grep -i` for four words over the last 5,000 lines, which finds what stands there alone. *oakum* and *grep of the
texts* are the best of three by wall time; *found* is how many lines each counts."""


def measured(work: Callable[[], str], times: int) -> tuple[float, float, str]:
    """(wall, CPU of this process and its children, what was found): the best of a few."""
    best: tuple[float, float, str] | None = None
    for _ in range(times):
        begun, spent = time.perf_counter(), _cpu()
        found = work()
        row = (time.perf_counter() - begun, _cpu() - spent, found)
        best = row if best is None else min(best, row)
    assert best is not None
    return best


def _cpu() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def oakum(path: Path) -> str:
    logs, reader = LiveLogs(), LogReader(library(), now_s=time.time())
    with logs.open(logs.of_file(str(path))[-1]) as opened:
        for piece in opened.pieces():
            reader.feed(piece)
    return str(sum(finding.count for finding in reader.finish().findings))


def grep(path: Path, *options: str) -> str:
    done = subprocess.run(["grep", "-c", "-a", *options, str(path)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr.strip()


def runbook(path: Path) -> str:
    words = "|".join(RUNBOOK)
    script = f"tail -n 5000 '{path}' | grep -c -i -E '{words}'"
    return subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False).stdout.strip()


def ways(path: Path, texts: Path) -> Sequence[tuple[str, Callable[[], str]]]:
    expression = "|".join(f"({_bare(pattern.pattern)})" for pattern in library())
    return (
        ("oakum", lambda: oakum(path)),
        ("grep", lambda: grep(path, "-i", "-E", expression)),
        ("grep of the texts", lambda: grep(path, "-i", "-F", "-f", str(texts))),
        ("the runbook's loop", lambda: runbook(path)),
    )


def _bare(pattern: str) -> str:
    """As POSIX writes it; how much a repetition takes makes no difference to whether a line is found."""
    pattern = re.sub(r"\(\?(?:P<\w+>|i:|:)", "(", pattern).replace(r"[^\],]", "[^],]").replace("*?", "*")
    pattern = re.sub(r"\[[^]]*\]", lambda found: found[0].replace(r"\d", "0-9").replace("\\", ""), pattern)
    return pattern.replace(r"\d", "[0-9]")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.logs", description=__doc__)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    parser.add_argument("--megabytes", type=int, default=256, help="of each log")
    chosen = parser.parse_args()
    if shutil.which("grep") is None:
        raise SystemExit("no grep here; next: apt-get install grep")
    before, rows = stand(ENGINE), []
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder, "texts")
        texts.write_text("".join(f"{word}\n" for pattern in library() for word in pattern.words), encoding="utf-8")
        for kind in KINDS:
            path = Path(folder, "app.log")
            with path.open("wb") as file:
                file.writelines(blocks(kind, chosen.megabytes * 10**6))
            size = path.stat().st_size / 1e6
            oakum(path)
            for name, work in ways(path, texts):
                wall, cpu, found = measured(work, 1 if name == "grep" else TIMES)
                peak = f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10}" if name == "oakum" else ""
                whole = name != "the runbook's loop"
                rows.append(
                    [
                        kind,
                        f"{size:.0f}",
                        name,
                        f"{wall:.2f}",
                        f"{cpu:.2f}",
                        f"{size / wall:.0f}" if whole else "",
                        f"{size / max(cpu, 1e-3):.0f}" if whole else "",
                        found,
                        peak,
                    ]
                )
                print(*rows[-1], file=sys.stderr)
    facts = markdown(("", ""), [list(fact) for fact in told(before, stand(ENGINE))])
    written = chosen.docs / "bench-logs.md"
    written.write_text(f"{HEAD}\n\n{facts}\n\n{markdown(COLUMNS, rows)}\n", encoding="utf-8")
    print(written)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
