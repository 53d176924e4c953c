"""A small Prometheus in memory: it evaluates ``last_over_time`` by its definition, and offers remote read.

Source: storage/remote/read_handler.go and promql/functions.go of github.com/prometheus/prometheus.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from metric_server import Asked, Reply, error, success
from xor_chunks import bits_of, frame, message, series_of, unpacked, xor_chunk

STALE = 0x7FF0000000000002
STREAMED = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse"

Samples = list[tuple[int, float | None]]
"""Milliseconds and the value, None for a staleness marker."""


@dataclass
class ChunkServer:
    """``rows``: label sets with ``__name__``, and samples in order. ``closed``: a range holds its very begin.

    ``external``: labels that remote read adds; ``size``: samples of a chunk; ``twice``: chunks overlap by so many;
    ``read``: what is said to a remote read in the place of an answer.
    """

    rows: list[tuple[dict[str, str], Samples]]
    closed: bool = True
    external: dict[str, str] = field(default_factory=dict)
    size: int = 5
    twice: int = 0
    read: Callable[[Reply], Reply] = lambda reply: reply
    reads: list[dict[int, list]] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Reply:
        if asked.path.endswith("/read"):
            return self.read(self._read(asked))
        if asked.path.endswith("/series"):
            return success([labels for text in asked.form["match[]"] for labels, _ in self._selected(text)])
        if asked.path.endswith("/labels"):
            found = {name for text in asked.form["match[]"] for labels, _ in self._selected(text) for name in labels}
            return success(sorted(found))
        if asked.path.endswith("/buildinfo"):
            return success({"version": "2.42.0", "revision": "x"})
        query = asked.form["query"][0]
        if query.startswith("count_over_time(vector(1)"):
            count = "2" if self.closed else "1"
            return success({"resultType": "vector", "result": [{"metric": {}, "value": [0, count]}]})
        return self._range(query, asked.form)

    def _range(self, query: str, form: dict[str, list[str]]) -> Reply:
        found = re.fullmatch(r"last_over_time\((.*)\[(\d+)(m?s)\]\)(?: == (\S+))?", query, re.DOTALL)
        if found is None:
            return error(400, f"parse error: {query}", "bad_data")
        text, size, unit, only = found.groups()
        size_ms = int(size) * (1 if unit == "ms" else 1000)
        start, end, step = (round(float(form[name][0]) * 1000) for name in ("start", "end", "step"))
        result = []
        for labels, samples in self._selected(text):
            values = []
            for at in range(start, end + 1, step):
                inside = [
                    value for now, value in samples if value is not None and at - size_ms - self.closed < now <= at
                ]
                if inside and (only is None or inside[-1] == float(only)):
                    values.append([at / 1000, _text(inside[-1])])
            if values:
                result.append({"metric": labels, "values": values})
        return success({"resultType": "matrix", "result": result})

    def _read(self, asked: Asked) -> Reply:
        (query,) = (message(each) for each in message(unpacked(asked.body))[1])
        self.reads.append(query)
        begin, end = query[1][0], query[2][0]
        matchers = []
        for each in query[3]:
            told = message(each)
            name, value = told[2][0].decode(), told[3][0].decode()
            how = ("=", "!=", "=~", "!~")[told.get(1, [0])[0]]
            matchers.append((name, how, "" if how == "=" and self.external.get(name, "") == value else value))
        body = b""
        for labels, samples in sorted(self._matching(matchers), key=lambda row: sorted(row[0].items())):
            chunks = [
                xor_chunk([(now, STALE if value is None else bits_of(value)) for now, value in part])
                for part in self._parts(samples)
                if part[-1][0] >= begin and part[0][0] <= end
            ]
            told = {**self.external, **labels}
            for at in range(0, len(chunks), 3):
                body += frame(series_of(told, chunks[at : at + 3]))
        return Reply(body, 200, {"Content-Type": STREAMED})

    def _parts(self, samples: Samples) -> list[Samples]:
        return [samples[max(0, at - self.twice) : at + self.size] for at in range(0, len(samples), self.size)]

    def _selected(self, text: str) -> list[tuple[dict[str, str], Samples]]:
        name, inside = re.fullmatch(r"([a-z_:]*)(?:\{(.*)\})?", text, re.DOTALL).groups()
        told = re.findall(r'(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"', inside or "")
        matchers = [
            (label, how, re.sub(r"\\(.)", lambda each: {"n": "\n"}.get(each[1], each[1]), value))
            for label, how, value in told
        ]
        return self._matching([*matchers, ("__name__", "=", name)])

    def _matching(self, matchers: list[tuple[str, str, str]]) -> list[tuple[dict[str, str], Samples]]:
        return [(labels, samples) for labels, samples in self.rows if all(_has(labels, *each) for each in matchers)]


def _has(labels: dict[str, str], label: str, how: str, value: str) -> bool:
    own = labels.get(label, "")
    same = re.fullmatch(value, own, re.DOTALL) is not None if "~" in how else own == value
    return same is not how.startswith("!")


def _text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return repr(value) if math.isfinite(value) else "+Inf" if value > 0 else "-Inf"
