"""What to do about a server of the Redis family, in order; nothing here is executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import quote
from urllib.parse import unquote, urlsplit

from oakum.model.cause import Cause, CauseName
from oakum.model.redis import RedisSample
from oakum.model.step import Plan, Step
from oakum.model.units import format_duration, format_size
from oakum.model.verdict import Verdict, VerdictName


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
                f"Give those that are there a day to live, {cause.holder}",
                effect=f"{_size(cause)} come back within a day",
                risk="what is still wanted after a day is lost; names with quotes or spaces are passed over",
                command=f"{ask} --scan --pattern {quote(glob)} | grep -v '[\" ]'"
                f" | sed 's/.*/EXPIRE & 86400 NX/' | {ask} > /dev/null",
                undo=f"the same with 's/.*/PERSIST &/', within a day ({ask})",
            )
        elif cause.name is CauseName.QUEUE_BACKLOG and cause.evidence == ("collection",):
            yield Step(
                f"See who consumes {cause.holder}",
                effect="a consumer that is gone, or that is too slow",
                risk="none: it only reads",
                command=f"{client} CLIENT LIST | grep -E 'cmd=(blpop|brpop|lpop|rpop|lmove|blmove|xread|xreadgroup)'",
            )


def _size(cause: Cause) -> str:
    return "they" if cause.retained_bytes is None else format_size(cause.retained_bytes)


def _bound(verdict: Verdict, target: str, last: RedisSample) -> Iterator[Step]:
    server = last.servers[0]
    if not server.maxmemory:
        yield Step(
            "Give it a bound, below the limit of its container",
            effect="writes are refused there (noeviction), instead of a kill that loses all of it",
            risk="its clients see errors when it is full",
            command=f"{_client(target)} CONFIG SET maxmemory {round(server.used * 2)}",
            undo=f"{_client(target)} CONFIG SET maxmemory 0",
        )
        return
    soonest = min((row.p10_s for row in verdict.forecasts), default=None)
    if soonest is None or soonest > 86400:
        return
    what = "refuses writes" if server.policy in {"", "noeviction"} else "evicts keys that have a TTL"
    yield Step(
        f"Gain time: it {what} in about {format_duration(max(soonest, 0.0))}",
        effect="half as much room again, while the fix is made",
        risk="the machine or its container must have that memory: look first",
        command=f"{_client(target)} CONFIG SET maxmemory {round(server.maxmemory * 1.5)}",
        undo=f"{_client(target)} CONFIG SET maxmemory {server.maxmemory}",
    )


def _verify(target: str) -> Step:
    return Step(
        "Verify with the fix in place, under the same load",
        effect="the same patterns are counted again: none may gain keys",
        risk="none: it only reads",
        command=f"oakum investigate {quote(target)} --for 10m",
    )


def _client(target: str) -> str:
    """The password comes from REDISCLI_AUTH."""
    parts = urlsplit(target)
    tls = " --tls" if parts.scheme.endswith("ss") or parts.scheme == "valkeys" else ""
    user = f" --user {quote(unquote(parts.username))}" if parts.username else ""
    database = f" -n {parts.path.strip('/')}" if parts.path.strip("/").isdigit() else ""
    return f"redis-cli -h {quote(parts.hostname or '')} -p {parts.port or 6379}{tls}{user}{database}"


def _glob(pattern: str) -> tuple[str, str]:
    """(as SCAN MATCH takes it, `` -n N`` where the pattern names its database)."""
    named = re.match(r"db(\d+) ", pattern)
    name = pattern[named.end() :] if named else pattern
    return re.sub(r"([\[\]?\\])", r"\\\1", name), f" -n {named[1]}" if named else ""
