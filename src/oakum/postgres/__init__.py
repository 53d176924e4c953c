"""A PostgreSQL server, behind the port of ``model/dependency.py``."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from oakum.model.dependency import Dependency
from oakum.model.errors import MachineError
from oakum.model.postgres import PostgresSample

__all__ = ["dependency"]


def dependency(url: str) -> AbstractAsyncContextManager[Dependency[PostgresSample]]:
    """Closed when the block is left. Nothing is asked at once. Raises CallerError for what is no such address.

    A password comes from ``url``, or from where libpq looks: PGPASSWORD, PGPASSFILE, ~/.pgpass, a service file.
    """
    try:
        from oakum.postgres.live import connected  # noqa: PLC0415  (an extra: it may not be installed)
    except ImportError as exc:
        raise MachineError(
            "this machine cannot speak to PostgreSQL",
            why=f"the package {exc.name} is missing" if exc.name else str(exc),
            next_step="pip install 'oakum[postgres]'",
        ) from exc
    return connected(url)
