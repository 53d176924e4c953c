"""``oakum.scan/1`` read back, as far as scans are compared; what has changed since, in its fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from oakum.model.kept_scan import Change, Since, Standing
from oakum.model.verdict import VerdictName
from oakum.render.codec_number import finite, texts
from oakum.render.figures import iso_text
from oakum.render.names import encodable

Key: TypeAlias = Callable[[str, Mapping[str, str]], str]
"""Of the id of a series and its labels."""


def standings_of(document: Mapping[str, Any], key: Key) -> list[Standing]:
    """Its series. One that an older or newer Oakum wrote in another way is left out."""
    return list(_standings(document, key))


def absent_of(document: Mapping[str, Any]) -> list[str]:
    """What it could not tell."""
    absent = document.get("absent")
    rows = absent if isinstance(absent, list) else []
    return [row["what"] for row in rows if isinstance(row, dict) and isinstance(row.get("what"), str)]


def end_of(document: Mapping[str, Any]) -> float | None:
    """Until when it saw, UTC epoch seconds; None where it saw no sample."""
    window = document.get("window")
    end_s = window.get("end_s") if isinstance(window, dict) else None
    return float(end_s) if isinstance(end_s, int | float) else None


def length_of(document: Mapping[str, Any]) -> float | None:
    """How much time it looked at, in seconds."""
    window, end_s = document.get("window"), end_of(document)
    start_s = window.get("start_s") if isinstance(window, dict) else None
    return None if end_s is None or not isinstance(start_s, int | float) else end_s - start_s


def _standings(document: Mapping[str, Any], key: Key) -> Iterator[Standing]:
    for row in document.get("series", ()):
        try:
            replicas = row.get("replicas") or {}
            interval = row.get("rate_interval")
            low, high = interval or (None, None)
            yield Standing(
                key(row["id"], row.get("labels", {})),
                row["id"],
                VerdictName(row["verdict"]),
                row["unit"],
                math.nan if row["level"] is None else row["level"],
                row["rate_per_s"],
                None if interval is None else (_bound(low, -math.inf), _bound(high, math.inf)),
                max(replicas.get("kills_for_memory", 0), row.get("oom_kills", 0)),
                replicas.get("last_kill_s"),
                row.get("muted") is not None,
                row.get("labels", {}).get("command", ""),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            continue


def _bound(told: float | None, otherwise: float) -> float:
    return otherwise if told is None else told


def since_to_json(since: Since, *, left_out: int) -> dict[str, object]:
    """``left_out``: series that are not among those that are shown."""
    return {
        "scan": encodable(since.title.partition(" ")[0]),
        "name": encodable(since.name),
        "source": encodable(since.source),
        "at": iso_text(since.at_s),
        "partial": since.partial,
        "only_new": since.only_fresh,
        "left_out": left_out,
        "changes": [_change(change) for change in since.changes],
        "notes": texts(since.notes),
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "change": change.name.value,
        "id": encodable(change.id),
        "was": None if change.was is None else _standing(change.was),
        "now": None if change.now is None else _standing(change.now),
    }


def _standing(standing: Standing) -> dict[str, object]:
    interval = standing.rate_interval
    return {
        "id": encodable(standing.id),
        "title": encodable(standing.title),
        "verdict": standing.verdict.value,
        "unit": standing.unit,
        "level": finite(standing.level),
        "rate_per_s": finite(standing.rate_per_s),
        "rate_interval": None if interval is None else [finite(bound) for bound in interval],
        "kills_for_memory": standing.kills,
        "last_kill_s": finite(standing.last_kill_s),
    }
