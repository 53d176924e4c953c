"""``python -m lab.zoo``: run, check, list or show cases, or write the pages that tell of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lab.zoo import library, stories
from lab.zoo.case import CASES, Case, CaseError, cases
from lab.zoo.results import FOLDER, Result, Results, oakum_version
from lab.zoo.run import Run, run_all
from lab.zoo.score import RIGHT, scored

PAGES: Final = {"stories": stories.written, "library": library.written}


def main() -> int:
    chosen = _arguments()
    try:
        found = cases(chosen.only, chosen.cases)
    except CaseError as exc:
        print(f"lab.zoo: {exc}", file=sys.stderr)
        return 2
    if chosen.verb in PAGES:
        return _written(chosen)
    if not found:
        print(f"lab.zoo: no case is called {' or '.join(chosen.only)}: python -m lab.zoo list", file=sys.stderr)
        return 2
    if chosen.verb == "show":
        print(found[0].rendered(chosen.variant or found[0].variants[0]), end="")
        return 0
    if chosen.verb in {"list", "check"}:
        for case in found:
            print(f"{case.id:34} {case.kind:8} {'/'.join(case.causes):28} {case.says}")
        return 0
    return _run(found, chosen)


def _written(chosen: argparse.Namespace) -> int:
    try:
        print(PAGES[chosen.verb](Results(chosen.results)))
    except (CaseError, OSError, ValueError, KeyError) as exc:
        print(f"lab.zoo: {exc}", file=sys.stderr)
        return 2
    return 0


def _run(found: Sequence[Case], chosen: argparse.Namespace) -> int:
    results, oakum = Results(chosen.results), oakum_version()
    wanted = [(case, variant) for case in found for variant in case.variants if chosen.variant in {"", variant}]
    runs = [Run(case, variant) for case, variant in wanted if chosen.again or results.of(case, variant, oakum) is None]
    whole = run_all(runs, results, oakum, jobs=chosen.jobs, told=tell)
    if not whole:
        print("interrupted: the same command goes on where it ended", file=sys.stderr)
        return 130
    wrong = 0
    for case, variant in wanted:
        result = results.of(case, variant, oakum)
        wrong += result is None or scored(case, variant, result.looks).outcome != RIGHT
    print(f"{len(runs)} run; of {len(wanted)} chosen {wrong} are not as they should be", file=sys.stderr)
    return 1 if wrong else 0


def tell(run: Run, result: Result) -> None:
    """One line for each, as it ends."""
    score = scored(run.case, run.variant, result.looks)
    if not result.looks:
        print(f"{run.case.id} {run.variant}: not run: {result.trouble}", flush=True)
        return
    said = result.looks[-1]
    first = said.causes[0] if said.causes else None
    named = f"{first.cause}: {first.holder}" if first else "no cause"
    holder = "" if score.holder is None else f", holder {'right' if score.holder else 'wrong'}"
    looks = " and ".join(f"{look.seconds:.0f} s" for look in result.looks)
    print(
        f"{run.case.id} {run.variant}: {score.outcome}{holder} ({said.verdict}; {named}; {looks};"
        f" {result.got_per_s:.0f} of {result.wanted_per_s:.0f} requests/s; load {result.load:.1f})"
        f"{': ' + result.trouble if result.trouble else ''}",
        flush=True,
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.zoo", description=__doc__)
    parser.add_argument("verb", choices=("run", "check", "list", "show", *PAGES))
    parser.add_argument("case", nargs="?", help="show: RUNTIME/NAME")
    parser.add_argument("variant", nargs="?", default="", help="show: leak, fixed or healthy")
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="'python/*'; again for more")
    parser.add_argument("--variant", dest="only_variant", default="", choices=("leak", "fixed", "healthy"))
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--cases", type=Path, default=CASES, help="a folder of other cases than those here")
    parser.add_argument("--again", action="store_true", help="run also what has a result already")
    parser.add_argument("--results", type=Path, default=FOLDER, help="the folder of results and answers")
    chosen = parser.parse_args()
    chosen.only += [chosen.case] if chosen.case else []
    chosen.variant = chosen.variant or chosen.only_variant
    return chosen


if __name__ == "__main__":
    sys.exit(main())
