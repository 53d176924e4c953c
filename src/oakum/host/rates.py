"""How fast work went on this machine before: what is left is told by it. A broken file is as good as none."""

from __future__ import annotations

import json
import os
import tempfile
from functools import cached_property
from math import isfinite
from pathlib import Path

MOST_KINDS = 100
MOST_FILE_BYTES = 64 << 10
NEW_SHARE = 0.5
"""A rate is the mean of the last one and of what was known before."""


class LiveRates:
    """Port Rates."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, kind: str) -> float | None:
        return self._known.get(kind)

    def learn(self, kind: str, per_s: float) -> None:
        known = self._known
        if not isfinite(per_s) or per_s <= 0 or (kind not in known and len(known) >= MOST_KINDS):
            return
        known[kind] = NEW_SHARE * per_s + (1 - NEW_SHARE) * known.get(kind, per_s)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened, name = tempfile.mkstemp(dir=self._path.parent)
            with os.fdopen(opened, "w", encoding="utf-8") as file:
                json.dump(known, file)
            os.replace(name, self._path)  # noqa: PTH105  (the name is a text already)
        except OSError:
            return

    @cached_property
    def _known(self) -> dict[str, float]:
        try:
            with self._path.open(encoding="utf-8") as file:
                told = json.loads(file.read(MOST_FILE_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        rows = told.items() if isinstance(told, dict) else ()
        return {kind: float(rate) for kind, rate in rows if isinstance(rate, int | float) and 0 < rate < float("inf")}
