"""What stands around the process, put among the causes, and what it makes of the verdict."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from oakum.explain.causes import (
    class_loader,
    connection_pool,
    gc_misconfigured,
    large_load,
    load_growth,
    many_processes,
    page_cache,
    undersized_limit,
)
from oakum.explain.share import ASIDE
from oakum.model.cause import Cause, CauseName, of_holders
from oakum.model.growth import HeapGrowth
from oakum.model.surroundings import Surroundings
from oakum.model.verdict import Verdict, VerdictName

MORE = "whether its processes go on becoming more: the same command with --for 10m"


def surrounded_verdict(verdict: Verdict, around: Surroundings) -> Verdict:
    """Processes that become more are no healthy target, although the one that was watched stands still."""
    if verdict.name not in {VerdictName.HEALTHY, VerdictName.CANNOT_TELL} or not many_processes.grows(around):
        return verdict
    found = many_processes.look(around)
    assert found is not None
    return replace(
        verdict,
        name=VerdictName.SUSPECT,
        probability=0.5,
        reasons=(found.title, *verdict.reasons),
        settles=MORE,
    )


def with_surroundings(
    verdict: Verdict, growth: HeapGrowth | None, causes: tuple[Cause, ...], around: Surroundings
) -> tuple[Cause, ...]:
    """All causes. What explains measured growth stands first, most first; then what has no bytes, the surest first."""
    grows = verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT}
    found = [
        gc_misconfigured.look(around, verdict),
        undersized_limit.look(around, verdict),
        page_cache.look(around, verdict),
        many_processes.look(around),
        load_growth.look(around, verdict),
        large_load.step(around, verdict, growth),
        connection_pool.sockets(around) if grows else None,
        class_loader.look(around) if grows else None,
    ]
    if grows:
        causes = class_loader.with_holder(causes, growth, around)
    known = {cause.name for cause in of_holders(causes)}
    rows = [each for each in found if each is not None and not (each.name in known and _aside(each))]
    return merged(causes, rows, accused=verdict.settles == MORE)


def merged(causes: tuple[Cause, ...], more: list[Cause], *, accused: bool = False) -> tuple[Cause, ...]:
    """``causes`` keep their order; processes that become more come first where none of those explains growth.

    ``accused``: whether it is those processes that the verdict speaks of: then they come first in any case.
    """
    if not more:
        return causes
    explained = any(cause.growth_bytes_per_s > 0 and cause.name not in ASIDE for cause in causes)
    ahead = [
        cause
        for cause in more
        if cause.name is CauseName.MANY_PROCESSES and cause.growth_bytes_per_s > 0 and (accused or not explained)
    ]
    behind = sorted((cause for cause in more if cause not in ahead), key=lambda cause: -cause.confidence)
    return (*ahead, *causes, *behind)


def _aside(cause: Cause) -> bool:
    return not isfinite(cause.growth_bytes_per_s)
