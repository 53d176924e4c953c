"""The port of ``model/metrics.py`` over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np

from oakum.model.cluster import Dial
from oakum.model.errors import InternalError, TargetError
from oakum.model.metrics import About, Asked, LabelSet, QueryBudget, Samples, Selected, Span
from oakum.prometheus.access import Access
from oakum.prometheus.api import Api
from oakum.prometheus.decode import Odd, labels_of, samples_of
from oakum.prometheus.faults import odd
from oakum.prometheus.remote.source import RemoteRead

MOST_POINTS: Final = 11_000
"""Of one series in one answer: Prometheus' own bound, which it lets nobody raise."""


@asynccontextmanager
async def connected(access: Access, budget: QueryBudget, dial: Dial | None = None) -> AsyncIterator[LivePrometheus]:
    async with Api(access, budget, dial) as api:
        yield LivePrometheus(api)


class LivePrometheus:
    """A ``MetricsServer``."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._remote = RemoteRead(api, self)

    @property
    def place(self) -> str:
        return self._api.access.base

    @property
    def asked(self) -> Asked:
        return self._api.asked

    async def about(self) -> About:
        """Not every server has buildinfo; every one can add."""
        try:
            told = await self._api.data("/api/v1/status/buildinfo", {})
        except (TargetError, InternalError):
            await self.instant("1", 0.0)
            return About("", "")
        build = told if isinstance(told, dict) else {}
        application, version = str(build.get("application", ""))[:40], str(build.get("version", ""))[:40]
        if application:
            return About(application.removeprefix("Grafana "), version)
        if build.get("revision") or build.get("goVersion"):
            # Thanos tells the same fields; it has not come to 1.0. A build from a module has no revision.
            return About("Thanos" if version.startswith("0.") else "Prometheus", version)
        # VictoriaMetrics tells nothing of itself, or the version of Prometheus that it is compatible with.
        self._remote.exports = await self._knows("now()")
        return About("VictoriaMetrics" if self._remote.exports else "", "")

    async def _knows(self, query: str) -> bool:
        """Whether it is a function of this server's language."""
        try:
            return bool(await self.instant(query, 0.0))
        except (TargetError, InternalError):
            return False

    async def instant(self, query: str, at_s: float) -> tuple[Samples, ...]:
        return self._samples(await self._api.data("/api/v1/query", {"query": query, "time": _moment(at_s)}))

    async def over(self, query: str, span: Span) -> tuple[Samples, ...]:
        parts: dict[tuple[tuple[str, str], ...], list[Samples]] = {}
        for part in _parts(span):
            form = {
                "query": query,
                "start": _moment(part.start_s),
                "end": _moment(part.end_s),
                "step": _moment(part.step_s),
            }
            for found in self._samples(await self._api.data("/api/v1/query_range", form)):
                parts.setdefault(tuple(sorted(found.labels.items())), []).append(found)
        return tuple(_joined(each) for each in parts.values())

    async def last(self, selected: Selected, span: Span) -> tuple[Samples, ...]:
        """By remote read where that is offered and pays, else evaluated by the server."""
        if self._remote.pays(selected, span):
            found = await self._remote.last(selected, span)
            if found is not None:
                return found
        equals = "" if selected.only is None else f" == {selected.only:.17g}"
        return await self.over(f"last_over_time({selected}[{_duration(span.step_s)}]){equals}", span)

    async def series(self, matchers: Sequence[str], span: Span) -> tuple[LabelSet, ...]:
        told = await self._api.data("/api/v1/series", _matching(matchers, span))
        try:
            return tuple(labels_of(each) for each in _listed(told))
        except Odd as exc:
            raise odd(self._api.access, "/api/v1/series", exc) from exc

    async def label_names(self, matchers: Sequence[str], span: Span) -> tuple[str, ...]:
        return self._texts(await self._api.data("/api/v1/labels", _matching(matchers, span)), "/api/v1/labels")

    async def label_values(self, label: str, matchers: Sequence[str], span: Span) -> tuple[str, ...]:
        path = f"/api/v1/label/{label}/values"
        return self._texts(await self._api.data(path, _matching(matchers, span)), path)

    async def metadata(self, metric: str) -> str:
        told = await self._api.data("/api/v1/metadata", {"metric": metric})
        kinds = told.get(metric) if isinstance(told, dict) else None
        first = kinds[0] if isinstance(kinds, list) and kinds else None
        return str(first.get("type", "")) if isinstance(first, dict) else ""

    def _samples(self, data: Any) -> tuple[Samples, ...]:
        try:
            return samples_of(data)
        except Odd as exc:
            raise odd(self._api.access, "/api/v1/query", exc) from exc

    def _texts(self, told: Any, path: str) -> tuple[str, ...]:
        try:
            return tuple(str(each) for each in _listed(told))
        except Odd as exc:
            raise odd(self._api.access, path, exc) from exc


def _listed(told: Any) -> list[Any]:
    """Some servers send null where nothing matches."""
    if told is None:
        return []
    if not isinstance(told, list):
        raise Odd("data is no list")
    return told


def _matching(matchers: Sequence[str], span: Span) -> dict[str, str | Sequence[str]]:
    return {"match[]": matchers, "start": _moment(span.start_s), "end": _moment(span.end_s)}


def _moment(seconds: float) -> str:
    """A plain decimal: no server reads 1e-05."""
    return f"{seconds:.3f}"


def _duration(seconds: float) -> str:
    """As PromQL writes it; never 0."""
    milliseconds = max(1, round(seconds * 1000))
    return f"{milliseconds // 1000}s" if milliseconds % 1000 == 0 else f"{milliseconds}ms"


def _parts(span: Span) -> list[Span]:
    found, begin = [], 0
    while begin < span.points:
        last = min(span.points, begin + MOST_POINTS) - 1
        found.append(Span(span.start_s + begin * span.step_s, span.start_s + last * span.step_s, span.step_s))
        begin = last + 1
    return found


def _joined(parts: Sequence[Samples]) -> Samples:
    if len(parts) == 1:
        return parts[0]
    at_s = np.concatenate([part.at_s for part in parts])
    value = np.concatenate([part.value for part in parts])
    order = np.argsort(at_s, kind="stable")
    kept = order[np.append(np.diff(at_s[order]) > 0, True)]
    return Samples(parts[0].labels, at_s[kept], value[kept])
