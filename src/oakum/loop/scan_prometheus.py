"""``oakum scan http://…``: which containers of a cluster leak, by the history that a Prometheus has of them."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from oakum.judge import judge, judge_many
from oakum.loop.closer import ACCUSED, closer
from oakum.loop.folded import Folded, Rank
from oakum.loop.progress import Progress
from oakum.loop.scan import MANY, moment
from oakum.loop.scan_words import asked_for, nothing, share, unread
from oakum.model.absent import AbsentKind
from oakum.model.errors import CallerError, DataError, OakumError, SpentError, TooMuchError
from oakum.model.metrics import MetricsServer, QueryBudget
from oakum.model.policy import Policy
from oakum.model.scan import Scan, ScanRow, Skipped, Window
from oakum.model.series import WorkloadSeries
from oakum.model.units import format_count, format_duration, format_share, format_size
from oakum.model.verdict import Verdict
from oakum.sense.prometheus.promql import parse_matcher
from oakum.sense.prometheus.reading import Member, read
from oakum.sense.prometheus.shards import Shard
from oakum.sense.prometheus.stock import LEAST_STEPS, Inventory, Wanted, take_stock

SKEWED_S = 30.0
"""Clocks that are apart by less, in seconds, make no difference to a window."""

MISSES = 3
"""A server that has not answered so many shards, and none before, is left alone."""


@dataclass(frozen=True, slots=True)
class HistorySettings:
    """What of the history is read."""

    window_s: float = 86_400.0
    """How far back, in seconds."""

    step_s: float | None = None
    """Between two samples, in seconds; None chooses one that the server really has, of at most 1,500 samples."""

    at_s: float | None = None
    """The end of the window (UTC epoch), None for now."""

    namespaces: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Matchers as PromQL writes them, of labels of the memory metric: ``pod=~"cart-.*"``."""

    budget: QueryBudget = field(default_factory=QueryBudget)
    """How hard the server may be asked."""

    @classmethod
    def of(
        cls,
        *,
        window_s: float = 86_400.0,
        step_s: float | None = None,
        at: str = "",
        namespaces: Sequence[str] = (),
        labels: Sequence[str] = (),
        budget: QueryBudget | None = None,
    ) -> HistorySettings:
        """Raises CallerError for a window of fewer than 8 steps, a time that is none, or a matcher that is none."""
        if step_s is not None and step_s < 1:
            raise CallerError("a step is a second or more", next_step="--step 1min")
        if window_s < LEAST_STEPS * (step_s or 15.0):
            raise CallerError(
                f"a window of {format_duration(window_s)} is too short",
                why=f"{LEAST_STEPS} steps or more are needed",
                next_step="--window 24h",
            )
        for label in labels:
            parse_matcher(label)
        return cls(
            window_s, step_s, moment(at) if at else None, tuple(namespaces), tuple(labels), budget or QueryBudget()
        )

    def wanted(self, now_s: float) -> Wanted:
        end_s = now_s if self.at_s is None else self.at_s
        matchers = tuple(parse_matcher(label) for label in self.labels)
        return Wanted(end_s - self.window_s, end_s, self.step_s, self.namespaces, matchers)


@dataclass(frozen=True, slots=True)
class Judged:
    """One shard: its series with their verdicts; those that run side by side have one id. What could not be judged."""

    rows: tuple[ScanRow, ...]
    skipped: tuple[Skipped, ...]


class Judging(Protocol):
    """Reads a shard and judges it: here, or elsewhere. ``compiled``: there are many series in all."""

    async def __call__(self, stock: Inventory, shard: Shard, *, compiled: bool, bar: Rank | None) -> Judged:
        """``bar``: as ``Folded`` has it: of rows behind it few samples are needed. Raises OakumError families only."""


Elsewhere = Callable[[MetricsServer], AbstractAsyncContextManager[Judging]]
"""Given the server by which stock was taken; what is asked elsewhere is counted there too."""


async def judge_shard(
    server: MetricsServer, stock: Inventory, shard: Shard, *, policy: Policy, compiled: bool
) -> Judged:
    """Raises what the server raises."""
    import anyio  # noqa: PLC0415

    members, mixed = await read(server, stock, shard)
    rows: list[ScanRow] = []
    judged: list[Member] = []
    verdicts = await anyio.to_thread.run_sync(_verdicts, [member.series for member in members], compiled)
    for member, verdict in zip(members, verdicts, strict=True):
        if isinstance(verdict, DataError):
            mixed.append(Skipped(member.series.id, verdict.what, member.series.labels))
        else:
            judged.append(member)
            rows.append((member.series, _near(member, verdict, policy)))
    return Judged(tuple(await closer(server, stock, judged, rows)), tuple(mixed))


def scan_prometheus(  # noqa: PLR0913  (everything comes together here)
    source: str,
    server: AbstractAsyncContextManager[MetricsServer],
    *,
    settings: HistorySettings,
    policy: Policy,
    now_s: float,
    progress: Progress,
    elsewhere: Elsewhere | None = None,
) -> Scan:
    """Raises TargetError where the server does not answer or has no container to tell of; ``source``: as it was asked.

    What could not be read once reading had begun is told in the answer, which is then ``partial``.
    ``elsewhere``: who reads and judges the shards; None: this process.
    """
    import anyio  # noqa: PLC0415  (comes with the extra that speaks to the server)

    @asynccontextmanager
    async def here(opened: MetricsServer) -> AsyncIterator[Judging]:
        async def judging(stock: Inventory, shard: Shard, *, compiled: bool, bar: Rank | None) -> Judged:
            del bar
            return await judge_shard(opened, stock, shard, policy=policy, compiled=compiled)

        yield judging

    found: list[Scan] = []

    async def journey() -> None:
        async with server as opened, (elsewhere or here)(opened) as judging:
            reader = _Reader(opened, judging, settings.budget, settings.at_s is not None, progress)
            found.append(await reader.scan(source, settings.wanted(now_s), now_s))

    # A task is written out in full when its loop ends, with its result: that of a fleet takes longer than to read it.
    anyio.run(journey)
    return found[0]


@dataclass(slots=True)
class _Reader:
    server: MetricsServer
    judging: Judging
    budget: QueryBudget
    at_given: bool
    progress: Progress
    rows: Folded = field(default_factory=Folded)
    skipped: list[Skipped] = field(default_factory=list)
    missed: list[tuple[Shard, OakumError]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    read: int = 0
    given_up: bool = False
    begun_s: float = 0.0

    async def scan(self, source: str, wanted: Wanted, now_s: float) -> Scan:
        about = await self.server.about()
        self.progress.stage(f"asking {about} at {self.server.place} what it has")
        stock = replace(await take_stock(self.server, self._by_its_clock(wanted)), product=about.product)
        await self._check_kind(stock)
        self.progress.stage(
            f"reading {format_count(stock.containers)} containers over"
            f" {format_duration(stock.span.end_s - stock.span.start_s)}, a sample every"
            f" {format_duration(stock.span.step_s)}"
        )
        self.begun_s = time.monotonic()
        await self._read_all(stock)
        if not self.read and self.missed and not isinstance(self.missed[0][1], SpentError):
            raise self.missed[0][1]
        asked, rows = self.server.asked, self.rows.told()
        if not rows and not self.skipped and not self.missed:
            raise nothing(self.server.place, stock)
        missing = unread(self.missed, stock, self.read)
        accused = [verdict for _, verdict in rows if verdict.name in ACCUSED]
        beside = stock.beside.missing(unlimited=any(verdict.limit is None for verdict in accused)) if accused else []
        return Scan(
            source,
            now_s,
            Window(stock.span.start_s, stock.span.end_s, stock.span.step_s),
            rows,
            tuple(self.skipped),
            (*stock.absent, *beside, *missing),
            (
                *self.notes,
                *(f"{self.server.place} says: {said}" for said in asked.warnings),
                *([f"the server evaluated {share(asked)}: {asked.evaluated}"] if asked.evaluated else []),
                asked_for(about, stock, asked),
            ),
            partial=bool(missing) or asked.partial or any(each.kind is AbsentKind.TOO_DEAR for each in stock.absent),
            origin=f"kube {asked.through}" if asked.through else "",
        )

    async def _read_all(self, stock: Inventory) -> None:
        """As many shards side by side as requests are allowed: what waits holds no samples."""
        import anyio  # noqa: PLC0415

        turns = anyio.CapacityLimiter(self.budget.at_once)
        compiled = stock.series >= MANY

        async def one(shard: Shard) -> None:
            async with turns:
                if not self.given_up:
                    await self._one(stock, shard, compiled=compiled)

        async with anyio.create_task_group() as group:
            for shard in stock.shards:
                group.start_soon(one, shard)

    async def _one(self, stock: Inventory, shard: Shard, *, compiled: bool) -> None:
        try:
            judged = await self.judging(stock, shard, compiled=compiled, bar=self.rows.bar)
        except OakumError as exc:
            self.missed.append((shard, exc))
            alive = self.read or isinstance(exc, TooMuchError)
            self.given_up = self.given_up or isinstance(exc, SpentError) or (not alive and len(self.missed) >= MISSES)
            return
        self.skipped += judged.skipped
        for row in judged.rows:
            self.rows.add(row)
        self._say(stock, shard)

    def _by_its_clock(self, wanted: Wanted) -> Wanted:
        """A window that ends now ends when the server says that now is."""
        ahead_s = self.server.asked.ahead_s
        if ahead_s is None or abs(ahead_s) < SKEWED_S:
            return wanted
        way = "ahead of" if ahead_s > 0 else "behind"
        self.notes.append(f"the clock of {self.server.place} is {format_duration(abs(ahead_s))} {way} ours")
        if self.at_given:
            return wanted
        return replace(wanted, start_s=wanted.start_s + ahead_s, end_s=wanted.end_s + ahead_s)

    async def _check_kind(self, stock: Inventory) -> None:
        """A recording rule may have given the name of a gauge to something else; not every server knows types."""
        name = stock.choice.leak.metric
        try:
            kind = await self.server.metadata(name)
        except OakumError:
            return
        if kind not in {"", "gauge", "unknown", "untyped"}:
            self.notes.append(f"{name} is a {kind} here, and was read as a gauge")

    def _say(self, stock: Inventory, shard: Shard) -> None:
        self.read += shard.series
        took_s = max(time.monotonic() - self.begun_s, 1e-3)
        left_s = took_s * (stock.series - self.read) / max(self.read, 1)
        self.progress.standing(
            f"{format_count(self.read)} of {format_count(stock.series)} series,"
            f" {format_count(round(self.read / took_s))} per second, {format_duration(left_s)} left"
        )


def _verdicts(series: Sequence[WorkloadSeries], compiled: bool) -> list[Verdict | DataError]:  # noqa: FBT001  (a thread's)
    if compiled:
        return list(judge_many(series, workers=min(2, len(os.sched_getaffinity(0)))))
    found: list[Verdict | DataError] = []
    for each in series:
        try:
            found.append(judge(each))
        except DataError as exc:
            found.append(exc)
    return found


def _near(member: Member, verdict: Verdict, policy: Policy) -> Verdict:
    """Says so where what is charged comes near the limit, although the anonymous part may not."""
    if member.working_set is None or not verdict.limit:
        return verdict
    share = member.working_set / verdict.limit
    if share < policy.warn_share:
        return verdict
    said = f"its working set of {format_size(member.working_set)} is {format_share(share)} of its limit"
    return replace(verdict, reasons=(*verdict.reasons, said))
