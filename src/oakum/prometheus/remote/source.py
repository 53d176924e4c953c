"""A server's samples by remote read, where it offers that and where it is less than what it would evaluate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import anyio

from oakum.model.errors import DataError, InternalError, SpentError, TargetError, TooMuchError
from oakum.model.metrics import LabelSet, Samples, Selected, Span
from oakum.prometheus.api import Api
from oakum.prometheus.remote.answer import Answer
from oakum.prometheus.remote.external import Own, added, alone, doubtful, lacking
from oakum.prometheus.remote.grid import Grid, Rows
from oakum.prometheus.remote.lines import Lines, export
from oakum.prometheus.remote.request import remote_read

MOST_SAMPLES: Final = 4.0
"""Of one step: remote read sends them all, and an evaluated answer the last of them."""

MOST_EXPORTED: Final = 1.5
"""As ``MOST_SAMPLES``: text is as long as that of an evaluated answer."""

LEAST_POINTS: Final = 16
"""Of fewer steps the chunks hold much that is not wanted."""

DOUBTS: Final = 4


class Server(Protocol):
    """What is asked of it by its own API."""

    async def instant(self, query: str, at_s: float) -> tuple[Samples, ...]: ...

    async def label_names(self, matchers: Sequence[str], span: Span) -> tuple[str, ...]: ...

    async def series(self, matchers: Sequence[str], span: Span) -> tuple[LabelSet, ...]: ...


class RemoteRead:
    """Asks until the server has shown that it does not offer it; why, is told in ``Asked.evaluated``.

    ``exports``: it is VictoriaMetrics, which has an export in the place of remote read, and adds no labels.
    """

    def __init__(self, api: Api, server: Server) -> None:
        self._api, self._server = api, server
        self.exports = False
        self._closed: bool | None = None
        self._own = dict[str, Own]()
        self._bytes = 0
        self._first = anyio.Lock()

    def pays(self, selected: Selected, span: Span) -> bool:
        """Whether it may be asked, and its answer is small beside one that is evaluated."""
        return (
            self._api.budget.remote_read
            and not self._api.asked.evaluated
            and selected.every_s is not None
            and span.points >= LEAST_POINTS
            and span.step_s <= (MOST_EXPORTED if self.exports else MOST_SAMPLES) * selected.every_s
        )

    async def last(self, selected: Selected, span: Span) -> tuple[Samples, ...] | None:
        """None where the server does not offer it, or sends what cannot be read. The first call shows that for all."""
        if self._closed is not None and (self.exports or selected.metric in self._own):
            return await self._tried(selected, span)
        async with self._first:
            return await self._tried(selected, span)

    async def _tried(self, selected: Selected, span: Span) -> tuple[Samples, ...] | None:
        if self._api.asked.evaluated:
            return None
        try:
            return await self._read(selected, span)
        except (TooMuchError, SpentError):
            raise
        except (TargetError, InternalError, DataError) as exc:
            self._api.asked.evaluated = exc.brief
            return None

    async def _read(self, selected: Selected, span: Span) -> tuple[Samples, ...]:
        rows = await self._rows(selected, span)
        if self._closed is None:
            self._closed = not self.exports and await self._holds_the_begin()
        found = rows.samples(closed=self._closed)
        if not self.exports:
            found = await self._without_added(selected, span, found)
        if selected.only is None:
            return found
        same = [(each, each.value == selected.only) for each in found]
        return tuple(Samples(each.labels, each.at_s[kept], each.value[kept]) for each, kept in same if kept.any())

    async def _rows(self, selected: Selected, span: Span) -> Rows:
        grid, place = Grid.of(span), self._api.access.source
        if self.exports:
            return (await self._api.raw(export(selected, grid), lambda: Lines(grid, place))).rows
        answer = await self._api.raw(remote_read(selected, grid), lambda: Answer(grid, place, self._bytes))
        self._bytes = answer.bytes
        return answer.rows

    async def _holds_the_begin(self) -> bool:
        """Whether a range holds a sample at its very begin: until Prometheus 3 it does."""
        found = await self._server.instant("count_over_time(vector(1)[1m:1m])", 6000.0)
        return any(each.value.size and each.value[-1] == 2 for each in found)

    async def _without_added(self, selected: Selected, span: Span, found: tuple[Samples, ...]) -> tuple[Samples, ...]:
        """Raises TargetError where what was added cannot be told from what is a series' own."""
        own = self._own.get(selected.metric)
        if found and (own is None or own.unknown(found)):
            names = await self._server.label_names([selected.metric], span)
            if own is None:
                await self._check(selected, span, [name for name in doubtful(selected, found) if name in names])
            own = self._own.setdefault(selected.metric, Own())
            own.learn(names, found)
        return own.alone(found) if own else found

    async def _check(self, selected: Selected, span: Span, doubts: Sequence[str]) -> None:
        """That none of these labels, which the metric has, is also added to those of its series that lack it."""
        try:
            rest = await self._server.series(lacking(selected, doubts), span) if doubts else ()
        except TooMuchError as exc:
            raise TargetError(f"many series of {selected.metric} lack a label that others have", why=exc.brief) from exc
        seen = dict[frozenset[str], LabelSet]()
        for labels in rest:
            seen.setdefault(frozenset(doubts).difference(labels), labels)
        for labels in list(seen.values())[:DOUBTS]:
            rows = await self._rows(alone(selected.metric, labels), span)
            both = added(labels, rows.samples(closed=False)) & set(doubts)
            if both:
                raise TargetError(
                    f"{self._api.access.base} adds labels that series of its own have too",
                    why=f"{', '.join(sorted(both))} of its external_labels cannot be told from theirs",
                )
