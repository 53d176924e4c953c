"""The shards of a Prometheus scan, read and judged by the workers of a Dask cluster.

Each task makes its own connection, as the configuration of its worker says: no login leaves this machine. A worker
that is lost has its task given to another one by the scheduler.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from oakum.loop.folded import Rank, folded
from oakum.loop.scan_prometheus import Elsewhere, Judged, Judging, judge_shard
from oakum.loop.scan_words import EXPORTS
from oakum.model.errors import CallerError, DataError, MachineError, OakumError, SpentError, TargetError
from oakum.model.metrics import Asked, MetricsServer, QueryBudget
from oakum.model.policy import Policy
from oakum.model.source import MetricsSource, ServiceSource
from oakum.model.units import format_duration, format_size
from oakum.sense.prometheus.shards import Shard
from oakum.sense.prometheus.stock import Inventory

if TYPE_CHECKING:
    from distributed import Client

Connect: TypeAlias = Callable[[QueryBudget], AbstractAsyncContextManager[MetricsServer]]
"""Called in a worker: it must be found there by its name, and hold nothing secret."""

SCHEMES: Final = ("tcp://", "tls://", "ucx://", "ws://", "wss://")

ANSWER_S: Final = 10.0
"""A scheduler that has not answered by then, and one that has no worker by then, is told of, in seconds."""

LATE_S: Final = 5.0
"""What a task may take longer than the budget, in seconds: it ends by itself, and says what it read."""


@dataclass(frozen=True, slots=True)
class Task:
    """One shard. ``stock``: as much as it needs. ``bar``: as ``Judging`` is given it. ``made_by``: our own version."""

    connect: Connect
    budget: QueryBudget
    stock: Inventory
    shard: Shard
    policy: Policy
    compiled: bool
    bar: Rank | None
    made_by: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a task. ``failed``: instead of ``judged``."""

    judged: Judged | None
    asked: Asked
    failed: OakumError | None = None


def answered(task: Task) -> Answer:
    """In a worker. What Oakum raises is part of the answer: it is no reason to try again elsewhere."""
    import anyio  # noqa: PLC0415

    if task.made_by != version("oakum"):
        return Answer(
            None,
            Asked(),
            MachineError(
                "a worker runs another Oakum",
                why=f"{version('oakum')} there, {task.made_by} here",
                next_step=f"pip install 'oakum[fleet]=={task.made_by}'    # on the workers",
            ),
        )
    asked, found = Asked(), list[Judged]()

    async def work() -> None:
        nonlocal asked
        async with task.connect(task.budget) as server:
            asked = server.asked
            if task.stock.product == EXPORTS:
                # It is read by its export once it was asked what it is.
                await server.about()
            # No result of this task: it would be written out in full when its loop ends.
            found.append(await judge_shard(server, task.stock, task.shard, policy=task.policy, compiled=task.compiled))

    try:
        anyio.run(work)
    except OakumError as exc:
        return Answer(None, asked, exc)
    return Answer(Judged(folded(found[0].rows, task.bar), found[0].skipped), asked)


def on_fleet(
    scheduler: str, connect: Connect, *, source: MetricsSource, budget: QueryBudget, policy: Policy
) -> Elsewhere:
    """``scheduler``: tcp://HOST:PORT. However many workers there are, ``budget.at_once`` shards are read side by side.

    ``source``: what ``connect`` leads to. Raises CallerError for an address that is none, and for a source that may be
    another server for workers elsewhere; MachineError without the extra; entered, TargetError for a scheduler
    that does not answer or has no workers.
    """
    if not scheduler.startswith(SCHEMES):
        raise CallerError(
            f"{scheduler!r} is no Dask scheduler",
            why="tcp://HOST:PORT is wanted, as the scheduler prints it when it starts",
            next_step="dask scheduler    # then: dask worker tcp://HOST:8786",
        )
    _reaches(scheduler, source)
    try:
        import distributed  # noqa: F401, PLC0415  (an extra)
    except ImportError as exc:
        raise MachineError(
            "this machine cannot speak to a Dask cluster",
            why=f"the package {exc.name} is missing",
            next_step="pip install 'oakum[fleet]'",
        ) from exc

    @asynccontextmanager
    async def entered(server: MetricsServer) -> AsyncIterator[Judging]:
        async with _client(scheduler) as client:
            yield _Fleet(client, scheduler, connect, server, budget, policy)

    return entered


@asynccontextmanager
async def _client(scheduler: str) -> AsyncIterator[Client]:
    from distributed import Client  # noqa: PLC0415

    start = "dask scheduler    # is it up, and is this its address?"
    try:
        client = await Client(scheduler, asynchronous=True, timeout=ANSWER_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as exc:
        why = " ".join(str(exc).split()) or f"nothing came in {format_duration(ANSWER_S)}"
        raise TargetError(f"no Dask scheduler answers at {scheduler}", why=why[:300], next_step=start) from exc
    try:
        try:
            await client.wait_for_workers(1, timeout=ANSWER_S)
        except TimeoutError as exc:
            raise TargetError(
                f"the Dask scheduler at {scheduler} has no workers",
                why=f"none came in {format_duration(ANSWER_S)}",
                next_step=f"dask worker {scheduler}",
            ) from exc
        yield client
    finally:
        await client.close()


class _Fleet:
    """A ``Judging``."""

    def __init__(
        self,
        client: Client,
        scheduler: str,
        connect: Connect,
        server: MetricsServer,
        budget: QueryBudget,
        policy: Policy,
    ) -> None:
        self._client, self._scheduler, self._connect = client, scheduler, connect
        self._server, self._budget, self._policy = server, budget, policy
        self._until_s = time.monotonic() + budget.seconds

    async def __call__(self, stock: Inventory, shard: Shard, *, compiled: bool, bar: Rank | None) -> Judged:
        budget = self._left()
        task = Task(self._connect, budget, stock.of(shard), shard, self._policy, compiled, bar, version("oakum"))
        answer = await self._answer(task)
        _count(self._server.asked, answer.asked)
        if answer.failed is not None:
            raise answer.failed
        assert answer.judged is not None
        if shard.series and not answer.judged.rows and not answer.judged.skipped:
            raise DataError(
                f"no sample came of what {self._server.place} lists",
                why="another server or tenant may have answered the worker",
                next_step="look at [prometheus] in oakum.toml and at OAKUM_PROMETHEUS_…    # on the workers",
            )
        return answer.judged

    def _left(self) -> QueryBudget:
        """Of the budget of all. Raises SpentError."""
        left_s = self._until_s - time.monotonic()
        left_bytes = self._budget.most_bytes - self._server.asked.bytes
        if left_s > 0 and left_bytes > 0:
            return replace(self._budget, at_once=1, seconds=left_s, most_bytes=left_bytes)
        raise self._spent(
            f"{format_duration(self._budget.seconds)} of asking {self._server.place} are over"
            if left_s <= 0
            else f"{self._server.place} has sent {format_size(self._server.asked.bytes)}"
        )

    def _spent(self, what: str) -> SpentError:
        return SpentError(
            what, why="that is the budget", next_step="--budget 30min, --max-bytes 8GiB, or ask for less: --namespace"
        )

    async def _answer(self, task: Task) -> Answer:
        import anyio  # noqa: PLC0415
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415
        from distributed.client import ClosedClientError  # noqa: PLC0415

        future: Any = None
        try:
            with anyio.fail_after(task.budget.seconds + LATE_S):
                future = self._client.submit(answered, task, pure=False)
                found = await future
        except TimeoutError:
            raise self._spent(f"{format_duration(self._budget.seconds)} are over, and no worker has answered") from None
        except KilledWorker as exc:
            raise TargetError(
                f"the workers of {self._scheduler} died of a shard again and again",
                why=" ".join(str(exc).split())[:300],
                next_step="look at their memory limit: dask worker --memory-limit",
            ) from exc
        except (CancelledError, ClosedClientError, OSError) as exc:
            raise TargetError(
                f"the Dask scheduler at {self._scheduler} is gone",
                why=" ".join(str(exc).split())[:300],
                next_step="dask scheduler    # then the same command again",
            ) from exc
        except (ImportError, AttributeError) as exc:
            raise MachineError(
                f"a worker of {self._scheduler} cannot run Oakum",
                why=str(exc),
                next_step=f"pip install 'oakum[fleet]=={task.made_by}'    # on the workers",
            ) from exc
        finally:
            if future is not None:
                future.release()
        assert isinstance(found, Answer)
        return found


def _count(total: Asked, more: Asked) -> None:
    total.requests += more.requests
    total.bytes += more.bytes
    total.refused += more.refused
    total.warnings.update(more.warnings)
    total.partial = total.partial or more.partial
    total.chunks += more.chunks
    total.evaluated = total.evaluated or more.evaluated


def _reaches(scheduler: str, source: MetricsSource) -> None:
    """Raises CallerError for a source that is not the same server from everywhere, unless all is on this machine."""
    if _is_here(scheduler):
        return
    if isinstance(source, ServiceSource):
        if source.context is None:
            raise CallerError(
                f"{source} may be of another cluster for the workers of {scheduler}",
                why="without a context it is of the cluster that is current, and they have kubeconfigs of their own",
                next_step=f"oakum scan {replace(source, context='CONTEXT')} --scheduler {scheduler}"
                "    # kubectl config current-context",
            )
    elif _is_here(source.url):
        raise CallerError(
            f"{source} may be another server for the workers of {scheduler}",
            why="it is an address of loopback, and they may be elsewhere",
            next_step=f"oakum scan http://HOST:9090 --scheduler {scheduler}    # as the workers reach it",
        )


def _is_here(url: str) -> bool:
    """Whether it is on the machine that calls it, whichever that is."""
    try:
        host = urlsplit(url).hostname or ""
        if host == "localhost" or host.endswith(".localhost"):
            return True
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
