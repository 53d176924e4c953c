"""From evidence to causes: the catalogue, the assessment, the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.explain.allocated import allocated
from oakum.explain.assess import assess
from oakum.explain.plan import on_record, plan
from oakum.explain.rank import clues, files_wanted, rank
from oakum.model.allocation import AllocationProfile
from oakum.model.cause import Cause
from oakum.model.growth import HeapGrowth
from oakum.model.policy import Policy
from oakum.model.step import Plan
from oakum.model.verdict import Verdict, VerdictName

__all__ = ["Explanation", "explain", "files_wanted", "on_record"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """``verdict`` is the assessment."""

    verdict: Verdict
    causes: tuple[Cause, ...]
    plan: Plan


def explain(
    target: str,
    series: Verdict,
    growth: HeapGrowth | None,
    *,
    profile: AllocationProfile | None = None,
    sources: Mapping[str, str],
    policy: Policy,
) -> Explanation:
    """``sources``: source texts by path, as many as could be read. ``profile`` speaks where no holder does."""
    found = clues(growth, sources) if growth is not None else []
    verdict = assess(series, growth, found)
    causes: tuple[Cause, ...] = ()
    if verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}:
        causes = rank(growth, found, series.rate_per_s) if growth is not None else ()
        causes = causes or allocated(profile, sources)
    inspected = profile is not None
    return Explanation(verdict, causes, plan(verdict, causes, target, policy, inspected=inspected))
