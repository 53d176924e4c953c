"""``python -m bench.judge``: replay, score, report."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bench.judge import explain, otherwise, quick, suite
from bench.judge.ours import Oakum
from bench.judge.report.machine import ROOT
from bench.judge.report.make import make


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    data = _data(chosen.data)
    # What is held back is not looked at while tuning, unless it is asked for by name.
    parts = tuple(chosen.part) if chosen.part else ("tune",) if chosen.quick or chosen.changed else suite.PARTS
    if chosen.explain:
        for line in explain.told(suite.case(chosen.explain, data), (chosen.every or 30) * 60, chosen.at):
            print(line)
        return 0
    asked = suite.quick(data, parts) if chosen.quick or chosen.changed else suite.full(data, parts)
    asked = replace(asked, sources=tuple(chosen.source or suite.SOURCES))
    if chosen.every:
        asked = replace(asked, every_s=chosen.every * 60)
    if chosen.names:
        print("\n".join(asked.names()))
        return 0
    began = time.perf_counter()
    for line in _lines(asked, chosen):
        print(line)
    print(f"\n{time.perf_counter() - began:.0f} s")
    return 0


def _lines(asked: suite.Suite, chosen: argparse.Namespace) -> Iterator[str]:
    if chosen.changed:
        return otherwise.told(asked, jobs=chosen.jobs)
    return quick.told(suite.run(asked, [Oakum()], jobs=chosen.jobs)) if chosen.quick else _report(asked, chosen)


def _report(asked: suite.Suite, chosen: argparse.Namespace) -> Iterator[str]:
    if set(asked.parts) != set(suite.PARTS):
        raise SystemExit("bench: a report tells of all parts. Next: leave --part out, or add --quick")
    for path in make(asked, jobs=chosen.jobs, docs=chosen.docs):
        yield str(path)


def _data(given: str | None) -> Path | None:
    path = given or os.environ.get("DATA") or None
    if path is None:
        print(
            "no DATA: generated series and our lab's recordings; nothing here was recorded in production",
            file=sys.stderr,
        )
        return None
    if not Path(path).is_file():
        raise SystemExit(f"bench: {path} is no file. Next: DATA=/path/to/series.parquet, or leave DATA out")
    return Path(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few series of each kind, every 30 minutes")
    parser.add_argument("--part", action="append", choices=suite.PARTS, help="only this part; may be repeated")
    parser.add_argument("--source", action="append", choices=suite.SOURCES, help="only this one; may be repeated")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the report is written")
    parser.add_argument("--every", type=float, metavar="MINUTES", help="minutes between two questions")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--data", metavar="PATH", help="real series, a Parquet file; DATA in the environment does too")
    parser.add_argument(
        "--changed", action="store_true", help="the series of --quick as other scrapers would tell them"
    )
    parser.add_argument("--names", action="store_true", help="print the names of the series and leave")
    parser.add_argument("--explain", metavar="NAME", help="one series: picture, truth, verdict and reasons")
    parser.add_argument("--at", type=float, metavar="SHARE", help="with --explain: the moment, 0 to 1 of the window")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
