"""What a server of the Redis family tells: verdict, evidence, causes and plan. Pure."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import Final

from oakum.explain import redis_causes, redis_told
from oakum.explain.redis_plan import plan
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cause import Cause
from oakum.model.dependency import Asked, Findings
from oakum.model.redis import RedisSample
from oakum.model.units import format_duration, format_rate, format_share, format_size
from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName

TRIFLE_BYTES: Final = 128 << 10
"""Of a whole watch: less is a client that came, or a table that was made larger."""

UNSEEN_BYTES: Final = 1 << 20
"""So much that no key accounts for is told: less are buffers, and keys that come and go."""

EXPLAINED: Final = (0.3, 3.0)
"""What the causes gain must lie within these factors of what the server gained."""

STILL_SHARE: Final = 0.01
"""A level that moved by less stands still."""


def explained(asked: Asked[RedisSample]) -> Findings:
    first, last = _ends(asked)
    causes = redis_causes.causes(first, last)
    verdict = assessed(asked, first, last, causes)
    server = last.servers[0]
    many = f", {len(last.servers)} primaries of a cluster" if server.mode == "cluster" else ""
    return Findings(
        verdict,
        f"{server.name}{many}",
        redis_told.told(asked, first, last),
        _absent(first, last),
        causes,
        plan(verdict, causes, asked.target, last),
    )


def assessed(asked: Asked[RedisSample], first: RedisSample, last: RedisSample, causes: tuple[Cause, ...]) -> Verdict:
    """Never a leak without something that grows, that nothing ends, and that accounts for what the server gained."""
    series = asked.series_verdict
    watched_s = last.at_s - first.at_s
    gained = last.level - first.level
    growing = [cause for cause in causes if cause.growth_bytes_per_s > 0]
    explains = sum(cause.growth_bytes_per_s for cause in growing) * watched_s
    reasons = tuple(f"{cause.title}: {cause.why[0]}, {format_rate(cause.growth_bytes_per_s)}" for cause in growing[:3])
    reasons = (*reasons, *_standing(last, asked))
    if not growing or explains < TRIFLE_BYTES:
        return _nothing_grows(replace(series, reasons=(*reasons, *series.reasons)), first, last, gained)
    if watched_s <= 0 or gained <= 0 or not EXPLAINED[0] <= explains / gained <= EXPLAINED[1]:
        told = f"the server as a whole gained {format_size(gained, signed=True)} in {format_duration(watched_s)}"
        return replace(
            series, name=VerdictName.SUSPECT, reasons=(*reasons, told, *series.reasons), settles=_longer(series)
        )
    rate = series.rate_per_s if series.rate_per_s and series.rate_per_s > 0 else gained / watched_s
    share = f"that is {format_share(min(explains / gained, 1.0))} of what the server gained"
    forecasts = series.forecasts or _forecast(last, gained / watched_s)
    if all(each.evicts_any for each in last.servers):
        return replace(
            series,
            name=VerdictName.SUSPECT,
            probability=0.35,
            rate_per_s=rate,
            forecasts=forecasts,
            reasons=(*reasons, share, f"{last.servers[0].policy} ends it at maxmemory", *series.reasons),
            settles="watch until it evicts: a cache then stands still; its hit ratio says whether it is large enough",
        )
    return replace(
        series,
        name=VerdictName.LEAK,
        pattern=series.pattern if series.pattern is not None and series.pattern.leaks else Pattern.LINEAR,
        probability=max(series.probability or 0.0, 0.95),
        rate_per_s=rate,
        forecasts=forecasts,
        reasons=(*reasons, f"{share}, and nothing ends it", *series.reasons),
        settles="",
    )


def _ends(asked: Asked[RedisSample]) -> tuple[RedisSample, RedisSample]:
    """The first whole sample, and the last one of the same run; one that is not whole where none came."""
    last = asked.samples[-1]
    same = [sample for sample in asked.samples if sample.started_s == last.started_s]
    whole = [sample for sample in asked.samples if sample.whole]
    if not last.whole:
        # What stands in the last whole one is still what is known of its keys.
        kept = whole[-1]
        last = replace(last, survey=kept.survey, clients=kept.clients, absent=kept.absent, user=kept.user)
    return (same[0] if same else last), last


def _nothing_grows(series: Verdict, first: RedisSample, last: RedisSample, gained: float) -> Verdict:
    survey = last.survey
    if survey is None or not survey.between_s or series.name is VerdictName.LEAK:
        return series
    grows = [pattern for pattern in survey.patterns if redis_causes.accumulates(pattern)]
    every = format_duration(survey.between_s)
    if grows:
        named = ", ".join(pattern.pattern for pattern in grows[:3])
        told = f"{named} gained keys in {every}, and they have a TTL: that ends when as many end as come"
        name = VerdictName.SUSPECT if gained > max(TRIFLE_BYTES, STILL_SHARE * first.level) else VerdictName.HEALTHY
        settles = "" if name is VerdictName.HEALTHY else "watch for longer than their TTL: the same command with --for"
        return replace(series, name=name, reasons=(told, *series.reasons), settles=settles)
    told = f"no pattern of keys and no single key gained noticeably in {every}"
    turning = sum(max(0.0, redis_causes.grown_bytes(pattern)) for pattern in survey.patterns)
    still = gained <= max(UNSEEN_BYTES, STILL_SHARE * first.level, 2 * turning)
    name = VerdictName.HEALTHY if still else VerdictName.SUSPECT
    if not still:
        told = f"{told}; yet the server gained {format_size(gained)}: keys of patterns that were not seen, or buffers"
    settles = "" if still else series.settles or _longer(series)
    return replace(series, name=name, reasons=(told, *series.reasons), settles=settles)


def _standing(last: RedisSample, asked: Asked[RedisSample]) -> list[str]:
    """What bounds it, and how near that is."""
    told = []
    for server in last.servers:
        if not server.maxmemory:
            told.append(f"{server.place} has no maxmemory: it grows until the kernel ends it")
            continue
        share = server.used / server.maxmemory
        if share >= asked.policy.warn_share:
            does = "then evicts" if server.policy not in {"", "noeviction"} else "then refuses writes (noeviction)"
            told.append(f"{server.place} uses {format_share(share)} of maxmemory, and {does}")
    return told[:3]


def _forecast(last: RedisSample, per_s: float) -> tuple[Forecast, ...]:
    """At the rate between the two surveys, give or take half."""
    limit = last.limit
    if limit is None or per_s <= 0 or limit <= last.level:
        return ()
    seconds = (limit - last.level) / per_s
    return (Forecast("limit", seconds / 1.5, seconds, seconds * 2),) if seconds < inf else ()


def _absent(first: RedisSample, last: RedisSample) -> tuple[Absent, ...]:
    found = [*first.absent, *last.absent]
    for server in last.servers:
        if server.maxmemory or last.limit is not None:
            continue
        found.append(
            Absent(
                f"when {server.place} is full",
                AbsentKind.NOT_APPLICABLE,
                "it has no maxmemory",
                "CONFIG SET maxmemory, below the limit of its container",
            )
        )
        break
    if last.survey is not None and last.survey.uneven:
        found.append(Absent("how sure the numbers by pattern are", AbsentKind.NOT_APPLICABLE, last.survey.uneven))
    return tuple(dict.fromkeys(found))


def _longer(series: Verdict) -> str:
    return series.settles or "watch longer: the same command with --for 10m"
