"""From evidence to causes: the catalogue, the assessment, the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oakum.explain.allocated import allocated
from oakum.explain.assess import assess
from oakum.explain.causes import gc_misconfigured
from oakum.explain.deeper import deeper_steps
from oakum.explain.deeper_native import native_steps
from oakum.explain.deeper_ruby import ruby_steps
from oakum.explain.doubts import doubted
from oakum.explain.go_named import by_source
from oakum.explain.logs import Whose, with_logs
from oakum.explain.logs import steps as log_steps
from oakum.explain.native import native_verdict, with_native
from oakum.explain.outside import with_outside
from oakum.explain.plan import on_record, plan
from oakum.explain.pools import pool_steps, with_pools
from oakum.explain.rank import clues, files_wanted, rank
from oakum.explain.share import shared
from oakum.explain.story import told
from oakum.explain.surrounded import surrounded_verdict, with_surroundings
from oakum.model.allocation import AllocationProfile
from oakum.model.cause import Cause
from oakum.model.deeper import Deeper
from oakum.model.growth import HeapGrowth
from oakum.model.layout import LayoutGrowth
from oakum.model.log import LogReading
from oakum.model.policy import Policy
from oakum.model.pool import PoolReading
from oakum.model.ruby import RubyDeeper
from oakum.model.step import Plan
from oakum.model.story import Accounted
from oakum.model.surroundings import Surroundings
from oakum.model.verdict import Verdict, VerdictName

__all__ = ["Explanation", "Whose", "by_source", "explain", "files_wanted", "on_record", "told"]


PAUSED = frozenset({"Java", "JavaScript", "Ruby"})
"""Languages whose heaps are seen once somebody agreed, for the process stands still meanwhile."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """``verdict`` is the assessment. ``accounted``: how much of the growth the causes explain; None: nothing grows."""

    verdict: Verdict
    causes: tuple[Cause, ...]
    plan: Plan
    accounted: Accounted | None = None


def explain(  # noqa: PLR0913  (everything comes together here)
    target: str,
    series: Verdict,
    growth: HeapGrowth | None,
    *,
    profile: AllocationProfile | None = None,
    sources: Mapping[str, str],
    policy: Policy,
    deeper: Deeper | RubyDeeper | None = None,
    logs: Sequence[LogReading] = (),
    whose: Whose | None = None,
    layout: LayoutGrowth | None = None,
    pools: PoolReading | None = None,
    around: Surroundings | None = None,
) -> Explanation:
    """``sources``: source texts by path, as many as could be read. ``profile`` speaks where no holder does.

    ``deeper``: what more could be asked of a CPython or Ruby process, where it is not known who allocates. ``whose``:
    by which what ``logs`` say is its own and of now, or is not. ``layout``: two looks at its mappings.
    ``pools``: of connections, as it was told to make them: no verdict rests on them. ``around``: what stands around it.
    """
    found = clues(growth, sources) if growth is not None else []
    verdict = native_verdict(assess(series, growth, found), layout)
    causes: tuple[Cause, ...] = ()
    grows = verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    if grows:
        causes = rank(growth, found, series.rate_per_s) if growth is not None else ()
        causes = gc_misconfigured.with_cycles(growth, causes)
        causes = causes or allocated(profile, sources)
    causes = with_outside(growth, causes, grows=grows)
    causes = with_native(layout, causes, grows=grows, rate_per_s=series.rate_per_s)
    whose = whose or Whose(0.0)
    verdict, causes = with_logs(verdict, causes, logs, whose)
    causes = with_pools(verdict, causes, pools or PoolReading())
    around = around or Surroundings()
    verdict = surrounded_verdict(verdict, around)
    causes = with_surroundings(verdict, growth, causes, around)
    grows = verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    causes, accounted = shared(causes, series.rate_per_s if grows else None)
    causes = doubted(causes, growth, layout, series)
    over_http = growth is not None and growth.language == "Go" and not growth.from_memory
    inspected = profile is not None or (growth is not None and growth.language in PAUSED)
    steps = plan(verdict, causes, target, policy, inspected=inspected, over_http=over_http)
    if grows and steps.steps:
        first, *rest = steps.steps
        if isinstance(deeper, RubyDeeper):
            more = ruby_steps(causes, deeper)
        else:
            more = deeper_steps(causes, deeper, verdict.level or 0.0)
        steps = Plan((first, *more, *native_steps(causes, layout), *rest))
    if verdict.name in {VerdictName.SUSPECT, VerdictName.CANNOT_TELL}:
        steps = Plan((*steps.steps, *log_steps(logs, target, whose).steps))
    if pools is not None and verdict.name is not VerdictName.HEALTHY:
        steps = Plan((*steps.steps, *pool_steps(pools, causes)))
    return Explanation(verdict, causes, steps, accounted)
