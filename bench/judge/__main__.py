"""``python -m bench.judge``: replay, score, report."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from bench.judge import explain, quick, suite
from bench.judge.ours import Oakum


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    data = _data(chosen.data)
    # What is held back is not looked at while tuning, unless it is asked for by name.
    parts = tuple(chosen.part) if chosen.part else ("tune",) if chosen.quick else suite.PARTS
    if chosen.explain:
        for line in explain.told(suite.case(chosen.explain, data), (chosen.every or 30) * 60, chosen.at):
            print(line)
        return 0
    if chosen.quick:
        return _quick(suite.quick(data, parts), chosen)
    return 0


def _quick(asked: suite.Suite, chosen: argparse.Namespace) -> int:
    if chosen.every:
        asked = suite.Suite(asked.healthy, asked.leaking, chosen.every * 60, asked.data, asked.parts)
    if chosen.names:
        print("\n".join(asked.names()))
        return 0
    began = time.perf_counter()
    for line in quick.told(suite.run(asked, [Oakum()], jobs=chosen.jobs)):
        print(line)
    print(f"\n{time.perf_counter() - began:.0f} s")
    return 0


def _data(given: str | None) -> Path | None:
    path = given or os.environ.get("DATA") or None
    if path is None:
        print("no DATA: generated series only; nothing here was recorded in production", file=sys.stderr)
        return None
    if not Path(path).is_file():
        raise SystemExit(f"bench: {path} is no file. Next: DATA=/path/to/series.parquet, or leave DATA out")
    return Path(path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.judge", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few series of each kind, every 30 minutes")
    parser.add_argument("--part", action="append", choices=suite.PARTS, help="only this part; may be repeated")
    parser.add_argument("--every", type=float, metavar="MINUTES", help="minutes between two questions")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--data", metavar="PATH", help="real series, a Parquet file; DATA in the environment does too")
    parser.add_argument("--names", action="store_true", help="print the names of the series and leave")
    parser.add_argument("--explain", metavar="NAME", help="one series: picture, truth, verdict and reasons")
    parser.add_argument("--at", type=float, metavar="SHARE", help="with --explain: the moment, 0 to 1 of the window")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
