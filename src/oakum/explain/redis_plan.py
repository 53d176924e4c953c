"""What to do about a server of the Redis family, in order; nothing here is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote
from typing import Final
from urllib.parse import unquote, urlsplit

from oakum.model.cause import Cause, CauseName
from oakum.model.redis import Figures, RedisSample
from oakum.model.step import Plan, Step
from oakum.model.units import format_duration
from oakum.model.verdict import Verdict, VerdictName

FEW: Final = 10
"""So many keys are shown."""


def plan(verdict: Verdict, causes: tuple[Cause, ...], target: str, last: RedisSample) -> Plan:
    if verdict.name is VerdictName.HEALTHY:
        return Plan()
    if verdict.name is not VerdictName.LEAK:
        return Plan((_again(verdict, target),))
    keep = Step(
        "Keep the answer",
        effect="the report survives the keys",
        risk="none: it only reads",
        command=f"oakum investigate {quote(target)} -o html -f redis.html",
    )
    return Plan((keep, *_mend(causes, target), *_bound(verdict, target, last), _verify(target)))


def _again(verdict: Verdict, target: str) -> Step:
    return Step(
        "Look again, longer",
        effect=verdict.settles or "a firmer verdict",
        risk="none: it only reads",
        command=f"oakum investigate {quote(target)} --for 10m",
    )


def _mend(causes: tuple[Cause, ...], target: str) -> Iterator[Step]:
    for cause in [each for each in causes if each.growth_bytes_per_s > 0][:2]:
        yield Step(f"Fix who writes {cause.holder}", effect=cause.advice, risk="none here: it is a change of the code")
        client = _client(target)
        if cause.name is CauseName.KEYS_WITHOUT_TTL:
            glob, database = _glob(cause.holder)
            ask = f"{client}{database}"
            yield Step(
                f"See a few of those that are there, {cause.holder}",
                effect="names with their TTL in seconds, -1 for none: who knows these keys judges which may end",
                risk="none: it only reads; * stands for : too here, so keys of longer names are among them",
                command=f"{ask} --scan --pattern {quote(glob)} | head -n {FEW} | while IFS= read -r key; do"
                f' printf \'%s %s\\n\' "$({ask} TTL "$key" < /dev/null)" "$key"; done',
            )
        elif cause.name is CauseName.QUEUE_BACKLOG and cause.evidence == ("collection",):
            yield Step(
                f"See who consumes {cause.holder}",
                effect="a consumer that is gone, or that is too slow",
                risk="none: it only reads",
                command=f"{client} CLIENT LIST | grep -E 'cmd=(blpop|brpop|lpop|rpop|lmove|blmove|xread|xreadgroup)'",
            )


def _bound(verdict: Verdict, target: str, last: RedisSample) -> Iterator[Step]:
    """Of a cluster for the one that needs it most; for none whose machine has not that much memory."""
    server = max(last.servers, key=_need)
    room = round(server.maxmemory * 1.5) if server.maxmemory else server.used * 2
    if server.system_bytes is not None and room > server.system_bytes:
        return
    ask = _client(target, server.place if server.mode == "cluster" else "")
    whose = f": {server.place}, one of {len(last.servers)} primaries" if len(last.servers) > 1 else ""
    does, risk = _when_full(server.policy)
    if not server.maxmemory:
        yield Step(
            f"Give it a bound, below the limit of its container{whose}",
            effect=f"{does}, instead of a kill that loses all of it",
            risk=risk,
            command=f"{ask} CONFIG SET maxmemory {room}",
            undo=f"{ask} CONFIG SET maxmemory 0",
        )
        return
    soonest = min((row.p10_s for row in verdict.forecasts), default=None)
    if soonest is None or soonest > 86400:
        return
    yield Step(
        f"Gain time{whose}: in about {format_duration(max(soonest, 0.0))} {does}",
        effect="half as much room again, while the fix is made",
        risk="the machine or its container must have that memory: look first",
        command=f"{ask} CONFIG SET maxmemory {room}",
        undo=f"{ask} CONFIG SET maxmemory {server.maxmemory}",
    )


def _need(server: Figures) -> tuple[bool, float]:
    """Without a bound first, then the fullest."""
    return not server.maxmemory, server.used / (server.maxmemory or 1)


def _when_full(policy: str) -> tuple[str, str]:
    """(what is done at maxmemory, what that risks)."""
    if policy.startswith("allkeys"):
        lost = "keys are lost without a word: where it is no cache, CONFIG SET maxmemory-policy noeviction first"
        return f"any key may be evicted there ({policy})", lost
    if policy.startswith("volatile"):
        told = f"keys that have a TTL are evicted there ({policy}), and writes refused when none is left"
        return told, "those keys are lost before their time, and then its clients see errors"
    told = f"writes are refused there ({policy or 'noeviction, as by default'})"
    return told, "its clients see errors when it is full"


def _verify(target: str) -> Step:
    return Step(
        "Verify with the fix in place, under the same load",
        effect="the same patterns are counted again: none may gain keys",
        risk="none: it only reads",
        command=f"oakum investigate {quote(target)} --for 10m",
    )


def _client(target: str, place: str = "") -> str:
    """The password comes from REDISCLI_AUTH. ``place``: a node of its cluster."""
    parts, at = urlsplit(target), urlsplit(place or target)
    tls = " --tls" if parts.scheme.endswith("ss") or parts.scheme == "valkeys" else ""
    user = f" --user {quote(unquote(parts.username))}" if parts.username else ""
    database = f" -n {parts.path.strip('/')}" if parts.path.strip("/").isdigit() else ""
    return f"redis-cli -h {quote(at.hostname or '')} -p {at.port or 6379}{tls}{user}{database}"


def _glob(pattern: str) -> tuple[str, str]:
    """(as SCAN MATCH takes it, `` -n N`` where the pattern names its database)."""
    named = re.match(r"db(\d+) ", pattern)
    name = pattern[named.end() :] if named else pattern
    return re.sub(r"([\[\]?\\])", r"\\\1", name), f" -n {named[1]}" if named else ""
