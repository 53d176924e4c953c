"""A server, or all primaries of its cluster. Reads only."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

import anyio

from oakum.model.absent import Absent, AbsentKind
from oakum.model.dependency import Dependency
from oakum.model.errors import DeniedError, OakumError, TargetError
from oakum.model.evidence import Cost
from oakum.model.redis import Client, Collection, CollectionGrowth, Figures, RedisSample, Slow, Survey
from oakum.redis_family.access import Access
from oakum.redis_family.info import ClusterNode, cluster_nodes
from oakum.redis_family.link import Link
from oakum.redis_family.node import Node
from oakum.redis_family.pattern_tree import PatternTree
from oakum.redis_family.queues import collections, lengths
from oakum.redis_family.survey import Budget, Order, Walk
from oakum.redis_family.told import patterns

NO_SLOW: Final[tuple[Slow, ...]] = ()
NO_LENGTHS: Final[Mapping[tuple[int, str], int]] = {}

MOST_PRIMARIES: Final = 64
"""Of a larger cluster only so many are asked."""


T = TypeVar("T")


def connected(access: Access, budget: Budget | None = None) -> AbstractAsyncContextManager[Dependency[RedisSample]]:
    return _closing(LiveRedis(access, budget or Budget()))


@asynccontextmanager
async def _closing(server: LiveRedis) -> AsyncIterator[LiveRedis]:
    try:
        yield server
    finally:
        await server.close()


@dataclass(frozen=True, slots=True)
class _Whole:
    survey: Survey | None
    clients: tuple[Client, ...] | None
    slow: tuple[Slow, ...]
    doctor: str


class LiveRedis:
    """Port Dependency. Connects when it is first asked, and again after the connection was lost."""

    def __init__(self, access: Access, budget: Budget) -> None:
        self._access, self._budget = access, budget
        self._tree = PatternTree()
        self._nodes: list[Node] = []
        self._absent: list[Absent] = []
        self._started: dict[str, float] = {}
        self._surveyed: Survey | None = None
        self._before: dict[tuple[str, int, str], Collection] = {}
        self._between: dict[tuple[str, int, str], list[int]] = {}

    @property
    def place(self) -> str:
        return self._access.place

    async def close(self) -> None:
        for node in self._nodes:
            await node.link.close()

    async def sample(self, *, whole: bool) -> RedisSample:
        begun_s, at_s = time.monotonic(), time.time()
        if not self._nodes:
            await self._find()
        else:
            await self._look()
            if not whole:
                await self._follow()
        looked_s = time.monotonic() - begun_s
        found = await self._whole(at_s) if whole else _Whole(None, None, (), "")
        spent_s = looked_s if found.survey is None or found.survey.server_s is None else found.survey.server_s
        servers = tuple(node.figures for node in self._nodes if node.figures is not None)
        return RedisSample(
            at_s=at_s,
            servers=servers,
            started_s=self._start(servers, at_s),
            cost=Cost(seconds=spent_s),
            user=self._nodes[0].user,
            whole=whole,
            survey=found.survey,
            clients=found.clients,
            slow=found.slow,
            doctor=found.doctor,
            absent=(*self._absent, *(absent for node in self._nodes for absent in node.absent)) if whole else (),
        )

    async def _find(self) -> None:
        """The server itself; of a cluster, its primaries."""
        asked = Node.of(Link(self._access), self._tree)
        try:
            await asked.greet()
            figures = await asked.look()
            listed = await self._listed(asked) if figures.mode == "cluster" else ()
        except BaseException:
            await asked.link.close()
            raise
        if not listed:
            asked.census.order = _order(figures)
            self._nodes = [asked]
            return
        kept = [asked] if any(each.own and each.primary for each in listed) else []
        others = [self._primary(each) for each in listed if each.primary and not each.own]
        reached = await _all(partial(self._met, node) for node in [each for each in others if each is not None])
        self._nodes = [*kept, *(node for node in reached if node is not None)]
        if not kept:
            await asked.link.close()
        if not self._nodes:
            raise TargetError(
                f"no primary of the cluster of {self.place} can be reached",
                why="; ".join(dict.fromkeys(absent.why for absent in self._absent)),
                next_step=f"{self._access.client} CLUSTER NODES",
            )
        for node in self._nodes:
            assert node.figures is not None
            node.census.order = _order(node.figures)

    async def _listed(self, node: Node) -> tuple[ClusterNode, ...]:
        try:
            reply = await node.link.ask("CLUSTER", "NODES", name="CLUSTER NODES")
        except DeniedError as exc:
            node.miss("the other nodes of its cluster", exc)
            return ()
        return tuple(each for each in cluster_nodes(reply) if each.slots or not each.primary)

    def _primary(self, told: ClusterNode) -> Node | None:
        """None for one that the cluster itself calls down."""
        place = f"{told.host}:{told.port}"
        if told.down or not told.host:
            why = f"the cluster says that it is down ({told.down or 'no address'}); it has {told.slots} of 16384 slots"
            self._absent.append(
                Absent(f"the primary {place}", AbsentKind.UNREADABLE, why, f"{self._access.client} CLUSTER NODES")
            )
            return None
        if len(self._nodes) >= MOST_PRIMARIES:
            self._absent.append(
                Absent(f"the primary {place}", AbsentKind.TOO_DEAR, f"{MOST_PRIMARIES} others are asked already")
            )
            return None
        return Node.of(Link(self._access.at(told.host, told.port)), self._tree)

    async def _met(self, node: Node) -> Node | None:
        try:
            await node.greet()
            await node.look()
        except OakumError as exc:
            await node.link.close()
            why = f"{exc.brief}; CLUSTER NODES gives that address"
            self._absent.append(
                Absent(f"the primary {node.link.access.address}", AbsentKind.UNREADABLE, why, exc.next_step)
            )
            return None
        return node

    async def _look(self) -> None:
        """One of several that does not answer keeps its last figures, and that is said."""
        faults: list[TargetError] = []

        async def looked(node: Node) -> bool:
            try:
                await node.look()
            except TargetError as exc:
                await node.link.close()
                faults.append(exc)
                self._gone(node, exc)
                return False
            return True

        if not any(await _all(partial(looked, node) for node in self._nodes)):
            raise faults[0]

    async def _follow(self) -> None:
        """How long those keys are that hold most, between the two surveys."""
        told = await self._each(_lengths, NO_LENGTHS)
        for node, known in zip(self._nodes, told, strict=True):
            for (database, key), length in known.items():
                self._between.setdefault((node.place, database, key), []).append(length)

    def _gone(self, node: Node, exc: TargetError) -> None:
        if len(self._nodes) == 1:
            return
        what = f"the primary {node.link.access.address}, for a part of the time"
        if not any(absent.what == what for absent in self._absent):
            why = f"{exc.brief}; its last figures stand in the sum"
            self._absent.append(Absent(what, AbsentKind.UNREADABLE, why, exc.next_step))

    async def _whole(self, at_s: float) -> _Whole:
        slow = [entry for told in await self._each(Node.slow, NO_SLOW) for entry in told]
        survey = await self._survey(at_s)
        clients = [told for told in await self._each(Node.clients, None) if told is not None]
        doctor = (await self._each(Node.doctor, ""))[0] if len(self._nodes) == 1 else ""
        return _Whole(
            survey, tuple(each for told in clients for each in told) if clients else None, tuple(slow), doctor
        )

    async def _each(self, asks: Callable[[Node], Awaitable[T]], nothing: T) -> list[T]:
        """Of each node; ``nothing`` of one that is gone, where there are others."""

        async def asked(node: Node) -> T:
            try:
                return await asks(node)
            except TargetError as exc:
                if len(self._nodes) == 1:
                    raise
                self._gone(node, exc)
                return nothing

        return await _all(partial(asked, node) for node in self._nodes)

    async def _survey(self, at_s: float) -> Survey | None:
        second = self._surveyed is not None
        begun_s = time.monotonic()
        before = await self._spent()
        share = replace(self._budget, keys=self._budget.keys // len(self._nodes) + 1)
        walks = await _all(partial(self._walked, node, share, second) for node in self._nodes)
        done = [walk for walk in walks if walk is not None]
        if not done:
            return None
        after = await self._spent()
        told = [await collections(node.census, node.place) for node in self._nodes if node.first is not None]
        now = tuple(each for some in told for each in some)
        if any(node.second is not None and node.second.short for node in self._nodes):
            self._before = {}
        found, others = patterns(
            self._tree,
            [(node.first, node.second if second else None) for node in self._nodes if node.first is not None],
        )
        survey = Survey(
            at_s=at_s,
            between_s=None if self._surveyed is None else at_s - self._surveyed.at_s,
            seconds=time.monotonic() - begun_s,
            seen=sum(walk.seen for walk in done),
            keys=sum(walk.keys for walk in done),
            asked=sum(walk.asked for walk in done),
            sized=sum(walk.sized for walk in done),
            whole=all(walk.whole for walk in done),
            calls=sum(walk.calls for walk in done),
            longest_ms=max(walk.longest_s for walk in done) * 1000,
            server_s=None if before is None or after is None else (after - before) / 1e6,
            patterns=found,
            others=others,
            collections=tuple(self._course(each) for each in now),
            uneven=self._uneven(done),
        )
        if not second:
            self._surveyed = survey
            self._before = {_named(each): each for each in now}
        return survey

    def _course(self, now: Collection) -> CollectionGrowth:
        named = _named(now)
        return CollectionGrowth(now, self._before.get(named), tuple(self._between.get(named, ())))

    async def _walked(self, node: Node, budget: Budget, second: bool) -> Walk | None:  # noqa: FBT001
        if second and (node.first is None or node.second is not None):
            return node.second
        try:
            return await node.survey(budget, second=second)
        except TargetError as exc:
            if len(self._nodes) == 1:
                raise
            self._gone(node, exc)
            return None

    async def _spent(self) -> int | None:
        told = await self._each(Node.spent_micros, None)
        known = [micros for micros in told if micros is not None]
        return sum(known) if len(known) == len(told) else None

    def _uneven(self, walks: Sequence[Walk]) -> str:
        if all(walk.whole for walk in walks):
            return ""
        orders = {node.census.order for node in self._nodes}
        if Order.SLOTS in orders:
            return "SCAN walks slot by slot here: the bounds do not hold for keys that share a hash tag"
        if Order.UNKNOWN in orders:
            return "in which order this server's SCAN walks is not known: the bounds hold if it is by hash"
        return ""

    def _start(self, servers: Sequence[Figures], at_s: float) -> float | None:
        """The latest of them. A server tells seconds, so the moment is kept that was first concluded for its run."""
        starts = []
        for each in servers:
            if each.uptime_s is None:
                return None
            starts.append(self._started.setdefault(each.run or each.place, at_s - each.uptime_s))
        return max(starts, default=None)


async def _lengths(node: Node) -> Mapping[tuple[int, str], int]:
    return NO_LENGTHS if node.first is None else await lengths(node.census)


def _named(each: Collection) -> tuple[str, int, str]:
    return each.place, each.database, each.key


def _order(figures: Figures) -> Order:
    if figures.product not in {"Redis", "Valkey", "KeyDB"}:
        return Order.UNKNOWN
    numbers = figures.version.split(".")
    version = tuple(int(number) for number in numbers[:2] if number.isdigit())
    slotted = (figures.product == "Redis" and version >= (7, 4)) or (figures.product == "Valkey" and version >= (8, 0))
    return Order.SLOTS if slotted and figures.mode == "cluster" else Order.HASH


async def _all(asks: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """Side by side; answers in the order of the questions."""
    answers: dict[int, T] = {}

    async def asked(number: int, ask: Callable[[], Awaitable[T]]) -> None:
        answers[number] = await ask()

    try:
        async with anyio.create_task_group() as group:
            for number, ask in enumerate(asks):
                group.start_soon(asked, number, ask)
    except BaseExceptionGroup as exc:
        raise _first(exc) from None
    return [answers[number] for number in sorted(answers)]


def _first(exc: BaseException) -> BaseException:
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc
