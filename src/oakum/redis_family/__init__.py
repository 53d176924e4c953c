"""A server of the Redis family, behind the port of ``model/dependency.py``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from oakum.model.errors import MachineError
from oakum.model.redis import RedisSample

if TYPE_CHECKING:
    from oakum.model.dependency import Dependency

__all__ = ["dependency"]


def dependency(url: str, environment: Mapping[str, str]) -> AbstractAsyncContextManager[Dependency[RedisSample]]:
    """Closed when the block is left. Nothing is asked at once. Raises CallerError for what is no such address.

    ``environment``: passwords and certificates that are not in ``url`` (``access``).
    """
    try:
        from oakum.redis_family.access import find_access  # noqa: PLC0415  (an extra: it may not be installed)
        from oakum.redis_family.live import connected  # noqa: PLC0415
    except ImportError as exc:
        raise MachineError(
            "this machine cannot speak to Redis",
            why=f"the package {exc.name} is missing" if exc.name else str(exc),
            next_step="pip install 'oakum[redis]'",
        ) from exc
    return connected(find_access(url, environment))
