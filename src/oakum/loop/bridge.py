"""A cluster's port, which waits on a loop, for journeys that wait on nothing but their own thread."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from oakum.model.cluster import Cluster, Conversation
from oakum.model.cluster_pod import ContainerName
from oakum.model.errors import SilentError

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

T = TypeVar("T")
Opens: TypeAlias = Callable[[], AbstractAsyncContextManager[Cluster]]
"""Opens the cluster anew; nothing is asked of it by that."""


class Bridge:
    """A cluster whose loop runs on a thread of its own."""

    def __init__(self, portal: BlockingPortal, cluster: Cluster) -> None:
        self._portal, self.cluster = portal, cluster

    def call(self, asked: Callable[[], Awaitable[T]]) -> T:
        """Raises what it raises."""
        return self._portal.call(asked)

    @contextmanager
    def converse(self, container: ContainerName, command: Sequence[str]) -> Iterator[Wire]:
        """The program ends when it is left. Raises TargetError where none can be started."""
        with self._portal.wrap_async_context_manager(self.cluster.converse(container, command)) as conversation:
            yield Wire(self._portal, conversation, container)


@contextmanager
def bridge(opens: Opens) -> Iterator[Bridge]:
    from anyio.from_thread import start_blocking_portal  # noqa: PLC0415  (comes with the extra that opens clusters)

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(opens()) as cluster:
        yield Bridge(portal, cluster)


class Wire:
    """Port Channel, over a conversation."""

    def __init__(self, portal: BlockingPortal, conversation: Conversation, container: ContainerName) -> None:
        self._portal, self._conversation, self._container = portal, conversation, container

    def send(self, data: bytes) -> None:
        self._portal.call(self._conversation.send, data)

    def receive(self, within_s: float) -> bytes:
        async def heard() -> bytes:
            import anyio  # noqa: PLC0415

            with anyio.fail_after(within_s):
                return await self._conversation.receive()

        try:
            return self._portal.call(heard)
        except TimeoutError as exc:
            raise SilentError(
                f"the program in {self._container} says nothing",
                why=f"no word came in {within_s:.0f} s: the container may be throttled, stopped or gone",
                next_step=f"kubectl get pod -n {self._container.namespace} {self._container.pod}",
            ) from exc
