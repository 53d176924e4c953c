"""The whole run: replay every series with every method, and write the report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.judge import lab, suite
from bench.judge.baselines import every_one
from bench.judge.case import prefix
from bench.judge.ours import Oakum, explain
from bench.judge.replay import Outcome
from bench.judge.report.disagreements import wrong
from bench.judge.report.document import write
from bench.judge.report.machine import Stand, stand, told
from bench.judge.report.section import SOURCES, Section, Source, section
from bench.judge.seeds import SEED
from bench.judge.suite import Suite

TOLD_WHY = ("real", "lab")
"""Parts whose disagreements are told with the judge's reasons: people will look at these."""


def make(asked: Suite, *, jobs: int, docs: Path) -> list[Path]:
    """Files that were written. Sections of sources that were not asked for stay as they are."""
    before = stand()
    outcomes = suite.run(asked, [Oakum(), *every_one()], jobs=jobs, progress=_progress)
    after = stand()
    reasons = {one.name: why(one, asked) for one in outcomes if _told_why(one)}
    return write(
        docs, [_section(source, asked, outcomes, reasons, (before, after)) for source in SOURCES if source.of(outcomes)]
    )


def _progress(done: int, of: int) -> None:
    """One line for every tenth, on standard error."""
    if done * 10 // of > (done - 1) * 10 // of:
        print(f"{done} of {of} series", file=sys.stderr, flush=True)


def _section(
    source: Source, asked: Suite, outcomes: Sequence[Outcome], reasons: dict[str, str], stands: tuple[Stand, Stand]
) -> Section:
    facts = [*told(*stands), ("series", _series(source, asked)), ("asked", f"every {asked.every_s / 60:g} minutes")]
    return section(source, outcomes, facts, reasons)


def _series(source: Source, asked: Suite) -> str:
    if source.key == "generated":
        return f"seed {SEED}; {asked.healthy} of each healthy family, {asked.leaking} of each leak on each base"
    if source.key == "lab":
        return f"recorded {lab.made()}"
    return f"a file of somebody's data, named by DATA; grafts from seed {SEED}"


def _told_why(one: Outcome) -> bool:
    return one.detector == Oakum.name and one.part in TOLD_WHY and wrong(one)


def why(one: Outcome, asked: Suite) -> str:
    """The judge's own reasons: at the first alarm where there was one, else at the end."""
    case = suite.case(one.name, asked.data)
    moment = case.start_s + one.alarmed_s if np.isfinite(one.alarmed_s) else case.end_s
    verdict = explain(prefix(case.series, moment))
    return f"{verdict.name}: " + "; ".join(verdict.reasons)
