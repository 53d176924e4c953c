"""What a PostgreSQL server says when it refuses or fails, in Oakum's words."""

from __future__ import annotations

import psycopg

from oakum.model.errors import OakumError, TargetError


def fault(exc: psycopg.Error, place: str) -> OakumError:
    """Raise it from ``exc``."""
    return TargetError(f"{place} cannot be asked", why=" ".join(str(exc).split()), next_step=f"pg_isready -d {place!r}")
