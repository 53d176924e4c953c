"""What a PostgreSQL server tells, in words."""

from __future__ import annotations

from oakum.model.dependency import Asked, Findings
from oakum.model.postgres import PostgresSample


def explained(asked: Asked[PostgresSample]) -> Findings:
    version = asked.samples[-1].version
    return Findings(asked.series_verdict, f"PostgreSQL {version // 10000}")
