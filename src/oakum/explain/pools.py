"""What the settings of connection pools say: sentences, plain values, steps, and what they add to a cause. Pure.

Settings alone never make a verdict or a cause: a pool without a bound leaks nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from oakum.explain.pool_rules import RULES
from oakum.model.cause import Cause, CauseName
from oakum.model.pool import Pool, PoolReading, PoolRule
from oakum.model.step import Step
from oakum.model.units import format_count
from oakum.model.verdict import Verdict, VerdictName

MOST_STEPS: Final = 3
SPEAKS: Final = 0.2
"""A pool that is set so that it can leak: so much of the doubt of a cause that is seen goes."""

POSTGRES_ADMITS: Final = 100
"""max_connections of a PostgreSQL server that nobody configured."""

MOST_TOLD: Final = 1 << 31
"""redis-py's own way to say that nothing bounds it; a larger number is no size that a pool could have."""

OF_REDIS: Final = frozenset({"redis-py", "Jedis", "Lettuce", "ioredis"})
OF_POSTGRES: Final = frozenset({"psycopg_pool", "pgxpool", "node-postgres"})

_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?(?:_\d{3})*")


@dataclass(frozen=True, slots=True)
class PoolFinding:
    """A rule that a pool breaks. ``value``: None where the setting was not found."""

    rule: PoolRule
    pool: Pool
    value: str | None

    @property
    def line(self) -> str:
        """``maxLifetime is 0: …``."""
        told = "is set nowhere that was read" if self.value is None else f"is {self.value}"
        return f"{self.rule.setting} {told}: {self.rule.meaning}"

    @property
    def fix(self) -> str:
        """The line as it would stand where the setting stands now; the library's own where it is not set."""
        setting = self.pool.settings.get(self.rule.setting)
        if setting is None or not setting.spelled:
            return self.rule.fix
        return f"{setting.spelled}={self.rule.better} ({setting.where})"


def findings(pool: Pool) -> tuple[PoolFinding, ...]:
    """In the order of the table."""
    return tuple(
        PoolFinding(rule, pool, pool.value(rule.setting))
        for rule in RULES
        if rule.library == pool.library and any(is_so(wrong, pool.value(rule.setting)) for wrong in rule.wrong)
    )


def is_so(condition: str, value: str | None) -> bool:
    """``condition``: as PoolRule has it. A value that is not known (None is: it is not set) breaks none."""
    if value is None or condition == "unset":
        return value is None and condition == "unset"
    left, _, right = condition.partition(" ")
    number = _number(value)
    if left == "=":
        return number == float(right) if _number(right) is not None else _word(value) == right.lower()
    if number is None:
        return False
    if left in {"<", ">"}:
        return number < float(right) if left == "<" else number > float(right)
    return float(left) <= number <= float(right.removeprefix("to "))


def _number(text: str) -> float | None:
    """Without its unit: 0 is 0 in each."""
    matched = _NUMBER.match(text)
    return None if matched is None else float(matched[0].replace("_", ""))


def _word(text: str) -> str:
    word = text.rpartition(".")[2].lower()
    return {"none": "null", "off": "false", "no": "false"}.get(word, word)


def most_connections(pool: Pool) -> int | None:
    """What one process may open; None where nothing bounds it, or where that is not known."""

    def number(name: str, default: int | None) -> int | None:
        value = pool.value(name)
        found = None if value is None else _number(value)
        return default if value is None else None if found is None or abs(found) > MOST_TOLD else int(found)

    if pool.library == "SQLAlchemy":
        size, overflow = number("pool_size", 5), number("max_overflow", 10)
        unbounded = not size or overflow is None or overflow < 0
        off = any(each.rule.id in {"sqlalchemy-no-pool", "sqlalchemy-pool-off"} for each in findings(pool))
        return None if unbounded or off or size is None or overflow is None else size + overflow
    if pool.library == "psycopg_pool":
        return number("max_size", number("min_size", 4))
    names = {
        "HikariCP": ("maximumPoolSize", 10),
        "node-postgres": ("max", 10),
        "pgxpool": ("pool_max_conns", None),
        "database/sql": ("SetMaxOpenConns", None),
        "redis-py": ("max_connections", None),
    }
    found = number(*names.get(pool.library, ("max-active", 8)))
    return found if found is not None and found > 0 else None


def speaks_to(pool: Pool, reading: PoolReading) -> str:
    """The kind of server that its connections lead to: Redis; PostgreSQL; "" where that is not known."""
    if pool.library in OF_REDIS:
        return "Redis"
    return "PostgreSQL" if pool.library in OF_POSTGRES or reading.server or reading.asked.kind == "PostgreSQL" else ""


def over_limit(pool: Pool, reading: PoolReading) -> str:
    """Whether all processes together may ask for more than the server admits; "" where they may not.

    What it admits is what it said (``reading.asked``), or of a PostgreSQL server that was not asked, the default.
    """
    kind, most = speaks_to(pool, reading), most_connections(pool)
    asked = reading.asked.admits is not None and reading.asked.kind == kind
    limit = reading.asked.admits if asked else POSTGRES_ADMITS if kind == "PostgreSQL" else None
    if most is None or limit is None or most * reading.instances <= limit:
        return ""
    told = factors(most, reading) if reading.instances > 1 else f"it may open up to {format_count(most)} connections"
    if asked:
        return f"{told}; the server admits {format_count(limit)}"
    return f"{told}; a PostgreSQL server admits {limit} unless it is configured (max_connections)"


def factors(most: int, reading: PoolReading) -> str:
    """``3 replicas × 2 processes × 20 = up to 120 connections``."""
    if reading.instances == 1:
        return f"up to {format_count(most)} connections"
    parts = [f"{format_count(reading.asked.replicas)} replicas"] if reading.asked.replicas > 1 else []
    parts += [f"{format_count(reading.processes)} processes"] if reading.processes > 1 else []
    return f"{' × '.join([*parts, format_count(most)])} = up to {format_count(most * reading.instances)} connections"


def pool_rows(reading: PoolReading) -> Iterator[tuple[str, dict[str, object]]]:
    """(sentence, plain values) of each pool, followed by those of what is wrong about it."""
    for pool in reading.pools:
        found, over = _gravest(findings(pool)), over_limit(pool, reading)
        yield _pool_line(pool, found, over), _pool_facts(pool, reading, over)
        for each in found:
            yield each.line, _finding_facts(each)
        if over:
            yield over, {"library": pool.library, "pool": pool.where, "id": "over-the-servers-limit", "meaning": over}


def _pool_line(pool: Pool, found: Sequence[PoolFinding], over: str) -> str:
    """``HikariCP pool (spring.datasource.hikari): maximumPoolSize 50, maxLifetime 0: 2 findings``."""
    told = ", ".join(f"{setting.name} {setting.value or 'not told'}" for setting in pool.settings.values())
    count = len(found) + bool(over)
    says = "nothing about it leaks" if not count else "1 finding" if count == 1 else f"{format_count(count)} findings"
    return f"{_named(pool)}: {told or 'no setting of it was found'}: {says}"


def _pool_facts(pool: Pool, reading: PoolReading, over: str) -> dict[str, object]:
    return {
        "library": pool.library,
        "pool": pool.where,
        "settings": [
            {"name": each.name, "value": each.value or None, "where": each.where, "spelled": each.spelled or None}
            for each in pool.settings.values()
        ],
        "findings": [each.rule.id for each in findings(pool)],
        "most_connections": most_connections(pool),
        "processes": reading.processes,
        "replicas": reading.asked.replicas,
        "server_admits": reading.asked.admits if speaks_to(pool, reading) == reading.asked.kind else None,
        "server": reading.server or None,
        "over_limit": over or None,
        "read": list(reading.read),
    }


def _finding_facts(found: PoolFinding) -> dict[str, object]:
    return {
        "library": found.pool.library,
        "pool": found.pool.where,
        "id": found.rule.id,
        "setting": found.rule.setting,
        "value": found.value,
        "grave": found.rule.grave,
        "meaning": found.rule.meaning,
        "fix": found.fix,
    }


def _gravest(found: Sequence[PoolFinding]) -> list[PoolFinding]:
    """Those first."""
    return sorted(found, key=lambda each: not each.rule.grave)


def _named(pool: Pool) -> str:
    kind = pool.library if pool.library.endswith("pool") else f"{pool.library} pool"
    return f"{kind} ({pool.where})" if pool.where else kind


def pool_steps(reading: PoolReading, causes: Sequence[Cause] = ()) -> tuple[Step, ...]:
    """What to ask the server where it may admit less than is asked of it; what to set of what is grave.

    One step alone where something else is known to be the cause.
    """
    found = [each for pool in reading.pools for each in findings(pool) if each.rule.grave]
    steps = {step.title: step for step in (*_asks(reading), *map(_sets, found))}
    other = any(cause.name is not CauseName.CONNECTION_POOL for cause in causes)
    return tuple(steps.values())[: 1 if other else MOST_STEPS]


def _asks(reading: PoolReading) -> Iterator[Step]:
    over = next((told for pool in reading.pools if (told := over_limit(pool, reading))), "")
    if over and reading.asked.admits is None:
        yield Step(
            "Ask the database how many connections it admits, and who has them",
            effect=over,
            risk="none: it reads the server's own statistics",
            command=f"oakum investigate {reading.server or 'postgresql://HOST:5432/DATABASE'}",
        )


def _sets(finding: PoolFinding) -> Step:
    return Step(
        f"Set {finding.fix}",
        effect=f"{_named(finding.pool)}: {finding.line}",
        risk="it counts from the next start on; the number is an example, not measured for this service",
        undo="the setting as it is now",
    )


def with_pools(verdict: Verdict, causes: Sequence[Cause], reading: PoolReading) -> tuple[Cause, ...]:
    """The cause that says so already is surer, where growth was measured; no other one, and no verdict, changes."""
    grave = [each for pool in reading.pools for each in findings(pool) if each.rule.grave]
    grows = verdict.name in {VerdictName.LEAK, VerdictName.SUSPECT} and (verdict.rate_per_s or 0.0) > 0
    rises = verdict.pattern is not None and verdict.pattern.leaks
    if not grave or not grows or not rises:
        return tuple(causes)
    return tuple(_surer(cause, grave) if cause.name is CauseName.CONNECTION_POOL else cause for cause in causes)


def _surer(cause: Cause, grave: Sequence[PoolFinding]) -> Cause:
    told = tuple(f"its {_named(each.pool)}: {each.line}" for each in grave)
    confidence = round(1 - (1 - cause.confidence) * (1 - SPEAKS), 2)
    return replace(cause, confidence=confidence, why=(*cause.why, *told), evidence=(*cause.evidence, "pool"))
