"""VictoriaMetrics' export: a line of JSON for each series or part of one, with all its samples, decoded as it comes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
import orjson

from oakum.model.errors import TooMuchError
from oakum.model.metrics import Selected
from oakum.model.units import format_size
from oakum.prometheus.remote.frames import broken
from oakum.prometheus.remote.grid import Grid, Row, Rows
from oakum.prometheus.remote.request import Raw

EXPORT: Final = "/api/v1/export"
KIND: Final = "application/stream+json"

_BARE: Final = re.compile(rb"(?<=[\[,])([+-]?Inf(?:inity)?)(?=[,\]])")
"""As some versions write what JSON has no number for. In a text, quotes around it would end that: no JSON is left."""

LONGEST: Final = 16 << 20
"""Bytes of one line."""

ROWS: Final = 20_000
"""Samples of one line: what a server holds for us at once."""


def export(selected: Selected, grid: Grid) -> Raw:
    """All samples from the begin of the first step to the end of the last one."""
    form = {
        "match[]": str(selected),
        "start": f"{grid.start_ms / 1000:.3f}",
        "end": f"{grid.end_ms / 1000:.3f}",
        "max_rows_per_line": str(ROWS),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return Raw(EXPORT, headers, urlencode(form).encode(), KIND)


class Lines:
    """Fed with a body; holds no more of it than a line and a piece."""

    def __init__(self, grid: Grid, place: str) -> None:
        self.rows = Rows(grid, place)
        self._place, self._held = place, bytearray()

    def feed(self, piece: bytes) -> None:
        """Raises DataError for what is broken, TooMuchError for more than is held."""
        *whole, rest = piece.split(b"\n")
        for line in whole:
            self._line(bytes(self._held) + line if self._held else line)
            self._held.clear()
        self._held += rest
        if len(self._held) > LONGEST:
            raise TooMuchError(
                f"a line of {self._place} is longer than {format_size(LONGEST)}",
                next_step="ask for less: --window 6h, or --namespace",
            )

    def end(self) -> None:
        """Raises DataError where the body ended within a line."""
        if self._held:
            self._line(bytes(self._held))
            self._held.clear()

    def _line(self, line: bytes) -> None:
        if not line.strip():
            return
        try:
            told = _loaded(line)
        except ValueError:
            words = line[:200].decode("utf-8", "replace").strip()
            raise broken(self._place, f"a line is no JSON: {words!r}") from None
        labels = told.get("metric") if isinstance(told, Mapping) else None
        if not isinstance(labels, Mapping) or not all(isinstance(value, str) for value in labels.values()):
            raise broken(self._place, "a line has no labels")
        self._keep(self.rows.of(labels.items()), told.get("timestamps"), told.get("values"))

    def _keep(self, row: Row, times: Any, values: Any) -> None:
        """A marker of staleness is told as null."""
        try:
            at_ms, value = np.array(times, np.int64), np.array(values, np.float64)
        except (TypeError, ValueError, OverflowError) as exc:
            raise broken(self._place, f"a sample is no number: {str(exc)[:100]}") from exc
        if at_ms.ndim != 1 or at_ms.shape != value.shape:
            raise broken(self._place, "a line has not as many times as values")
        row.keep(self.rows.grid, at_ms[~np.isnan(value)], value[~np.isnan(value)])


def _loaded(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except ValueError:
        return orjson.loads(_BARE.sub(rb'"\1"', line))
