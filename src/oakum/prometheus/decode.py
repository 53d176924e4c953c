"""Answers of the query API as arrays. Any JSON gives samples or an ``Odd``; one odd series spoils the answer, told."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import numpy as np

from oakum.model.metrics import LabelSet, Samples
from oakum.model.series import Floats
from oakum.prometheus.pairs import Pairs


class Odd(ValueError):  # noqa: N818  (it never leaves this folder)
    """Not what the API says an answer is."""


def samples_of(data: Any) -> tuple[Samples, ...]:
    """Of ``data`` of query or query_range: a matrix, a vector, or a scalar."""
    if not isinstance(data, Mapping):
        raise Odd("data is no object")
    kind, result = data.get("resultType"), data.get("result")
    if not isinstance(result, list):
        raise Odd("data.result is no list")
    if kind == "scalar":
        return (_series({}, [result]),)
    if kind not in {"matrix", "vector"}:
        raise Odd(f"data.resultType is {str(kind)[:40]!r}")
    return tuple(_row(row, kind) for row in result)


def _row(row: Any, kind: str) -> Samples:
    if not isinstance(row, Mapping):
        raise Odd("a series is no object")
    labels = labels_of(row.get("metric"))
    if kind == "vector":
        return _series(labels, [row.get("value")] if "value" in row else [])
    # A native histogram comes as "histograms", without values.
    values = row.get("values", [])
    if isinstance(values, Pairs):
        return Samples(labels, *in_order(values.at_s, values.value))
    if not isinstance(values, list):
        raise Odd("values is no list")
    return _series(labels, values)


def labels_of(given: Any) -> LabelSet:
    if not isinstance(given, Mapping) or not all(isinstance(value, str) for value in given.values()):
        raise Odd("the labels of a series are no object of texts")
    return dict(given)


def _series(labels: LabelSet, pairs: list[Any]) -> Samples:
    """``pairs``: [[seconds, "number"], …]; NaN, infinities and staleness markers are no samples."""
    try:
        flat = list(chain.from_iterable(pairs))
        if len(flat) != 2 * len(pairs):
            raise Odd("a sample is no pair")
        at_s = np.fromiter(map(float, flat[0::2]), np.float64, len(pairs))
        value = np.fromiter(map(float, flat[1::2]), np.float64, len(pairs))
    except (TypeError, ValueError, OverflowError) as exc:
        raise Odd(f"a sample is no pair of time and number: {exc}") from exc
    return Samples(labels, *in_order(at_s, value))


def in_order(at_s: Floats, value: Floats) -> tuple[Floats, Floats]:
    """Finite samples in order of time, of each time the last that was told."""
    finite = np.isfinite(at_s) & np.isfinite(value)
    if not finite.all():
        at_s, value = at_s[finite], value[finite]
    if at_s.size > 1 and not np.all(np.diff(at_s) > 0):
        order = np.argsort(at_s, kind="stable")
        at_s, value = at_s[order], value[order]
        last = np.append(np.diff(at_s) > 0, True)
        at_s, value = at_s[last], value[last]
    return at_s, value
