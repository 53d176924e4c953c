"""Which dependencies can be looked into, by the scheme of their URL."""

from __future__ import annotations

from typing import Final

from oakum.explain import admission, postgres, redis
from oakum.loop.dependency import Kind
from oakum.loop.postgres_here import here
from oakum.model.errors import CallerError
from oakum.model.series import Metric
from oakum.model.target import DependencyTarget

POSTGRES: Final = Kind("PostgreSQL", "connections", Metric.CONNECTIONS, postgres.explained, here, admission.of_postgres)

REDIS: Final = Kind("Redis", "bytes", Metric.HEAP_USED, redis.explained, admits=admission.of_redis)

KINDS: Final = {
    "postgresql": POSTGRES,
    "postgres": POSTGRES,
    "redis": REDIS,
    "rediss": REDIS,
    "valkey": REDIS,
    "valkeys": REDIS,
}


def kind_of(target: DependencyTarget) -> Kind:
    """Raises CallerError for one that this version does not look into."""
    if target.scheme not in KINDS:
        known = ", ".join(f"{scheme}://" for scheme in KINDS)
        raise CallerError(
            f"this version does not look into {target.scheme}://",
            why=f"of dependencies it looks into {known}",
            next_step="oakum scan host    # the processes of this machine",
        )
    return KINDS[target.scheme]
