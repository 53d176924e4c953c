"""What a collector told of itself, in bounded memory."""

from __future__ import annotations

from typing import Final

from oakum.model.log import DISORDER_S, Collections

MOST_SAMPLES: Final = 4096


class Pauses:
    """Grows by a collection at a time; every second sample goes when there are too many."""

    def __init__(self) -> None:
        self._count = 0
        self._pause_s = self._longest_s = 0.0
        self._samples: list[tuple[float, float]] = []
        self._every = 1
        self._span: tuple[float, float] | None = None
        self._spans_s = 0.0

    def add(self, at_s: float | None, pause_s: float, after_bytes: float | None) -> None:
        self._count += 1
        self._pause_s += pause_s
        self._longest_s = max(self._longest_s, pause_s)
        if at_s is None:
            return
        if self._span is not None and at_s < self._span[1] - DISORDER_S:
            self._spans_s, self._span = self._spans_s + self._span[1] - self._span[0], None
        self._span = (at_s, at_s) if self._span is None else (min(self._span[0], at_s), max(self._span[1], at_s))
        if after_bytes is None or self._count % self._every:
            return
        self._samples.append((at_s, after_bytes))
        if len(self._samples) > MOST_SAMPLES:
            self._samples, self._every = self._samples[::2], 2 * self._every

    def told(self) -> Collections | None:
        if not self._count:
            return None
        span_s = None if self._span is None else self._spans_s + self._span[1] - self._span[0]
        times, sizes = tuple(at_s for at_s, _ in self._samples), tuple(size for _, size in self._samples)
        return Collections(self._count, self._pause_s, self._longest_s, span_s, times, sizes)
