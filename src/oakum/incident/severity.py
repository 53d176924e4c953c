"""How bad it is."""

from __future__ import annotations

import math

from oakum.model.incident import Severity
from oakum.model.policy import Policy
from oakum.model.verdict import Verdict, VerdictName


def severity(verdict: Verdict, *, oom_kills: int, policy: Policy) -> Severity:
    """By the verdict, the share of the limit, the forecast, and kills that were seen."""
    share, soonest_s, likely_s = _share(verdict), *_forecast(verdict)
    if verdict.name is not VerdictName.LEAK:
        return Severity.P3 if share >= policy.warn_share or oom_kills else Severity.P4
    if oom_kills or share >= policy.imminent_share or soonest_s < policy.imminent_s:
        return Severity.P1
    if share >= policy.critical_share or likely_s < policy.urgent_s:
        return Severity.P2
    return Severity.P3


def pressure(verdict: Verdict, policy: Policy) -> str:
    """``normal``, ``warning``, ``critical`` or ``imminent`` by the share of the limit; ``no limit`` without one."""
    if verdict.limit is None or not math.isfinite(verdict.limit) or verdict.limit <= 0:
        return "no limit"
    share = _share(verdict)
    steps = ((policy.imminent_share, "imminent"), (policy.critical_share, "critical"), (policy.warn_share, "warning"))
    return next((name for least, name in steps if share >= least), "normal")


def worse(one: Severity, other: Severity) -> Severity:
    return min(one, other, key=list(Severity).index)


def _share(verdict: Verdict) -> float:
    limit = verdict.limit
    known = limit is not None and math.isfinite(limit) and limit > 0 and math.isfinite(verdict.level)
    return verdict.level / limit if known and limit is not None else 0.0


def _forecast(verdict: Verdict) -> tuple[float, float]:
    """(p10, p50) in seconds of what is reached first; +inf where nothing is."""
    return (
        min((forecast.p10_s for forecast in verdict.forecasts), default=math.inf),
        min((forecast.p50_s for forecast in verdict.forecasts), default=math.inf),
    )
