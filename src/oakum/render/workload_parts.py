"""The parts of a workload for a page: its containers in all pods, its kills, its nodes; read from the evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from oakum.model.evidence import Evidence
from oakum.model.kill import Kill
from oakum.model.series import WorkloadSeries
from oakum.model.units import format_rate, format_size
from oakum.render.chart import Event, chart_svg

OF_PODS = frozenset({"container", "memory", "kill"})

MOST_CARDS = 24
"""So many containers are shown, those that grow fastest first; the others are counted."""


@dataclass(frozen=True, slots=True)
class Card:
    """One container of one pod. ``words``: what it holds of what; ``picture``: an ``<svg>``, "" without samples."""

    pod: str
    container: str
    node: str
    verdict: str
    words: str
    rate: str
    restarts: int | None
    picture: str = ""


@dataclass(frozen=True, slots=True)
class WorkloadParts:
    """``kills``: the latest first. ``nodes``, ``said``: sentences; ``more``: containers that are not shown."""

    said: Sequence[str] = ()
    cards: Sequence[Card] = ()
    kills: Sequence[Mapping[str, Any]] = ()
    nodes: Sequence[str] = ()
    more: int = 0
    title: str = ""


def rows_of(evidence: Iterable[Evidence]) -> list[Mapping[str, Any]]:
    """As a document holds them."""
    return [{"id": row.id, "title": row.title, "facts": row.facts} for row in evidence]


def workload_parts(rows: Iterable[Mapping[str, Any]], watched: Iterable[WorkloadSeries]) -> WorkloadParts | None:
    """``rows``: the evidence of ``oakum.investigation/1``. None: it is no workload of a cluster."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        kind = str(row["id"]).removeprefix("cluster-").partition("-")[0]
        # A process's own evidence may be of such a kind too, and names no pod.
        if kind not in OF_PODS or "pod" in row["facts"]:
            by_kind.setdefault(kind, []).append(row)
    if "container" not in by_kind and "workload" not in by_kind:
        return None
    kills = [row["facts"] for row in by_kind.get("kill", [])]
    seen = {(series.labels.get("pod"), series.labels.get("container")): series for series in watched}
    memory = {(row["facts"]["pod"], row["facts"]["container"]): row["facts"] for row in by_kind.get("memory", [])}
    told = [row["facts"] for row in by_kind.get("container", [])]
    told.sort(
        key=lambda facts: -float(memory.get((facts["pod"], facts["container"]), {}).get("rate_bytes_per_s") or 0.0)
    )
    shown = [_card(facts, memory, seen, kills) for facts in told[:MOST_CARDS]]
    return WorkloadParts(
        [row["title"] for kind in ("replicas", "kills", "loop") for row in by_kind.get(kind, [])],
        shown,
        sorted(kills, key=lambda kill: -(kill.get("at_s") or 0.0)),
        [row["title"] for row in by_kind.get("node", [])],
        len(told) - len(shown),
        next((row["title"] for row in by_kind.get("workload", [])), ""),
    )


def kill_events(kills: Iterable[Kill | Mapping[str, Any]], container: str | None) -> list[Event]:
    """For a chart of ``container``; None: of all of them."""
    events = []
    for kill in kills:
        at_s, kind, whose = (
            (kill.at_s, kill.kind.value, kill.container)
            if isinstance(kill, Kill)
            else (kill.get("at_s"), kill.get("kind"), kill.get("container"))
        )
        if at_s is not None and container in {None, whose}:
            events.append(Event(float(at_s), str(kind)))
    return events


def _card(
    facts: Mapping[str, Any],
    memory: Mapping[tuple[str, str], Mapping[str, Any]],
    seen: Mapping[tuple[str | None, str | None], WorkloadSeries],
    kills: Sequence[Mapping[str, Any]],
) -> Card:
    key = (facts["pod"], facts["container"])
    over_time = memory.get(key, {})
    level = over_time.get("level_bytes", facts.get("rss_bytes"))
    limit = over_time.get("limit_bytes", facts.get("limit_bytes"))
    rate = over_time.get("rate_bytes_per_s")
    said = str(over_time.get("verdict", ""))
    series = seen.get(key)
    bound = format_size(limit) if isinstance(limit, int | float) else "no limit" if limit is None else "limit unknown"
    mine = [kill for kill in kills if kill.get("pod") == key[0]]
    return Card(
        *key,
        node=str(facts.get("node", "")),
        # A look that is too short for a suspicion says healthy of what gains all through it.
        verdict="grows" if over_time.get("grows") is True and said == "healthy" else said,
        words=f"{format_size(level)} of {bound}" if isinstance(level, int | float) else f"not told, of {bound}",
        rate=format_rate(rate) if isinstance(rate, int | float) else "",
        restarts=facts["restarts"] if isinstance(facts.get("restarts"), int) else None,
        picture=""
        if series is None
        else chart_svg(
            series,
            None,
            limit=float(limit) if isinstance(limit, int | float) else None,
            events=kill_events(mine, key[1]),
        ),
    )
