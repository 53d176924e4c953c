"""What a server of the Redis family tells: verdict, evidence, causes and plan. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
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

QUARTERS: Final = 3
"""Of the four quarters of the watch, in so many its memory rises where something leaks: a burst is none."""

RISE_SHARE: Final = 0.1
"""Of what was gained in all, a quarter in which memory rose gained so much."""

FALL_SHARE: Final = 0.5
"""Of what was gained in all, memory fell by no more in between."""

LONGER: Final = "watch longer: the same command with --for 10m"

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
    """Never a leak without something that grows all along, that nothing ends, and that accounts for what the server
    gained.
    """
    series = asked.series_verdict
    watched_s = last.at_s - first.at_s
    gained = last.level - first.level
    growing = [cause for cause in causes if _grows(cause)]
    explains = sum(cause.growth_bytes_per_s for cause in growing) * watched_s
    reasons = tuple(f"{cause.title}: {cause.why[0]}, {format_rate(cause.growth_bytes_per_s)}" for cause in growing[:3])
    reasons = (*reasons, *_standing(last, asked))
    if not growing or explains < TRIFLE_BYTES:
        series = replace(series, reasons=(*reasons, *series.reasons))
        if growing:
            return _too_little(series, growing, watched_s, gained)
        return _nothing_grows(series, first, last, gained)
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
    doubt = _uneven(asked, last) or _unseen(last, growing, gained / watched_s)
    if doubt:
        return replace(
            series,
            name=VerdictName.SUSPECT,
            probability=0.5,
            rate_per_s=rate,
            forecasts=forecasts,
            reasons=(*reasons, share, doubt, *series.reasons),
            settles=LONGER,
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


def _grows(cause: Cause) -> bool:
    """Also where it is not known by how many bytes."""
    return cause.growth_bytes_per_s > 0 or cause.evidence in {("pattern",), ("collection",)}


def _uneven(asked: Asked[RedisSample], last: RedisSample) -> str:
    """Why the server's memory is not seen to rise all along; "" where it is."""
    levels = [sample.level for sample in asked.samples if sample.started_s == last.started_s]
    if len(levels) <= 4:
        return f"of its memory only {len(levels)} samples came: whether it rises all along is not seen"
    rose, gained = rising_quarters(levels), levels[-1] - levels[0]
    if rose < QUARTERS:
        return f"its memory rose in {rose} of the 4 quarters of the watch: that may be a burst"
    down = redis_causes.fell(levels)
    return f"its memory fell by {format_size(down)} meanwhile" if down > FALL_SHARE * gained else ""


def rising_quarters(levels: Sequence[float]) -> int:
    """Of four quarters of the samples, in how many a good part was gained."""
    steps = len(levels) - 1
    ends = [levels[steps * quarter // 4] for quarter in range(5)]
    gained = levels[-1] - levels[0]
    return sum(after - before >= max(RISE_SHARE * gained, 1.0) for before, after in pairwise(ends))


def _unseen(last: RedisSample, growing: Sequence[Cause], gained_per_s: float) -> str:
    """Which keys it hangs on whose course is not known; "" where the others account for the growth."""
    unfollowed = redis_causes.unfollowed(last)
    unsure = [cause for cause in growing if cause.evidence == ("collection",) and cause.holder in unfollowed]
    sure = sum(cause.growth_bytes_per_s for cause in growing if cause not in unsure)
    if not unsure or sure >= EXPLAINED[0] * gained_per_s:
        return ""
    return f"{', '.join(cause.holder for cause in unsure[:3])}: seen twice only, and may have been emptied in between"


def _too_little(series: Verdict, growing: Sequence[Cause], watched_s: float, gained: float) -> Verdict:
    """What grows is never healthy, however little it is in a short time."""
    if series.name is VerdictName.LEAK:
        return series
    named = ", ".join(cause.holder for cause in growing[:3])
    every, whole = format_duration(watched_s), format_size(gained, signed=True)
    told = f"{named} gained too little in {every} to tell; the server as a whole {whole}"
    reasons = (told, *series.reasons)
    return replace(series, name=VerdictName.SUSPECT, probability=0.5, reasons=reasons, settles=LONGER)


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
        much = gained > max(TRIFLE_BYTES, STILL_SHARE * first.level)
        if any(redis_causes.forever(pattern) is None for pattern in grows):
            told = f"{named} gained keys in {every}, and whether they have a TTL is not known"
            name = VerdictName.SUSPECT if much else VerdictName.CANNOT_TELL
            return replace(series, name=name, reasons=(told, *series.reasons), settles="the right to ask PTTL of keys")
        told = f"{named} gained keys in {every}, and they have a TTL: that ends when as many end as come"
        name = VerdictName.SUSPECT if much else VerdictName.HEALTHY
        settles = "" if name is VerdictName.HEALTHY else "watch for longer than their TTL: the same command with --for"
        return replace(series, name=name, reasons=(told, *series.reasons), settles=settles)
    told = f"no pattern of keys and no single key gained noticeably in {every}"
    taken = [each.now.key for each in survey.collections if redis_causes.emptied(each)]
    if taken:
        told += f", but for {', '.join(taken[:3])}: longer now, and emptied in between"
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
    return series.settles or LONGER
