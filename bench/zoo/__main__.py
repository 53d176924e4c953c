"""``python -m bench.zoo``: runs what has no result yet, asks peers, writes the page.

Of another folder than the zoo's own (``--cases lab/zoo/second``) no peer is asked, and the page is bench-zoo-FOLDER.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.judge.report.machine import ROOT, stand, told
from bench.zoo.figures import Row, rows_of
from bench.zoo.page import HEAD, HEAD_OF, page
from bench.zoo.peers import DUMPS, Kept, Told, ask_peers
from lab.zoo.__main__ import tell
from lab.zoo.case import CASES, LEAK, Case, CaseError, cases
from lab.zoo.results import FOLDER, Results, oakum_version
from lab.zoo.run import Run, run_all

ENGINE = "src/oakum"
PAGE = "bench-zoo.md"
PAGE_OF = "bench-zoo-{name}.md"


def main() -> int:
    chosen = _arguments()
    before, oakum, results = stand(ENGINE), oakum_version(), Results(chosen.results)
    own = chosen.cases == CASES
    try:
        found = cases(chosen.only, chosen.cases)
    except CaseError as exc:
        print(f"bench.zoo: {exc}", file=sys.stderr)
        return 2
    if not found:
        print(f"bench.zoo: no such case in {chosen.cases}: python -m lab.zoo list", file=sys.stderr)
        return 2
    runs = [Run(case, variant) for case in found for variant in case.variants]
    if not chosen.again:
        runs = [run for run in runs if results.of(run.case, run.variant, oakum) is None]
    if not run_all([] if chosen.page else runs, results, oakum, jobs=chosen.jobs, told=tell):
        print("interrupted: the same command goes on where it ended", file=sys.stderr)
        return 130
    said, absent = _peers(found, chosen) if own else ([], [])
    rows = rows_of(cases(folder=chosen.cases), results, oakum)
    facts = [*told(before, stand(ENGINE)), ("cases", _sizes(rows))]
    written = chosen.docs / (PAGE if own else PAGE_OF.format(name=chosen.cases.name))
    head = HEAD if own else HEAD_OF.format(folder=f"lab/zoo/{chosen.cases.name}")
    written.write_text(page(facts, rows, said, absent, head=head), encoding="utf-8")
    print(written)
    return 0


def _peers(found: list[Case], chosen: argparse.Namespace) -> tuple[list[Told], list[str]]:
    """All that was ever said of these very sources; what is missing is asked for first."""
    kept, absent = Kept(chosen.results), []
    for case in found:
        if case.kind == LEAK and _askable(case) and not chosen.no_peers and (chosen.again or not kept.of(case)):
            said, missing = ask_peers(case, chosen.results / "peers")
            kept.add(said)
            absent += missing
            for one in said:
                print(f"{one.case}: {one.tool}: {'right' if one.right else 'no'}: {one.line}", flush=True)
    left = [f"`{case.id}`" for case in cases() if case.kind == LEAK and _askable(case) and not kept.of(case)]
    if left:
        absent.append(f"No other tool was asked about {', '.join(left)} yet.")
    return [one for case in cases() for one in kept.of(case)], list(dict.fromkeys(absent))


def _askable(case: Case) -> bool:
    """Whether there is any other tool for its runtime."""
    return case.runtime in {"python", *DUMPS}


def _sizes(rows: list[Row]) -> str:
    leaks = sum(row.variant == LEAK for row in rows)
    healthy = sum(row.case.kind != LEAK for row in rows)
    return f"{leaks} leaks, each mended too, and {healthy} healthy ones that look guilty"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.zoo", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="PATTERN", help="'python/*'; again for more")
    parser.add_argument("--cases", type=Path, default=CASES, help="a folder of other cases than the zoo's own")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--again", action="store_true", help="run also what has a result already")
    parser.add_argument("--page", action="store_true", help="run no case: the page of what there is")
    parser.add_argument("--no-peers", action="store_true", help="ask no other tool")
    parser.add_argument("--results", type=Path, default=FOLDER, help="the folder of results and answers")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page is written")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
