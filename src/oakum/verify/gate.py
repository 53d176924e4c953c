"""The gate of the policy, asked of what was seen since a fix. Pure: time is among the arguments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from oakum.model.absent import Absent
from oakum.model.policy import Policy
from oakum.model.series import Ending, WorkloadSeries
from oakum.model.units import format_duration, format_rate, format_share, format_size
from oakum.model.verdict import Verdict, VerdictName
from oakum.model.verification import Check, CheckState, Outcome

LEAST_SAMPLES = 30
"""With fewer samples of the present lifetime nothing is verified."""

LONGEST_GAP_SHARE = 0.25
"""A window is seen when no gap in its samples is longer than this share of it."""

AS_BEFORE = 0.3
"""A rise of this share of the rate before the fix, or more, is the old leak and no warm-up."""

LEAST_LOAD = 0.3
"""With less than this share of the work that it did before, it is not the load under which it leaked."""


@dataclass(frozen=True, slots=True)
class Since:
    """What is known of the time since the fix.

    ``kills``: the kernel's words on each kill; Absent where it cannot be asked. ``cgroup_kills``: counted meanwhile.
    ``rate_before``: bytes per second before the fix. ``work``, ``work_before``: CPU seconds per second; None: unknown.
    ``restarts``: that nobody saw, before the first lifetime of ``series``.
    """

    series: WorkloadSeries
    verdict: Verdict
    since_s: float
    now_s: float
    kills: tuple[str, ...] | Absent
    cgroup_kills: int | None = None
    rate_before: float | None = None
    work: float | None = None
    work_before: float | None = None
    restarts: int = 0


def ask(since: Since, policy: Policy) -> tuple[Outcome, tuple[Check, ...], str]:
    """(outcome, every check, what is to be done next)."""
    checks = (
        _killed(since),
        _restarts(since),
        _flat(since),
        _load(since),
        _room(since, policy),
        _seen(since, policy.quick_check_s, "quick check"),
        _seen(since, policy.closing_window_s, "closing window"),
    )
    states = [check.state for check in checks]
    if CheckState.FAILED in states:
        return Outcome.FAILED, checks, "oakum incident show    # it is open again; the fix did not hold"
    if all(state is CheckState.PASSED for state in states):
        return Outcome.CLOSED, checks, ""
    if all(state is CheckState.PASSED for state in states[:-1]):
        rest_s = policy.closing_window_s - seen_s(since)
        return Outcome.QUICK, checks, f"the same command again within {format_duration(max(rest_s, 0.0))}"
    waiting = next(check for check in checks if check.state is CheckState.OPEN)
    return Outcome.INCONCLUSIVE, checks, waiting.why


def seen_s(since: Since) -> float:
    """From the first to the last sample of the present lifetime, in seconds."""
    life = since.series.lifetimes[-1] if since.series.lifetimes else None
    return 0.0 if life is None or len(life) < 2 else float(life.at_s[-1] - life.at_s[0])


def _killed(since: Since) -> Check:
    name = "no kill for memory"
    ended = [life for life in since.series.lifetimes if life.ending is Ending.OOM_KILLED]
    told = list(since.kills) if not isinstance(since.kills, Absent) else []
    if told or ended or since.cgroup_kills:
        return Check(name, CheckState.FAILED, told[0] if told else "it was killed for its memory since the fix")
    if isinstance(since.kills, Absent) and since.cgroup_kills is None:
        return Check(name, CheckState.OPEN, f"neither kernel log nor cgroup tells: {since.kills.why}")
    return Check(name, CheckState.PASSED, "the kernel killed nobody here since the fix")


def _restarts(since: Since) -> Check:
    name = "restarts not rising"
    restarts = since.restarts + max(0, len(since.series.lifetimes) - 1)
    if restarts:
        return Check(name, CheckState.FAILED, f"it was restarted {restarts} time{'s' * (restarts > 1)} since the fix")
    ended = bool(since.series.lifetimes) and since.series.lifetimes[-1].ending is not Ending.RUNNING
    if ended:
        return Check(name, CheckState.FAILED, "it has ended, and nothing took its place")
    return Check(name, CheckState.PASSED, "one lifetime since the fix")


def _flat(since: Since) -> Check:
    name = "the floor is flat"
    verdict, samples = since.verdict, _samples(since)
    rate = verdict.rate_per_s
    rise = "" if rate is None else f", {format_rate(rate)}"
    if verdict.name is VerdictName.LEAK:
        return Check(name, CheckState.FAILED, f"the judge says leak{rise}")
    before = since.rate_before
    climbs = verdict.pattern is not None and verdict.pattern.leaks and rate is not None
    if climbs and rate is not None and before is not None and before > 0 and rate >= AS_BEFORE * before:
        return Check(name, CheckState.FAILED, f"it climbs as before the fix{rise}, {format_rate(before)} then")
    if samples < LEAST_SAMPLES:
        return Check(name, CheckState.OPEN, f"{samples} samples of its present life; {LEAST_SAMPLES} are needed")
    if verdict.name is VerdictName.HEALTHY:
        pattern = f" ({verdict.pattern.value})" if verdict.pattern else ""
        return Check(name, CheckState.PASSED, f"the judge says healthy{pattern} on {samples} samples")
    longer = verdict.settles or "watch longer"
    return Check(name, CheckState.OPEN, f"the judge says {verdict.name.value}{rise}: {longer}")


def _load(since: Since) -> Check:
    """Comparable load: a leak that nobody feeds does not show."""
    name = "under comparable load"
    if since.work is None:
        return Check(name, CheckState.OPEN, "how much it works cannot be told")
    if since.work_before is None:
        told = f"it works {format_share(since.work)} of a core; what it did before the fix is not on record"
        return Check(name, CheckState.PASSED if since.work > 0 else CheckState.OPEN, told)
    told = f"{format_share(since.work)} of a core now, {format_share(since.work_before)} before the fix"
    enough = since.work >= LEAST_LOAD * since.work_before
    return Check(name, CheckState.PASSED if enough else CheckState.OPEN, told if enough else f"{told}: put load on it")


def _room(since: Since, policy: Policy) -> Check:
    name = f"below {format_share(policy.closing_share)} of the limit"
    lives = [life for life in since.series.lifetimes if len(life)]
    if not lives:
        return Check(name, CheckState.OPEN, "no samples")
    life = lives[-1]
    if life.limit is None:
        return Check(name, CheckState.PASSED, "there is no limit")
    share = float(np.max(life.value / life.limit))
    told = f"at most {format_size(float(np.max(life.value)))}, {format_share(share)} of its limit"
    return Check(name, CheckState.PASSED if share < policy.closing_share else CheckState.FAILED, told)


def _seen(since: Since, window_s: float, name: str) -> Check:
    seen = seen_s(since)
    told = f"{format_duration(seen)} of {format_duration(window_s)} were seen"
    if _samples(since) < 2 or seen < window_s:
        return Check(name, CheckState.OPEN, told)
    at_s = since.series.lifetimes[-1].at_s
    # The last window counts, with the sample that it begins after: an older hole says nothing of it.
    gap = float(np.max(np.diff(at_s[max(0, int(np.searchsorted(at_s, at_s[-1] - window_s)) - 1) :])))
    if gap > LONGEST_GAP_SHARE * window_s:
        return Check(name, CheckState.OPEN, f"{told}, but nobody looked for {format_duration(gap)} of it")
    return Check(name, CheckState.PASSED, told)


def _samples(since: Since) -> int:
    return len(since.series.lifetimes[-1]) if since.series.lifetimes else 0
