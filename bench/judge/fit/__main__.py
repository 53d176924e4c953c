"""``python -m bench.judge.fit``: from the tuning series to ``src/oakum/judge/weights.py``. Twice gives the same."""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from zlib import crc32

from bench.judge import suite
from bench.judge.fit import foresight, learn, text, threshold
from bench.judge.fit.evidence import Weights, evidence, scored
from bench.judge.fit.score import table
from bench.judge.fit.sight import named
from bench.judge.report.machine import ROOT

TARGET = ROOT / "src" / "oakum" / "judge" / "weights.py"
RULE = (
    "Evidence from which on it is called a leak: the least, in tenths, with at most 5 false episodes per 1,000\n"
    "healthy days on the tuning series."
)
CHANGED = (
    "5 s", "60 s", "60 s held", "5 min", "15 min", "25 min", "irregular", "in bytes, no limit", "no limit",
    "steps of 1 %", "recorded later", "2 h of past", "6 h of past", "1 d of past", "3 d of past",
)  # fmt: skip
"""Changes that the fit sees too: every one of a series of the file, one of half of all others."""


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    asked = suite.Suite(
        chosen.healthy, chosen.leaking, chosen.every * 60, chosen.data, ("tune",), ("generated", "real")
    )
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with multiprocessing.get_context("spawn").Pool(chosen.jobs) as pool:
        look = partial(named, data=chosen.data, every_s=asked.every_s)
        seen = pool.imap(look, _with_changes(asked.names()), chunksize=4)
        sights = [one for one in seen if one is not None and one.asked_s.size]
        weights = _rounded(learn.learnt([learn.lesson(one) for one in sights]))
        found = [evidence(one, scored(one, weights)) for one in sights]
        sure = threshold.sure(sights, found)
        leak_at, suspect_at = threshold.leak_at(sights, found), threshold.suspect_at(sure)
        miss = partial(foresight.misses, weights=weights, suspect_at=suspect_at)
        rows = pool.map(miss, [one.case for one in sights if "@" not in one.case.name], chunksize=4)
    quantiles = foresight.quantiles([one for one in rows if len(one)])
    written = text.text(weights, sure, leak_at, suspect_at, quantiles, RULE)
    print(written)
    for line in table(sights, found, leak_at, sure):
        print(line)
    if chosen.write:
        TARGET.write_text(written, encoding="utf-8")
    return 0


def _with_changes(names: Sequence[str]) -> list[str]:
    changed = []
    for name in names:
        chance = crc32(name.encode())
        if name.startswith("real/"):
            changed += [f"{name}@{change}" for change in CHANGED]
        elif chance % 2:
            changed.append(f"{name}@{CHANGED[chance // 2 % len(CHANGED)]}")
    return [*names, *changed]


def _rounded(weights: Weights) -> Weights:
    return Weights(weights.known.round(2), weights.fresh.round(2))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.judge.fit", description=__doc__)
    parser.add_argument("--healthy", type=int, default=20, help="series of each healthy family")
    parser.add_argument("--leaking", type=int, default=6, help="series of each kind of leak on each base")
    parser.add_argument("--every", type=float, default=5.0, metavar="MINUTES", help="minutes between two questions")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--data", type=Path, metavar="PATH", help="real series, a Parquet file")
    parser.add_argument("--write", action="store_true", help=f"write {TARGET.relative_to(ROOT)}")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
