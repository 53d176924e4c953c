"""A server of metrics inside a cluster, asked through its API server: no route leads there, nothing listens here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from oakum.model.cluster import Backend, Cluster, Dial, Tunnel
from oakum.model.errors import TargetError
from oakum.model.metrics import MetricsServer
from oakum.model.source import ServiceSource


@asynccontextmanager
async def through_cluster(
    source: ServiceSource,
    cluster: AbstractAsyncContextManager[Cluster],
    opens: Callable[[Dial], AbstractAsyncContextManager[MetricsServer]],
) -> AsyncIterator[MetricsServer]:
    """Raises TargetError where there is no such service, or none of its pods is ready."""
    async with cluster as opened:
        way = _Way(opened, source)
        await way.find()
        async with opens(way.dial) as server:
            server.asked.through = opened.place.server
            yield server


class _Way:
    """All connections lead to one pod: two replicas of a server have each samples of their own."""

    def __init__(self, cluster: Cluster, source: ServiceSource) -> None:
        self._cluster, self._source = cluster, source
        self._at: Backend | None = None

    async def find(self) -> Backend:
        """The pod that was asked before, where it is still there."""
        source = self._source
        there = await self._cluster.backends(source.namespace, source.service, source.port)
        self._at = self._at if self._at in there else there[0]
        assert self._at is not None
        return self._at

    @asynccontextmanager
    async def dial(self) -> AsyncIterator[Tunnel]:
        """To another pod, where that one has gone."""
        before = self._at or await self.find()
        async with AsyncExitStack() as stack:
            try:
                tunnel = await stack.enter_async_context(self._forwarded(before))
            except TargetError:
                after = await self.find()
                if after == before:
                    raise
                tunnel = await stack.enter_async_context(self._forwarded(after))
            yield tunnel

    def _forwarded(self, at: Backend) -> AbstractAsyncContextManager[Tunnel]:
        return self._cluster.forward(at.namespace, at.pod, at.port)
