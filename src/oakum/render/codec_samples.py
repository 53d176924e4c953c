"""``oakum.samples/1``: the samples that an assessment was judged on, with the lines that were read from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from oakum.model.curve import Curve
from oakum.model.errors import DataError
from oakum.model.series import Ending, Floats, Metric, Scope, Series, WorkloadSeries
from oakum.render.codec_number import finite
from oakum.render.names import encodable

SCHEMA = "oakum.samples/1"
MEDIA_TYPE = "application/json"


def samples_to_bytes(series: WorkloadSeries, curve: Curve | None) -> bytes:
    """The same samples are always the same bytes. A limit that is none is null, and so is a gap in a line."""
    document = {
        "schema": SCHEMA,
        "id": encodable(series.id),
        "unit": series.unit,
        "scope": series.scope.value,
        "metric": series.metric.value,
        "labels": {encodable(name): encodable(value) for name, value in series.labels.items()},
        "node_limit": finite(series.node_limit),
        "lifetimes": [
            {
                "at_s": _numbers(life.at_s),
                "value": _numbers(life.value),
                "limit": None if life.limit is None else _numbers(life.limit),
                "load": None if life.load is None else _numbers(life.load),
                "started_s": finite(life.started_s),
                "ended_s": finite(life.ended_s),
                "ending": life.ending.value,
            }
            for life in series.lifetimes
        ],
        "curve": curve and {field.name: _numbers(getattr(curve, field.name)) for field in fields(Curve)},
    }
    return json.dumps(document, sort_keys=True, allow_nan=False, separators=(",", ":")).encode()


def samples_from_bytes(content: bytes) -> tuple[WorkloadSeries, Curve | None]:
    """Raises DataError for what ``samples_to_bytes`` did not write."""
    try:
        document = json.loads(content)
        if document["schema"] != SCHEMA:
            raise DataError(f"these are no samples that can be read: {document['schema']}")
        lines = document["curve"]
        curve = lines and Curve(**{field.name: _floats(lines[field.name], np.nan) for field in fields(Curve)})
        return _series(document), curve
    except (ValueError, KeyError, TypeError) as exc:
        raise DataError("these are no samples that can be read", why=str(exc)[:200]) from exc


def _series(document: Mapping[str, Any]) -> WorkloadSeries:
    return WorkloadSeries(
        document["id"],
        tuple(_life(life) for life in document["lifetimes"]),
        document["unit"],
        Scope(document["scope"]),
        Metric(document["metric"]),
        document["labels"],
        document["node_limit"],
    )


def _life(life: Mapping[str, Any]) -> Series:
    return Series(
        _floats(life["at_s"], np.nan),
        _floats(life["value"], np.nan),
        None if life["limit"] is None else _floats(life["limit"], np.inf),
        None if life["load"] is None else _floats(life["load"], np.nan),
        started_s=life["started_s"],
        ended_s=life["ended_s"],
        ending=Ending(life["ending"]),
    )


def _numbers(values: Floats) -> list[float | None]:
    return [finite(value) for value in values.tolist()]


def _floats(values: list[float | None], missing: float) -> Floats:
    return np.array([missing if value is None else value for value in values], np.float64)
