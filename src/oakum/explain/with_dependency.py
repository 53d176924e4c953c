"""A workload and a server that it talks to, looked at together: whose connections they are, when they were opened, and
whether its pools may ask for more of them than the server admits. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Final

from oakum.explain.pools import factors, most_connections, over_limit, speaks_to
from oakum.explain.postgres import AT_BOUNCER
from oakum.explain.starts import starts
from oakum.model.absent import Absent, AbsentKind
from oakum.model.admission import Admission, Connection, Endpoint, Instance
from oakum.model.assessment import Investigation
from oakum.model.cause import Cause, CauseName
from oakum.model.dependency import Told
from oakum.model.pool import Pool, PoolReading
from oakum.model.step import Plan, Step
from oakum.model.units import format_count
from oakum.model.verdict import Verdict, VerdictName

FULL: Final = 0.8
"""Of what the server admits so much is taken: what the settings allow is near."""

MAY: Final = 0.5
"""How sure a pool that may ask for too much is a cause by its settings alone."""

NEAR: Final = 0.7
"""Where the server is nearly full."""

IS: Final = 0.9
"""Where it is full."""

MOST_STARTS: Final = 3
OWN: Final = ("dependency",)
"""The evidence of a cause that the server itself names."""

ADVICE: Final = "Bound what all instances together may open below what the server admits, with room for a rollout"
WORSE: Final = (VerdictName.HEALTHY, VerdictName.CANNOT_TELL, VerdictName.SUSPECT, VerdictName.LEAK)


@dataclass(frozen=True, slots=True)
class Together:
    """``server``: at the end of the watch; ``dependency``: its own answer. ``instances``: of the workload; ``owners``:
    which of them holds a connection, by the end of it that the server sees.
    """

    server: Admission
    dependency: Investigation
    instances: Sequence[Instance]
    owners: Mapping[Endpoint, Instance]

    def owner(self, connection: Connection) -> Instance | None:
        if connection.endpoint in self.owners:
            return self.owners[connection.endpoint]
        return next((each for each in self.instances if connection.address in each.addresses), None)


def joined(answer: Investigation, together: Together) -> tuple[Investigation, tuple[Told, ...]]:
    """The workload's answer with what both say, and what is to be put among its evidence."""
    server = together.server
    held = [(each, owner) for each in server.connections if (owner := together.owner(each)) is not None]
    told = [_taken(together, held), *_starts(held, server)]
    reading = answer.pools or PoolReading()
    of_server = [pool for pool in reading.pools if speaks_to(pool, reading) == server.kind]
    over = [pool for pool in of_server if over_limit(pool, reading)]
    causes = [*_own(together, held), *(_cause(pool, reading, server, len(held)) for pool in over)]
    steps = [step for pool in over[:1] for step in _steps(pool, reading, server, len(held))]
    verdict = _verdict(answer.verdict, together, causes)
    leaks = any(cause.evidence == OWN for cause in causes)
    ask = [_ask(together)] if together.dependency.verdict.name is not VerdictName.HEALTHY else []
    found = replace(
        answer,
        verdict=verdict,
        causes=(*causes, *answer.causes) if _worse(verdict, answer.verdict) else (*answer.causes, *causes),
        absent=(*answer.absent, *_absent(together, held, of_server, reading)),
        plan=Plan((*steps, *(together.dependency.plan.steps if leaks else ()), *answer.plan.steps, *ask)),
    )
    return found, tuple(told)


def _worse(verdict: Verdict, than: Verdict) -> bool:
    return WORSE.index(verdict.name) > WORSE.index(than.name)


def _taken(together: Together, held: Sequence[tuple[Connection, Instance]]) -> Told:
    server = together.server
    by_instance = Counter(owner.name for _, owner in held)
    most = "an unknown number of" if server.most is None else format_count(server.most)
    title = f"{server.place}: {format_count(server.taken)} of {most} connections are taken ({server.bound})"
    if held:
        each = ", ".join(f"{format_count(count)} by {name}" for name, count in by_instance.most_common(3))
        more = f" and {len(by_instance) - 3} more" if len(by_instance) > 3 else ""
        title += f", {format_count(len(held))} of them its own ({each}{more})"
    if together.dependency.verdict.reasons:
        title += f"; by itself: {together.dependency.verdict.name}: {together.dependency.verdict.reasons[0]}"
    facts = {
        "server": server.place,
        "bound": server.bound,
        "admits": server.most,
        "taken": server.taken,
        "held": len(held),
        "by_instance": dict(by_instance.most_common(20)),
        "applications": dict(Counter(each.who for each, _ in held).most_common(8)),
        "verdict": str(together.dependency.verdict.name),
    }
    return Told("dependency", title, server.kind, server.at_s, facts=facts)


def _starts(held: Sequence[tuple[Connection, Instance]], server: Admission) -> Iterator[Told]:
    by_who: dict[str, list[tuple[float, Instance]]] = {}
    for each, owner in held:
        if each.age_s is not None:
            by_who.setdefault(each.who, []).append((server.at_s - each.age_s, owner))
    made = (starts(who, began, server.at_s) for who, began in by_who.items())
    found = sorted((each for each in made if each is not None), key=lambda each: -each.count)
    for told in found[:MOST_STARTS]:
        yield Told("starts", told.sentence, f"{server.kind} and its clients", server.at_s, facts=told.facts)


def _own(together: Together, held: Sequence[tuple[Connection, Instance]]) -> Iterator[Cause]:
    """What the server names and this workload holds most of."""
    own = Counter(each.who for each, _ in held)
    every = Counter(each.who for each in together.server.connections)
    for cause in together.dependency.causes:
        who = _client(cause)
        if cause.name is CauseName.CONNECTION_POOL and who in own and 2 * own[who] >= every[who]:
            why = f"{own[who]} of {every[who]} connections of {who} at {together.server.place} are its own"
            yield replace(cause, why=(why, *cause.why), evidence=OWN)


def _client(cause: Cause) -> str:
    """As a connection's ``who``; what follows it in the holder is the state, in which there is no colon."""
    return cause.holder.rpartition(": ")[0].removesuffix(AT_BOUNCER)


def _cause(pool: Pool, reading: PoolReading, server: Admission, held: int) -> Cause:
    most = most_connections(pool) or 0
    admits = server.most or 1
    others = max(server.taken - held, 0)
    share = server.taken / admits
    known = IS if share >= 1 else NEAR if share >= FULL else MAY
    return Cause(
        CauseName.CONNECTION_POOL,
        known,
        "its pools may ask for more connections than the server admits",
        f"{pool.library}{f' ({pool.where})' if pool.where else ''}: {_setting(pool)} {format_count(most)}",
        None,
        nan,
        why=(
            f"{factors(most, reading)}; {server.place} admits {format_count(admits)} ({server.bound})",
            f"{format_count(server.taken)} are taken now: {format_count(held)} by it, {format_count(others)} by others",
        ),
        against=() if known == IS else ("its instances do not use all that they may at once",),
        advice=ADVICE,
        evidence=("dependency", "pool"),
    )


def _steps(pool: Pool, reading: PoolReading, server: Admission, held: int) -> Iterator[Step]:
    others = max(server.taken - held, 0)
    room = max((server.most or 0) - others, 0)
    each = room // reading.instances
    most = most_connections(pool) or 0
    if each:
        yield Step(
            f"Set {_setting(pool)} of {pool.library} to {format_count(each)} or less",
            effect=f"{factors(each, reading)}, where {server.place} has room for {format_count(room)} beside what"
            f" {format_count(others)} others hold; now it may be {format_count(most * reading.instances)}",
            risk="requests wait for a connection where fewer are there: it counts from the next start on",
            undo=f"{_setting(pool)} {format_count(most)}",
        )
        return
    yield Step(
        f"Put a pooler before {server.place}, or raise {server.bound}",
        effect=f"{format_count(reading.instances)} instances have room for {format_count(room)}: not one for each",
        risk=f"{server.bound} costs the server memory, and it must be started again"
        if server.kind == "PostgreSQL"
        else f"{server.bound} costs the server memory and descriptors",
    )


def _setting(pool: Pool) -> str:
    names = {
        "HikariCP": "maximumPoolSize",
        "SQLAlchemy": "pool_size + max_overflow",
        "psycopg_pool": "max_size",
        "node-postgres": "max",
        "pgxpool": "pool_max_conns",
        "database/sql": "SetMaxOpenConns",
        "redis-py": "max_connections",
    }
    return names.get(pool.library, "max-active")


def _verdict(verdict: Verdict, together: Together, causes: Sequence[Cause]) -> Verdict:
    """A leak of connections is the workload's where its processes hold them; settings alone change no verdict."""
    told = together.dependency.verdict
    own = [cause.why[0] for cause in causes if cause.evidence == OWN]
    if not own or not _worse(told, verdict):
        return verdict
    return replace(
        verdict,
        name=told.name,
        probability=told.probability,
        onset_s=told.onset_s,
        forecasts=(*told.forecasts, *verdict.forecasts),
        reasons=(*own, *told.reasons, *verdict.reasons),
        settles=told.settles,
    )


def _ask(together: Together) -> Step:
    return Step(
        f"Look at {together.server.place} by itself, for longer",
        effect="its own answer, with its causes and its plan",
        risk="none: it reads the server's own statistics",
        command=f"oakum investigate {together.dependency.target} --for 10m",
    )


def _absent(
    together: Together,
    held: Sequence[tuple[Connection, Instance]],
    pools: Sequence[Pool],
    reading: PoolReading,
) -> Iterator[Absent]:
    server = together.server
    yield from (replace(each, what=f"{each.what} ({server.place})") for each in together.dependency.absent)
    if not held:
        yield Absent(
            f"which connections of {server.place} are its own",
            AbsentKind.NOT_APPLICABLE,
            "none comes from an address or a socket of it: it has none there now, uses a Unix socket, or a pooler, a"
            " proxy or address translation stands between",
            f"oakum investigate {together.dependency.target}    # by application_name",
        )
    if not pools:
        looked = f": {', '.join(reading.read)} were read" if reading.read else ": its process was not looked into"
        yield Absent(
            f"how many connections its pools may open at {server.place}",
            AbsentKind.NOT_APPLICABLE,
            f"no setting of a pool for {server.kind} was found{looked}",
            "oakum investigate pid/N    # where the process runs; docs/pools.md has what is known",
        )
