"""A server of the Prometheus family, behind the port of ``model/metrics.py``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from oakum.model.cluster import Dial
from oakum.model.errors import MachineError
from oakum.model.metrics import MetricsServer, QueryBudget
from oakum.model.source import ServiceSource

__all__ = ["server"]


def server(
    url: str,
    *,
    environment: Mapping[str, str],
    table: Mapping[str, Any],
    budget: QueryBudget,
    way: tuple[ServiceSource, Dial] | None = None,
) -> AbstractAsyncContextManager[MetricsServer]:
    """Closed when the block is left. Nothing is asked at once. ``table``: ``[prometheus]`` of oakum.toml.

    ``way``: to one inside a cluster: its service, and what opens connections to it.
    Raises CallerError or MachineError for an address or a login that cannot be used.
    """
    try:
        from oakum.prometheus.access import find_access  # noqa: PLC0415  (an extra: it may not be installed)
        from oakum.prometheus.live import connected  # noqa: PLC0415
    except ImportError as exc:
        raise MachineError(
            "this machine cannot speak to Prometheus",
            why=f"the package {exc.name} is missing",
            next_step="pip install 'oakum[prometheus]'",
        ) from exc
    service, dial = way or (None, None)
    return connected(find_access(url, environment, table, service), budget, dial)
