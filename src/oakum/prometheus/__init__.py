"""A server of the Prometheus family, behind the port of ``model/metrics.py``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from oakum.model.errors import MachineError
from oakum.model.metrics import MetricsServer, QueryBudget

__all__ = ["server"]


def server(
    url: str, *, environment: Mapping[str, str], table: Mapping[str, Any], budget: QueryBudget
) -> AbstractAsyncContextManager[MetricsServer]:
    """Closed when the block is left. Nothing is asked at once. ``table``: ``[prometheus]`` of oakum.toml.

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
    return connected(find_access(url, environment, table), budget)
