"""VictoriaMetrics' export: lines of JSON that come whole, in parts, broken, or too long."""

from __future__ import annotations

import json

import anyio
import pytest
from metric_server import MetricServer, Reply, error, success

from oakum.model.errors import DataError, SpentError, TooMuchError
from oakum.model.metrics import Matcher, QueryBudget, Selected, Span
from oakum.prometheus import server
from oakum.prometheus.remote import lines as lines_of
from oakum.prometheus.remote.grid import Grid
from oakum.prometheus.remote.lines import Lines

SPAN = Span(1_717_200_000.0, 1_717_200_000.0 + 20 * 60, 60.0)
START_MS = 1_717_200_000_000
ALL = Selected("up", (Matcher("pod", "!=", ""),), 60.0)
STREAM = {"Content-Type": "application/stream+json; charset=utf-8"}


def line(times, values, **labels):
    told = {"metric": {"__name__": "up", **labels}, "values": values, "timestamps": [START_MS + at for at in times]}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def taken(*pieces):
    found = Lines(Grid.of(SPAN), "here")
    for piece in pieces:
        found.feed(piece)
    found.end()
    return [(each.labels["pod"], each.at_s.tolist(), each.value.tolist()) for each in found.rows.samples(closed=False)]


def at(*steps):
    return [SPAN.start_s + 60 * step for step in steps]


def test_of_each_step_the_last_sample_is_told_whatever_the_order():
    told = line([60_000, 30_000, 119_999, 119_998, -60_000, 99 * 60_000], [1, 2, 3.5, 4, 5, 6], pod="a")
    assert taken(told) == [("a", at(1, 2), [1.0, 3.5])]


def test_a_series_may_come_in_several_lines_that_overlap():
    later, earlier = line([120_000, 180_000], [2, 3], pod="a"), line([60_000, 90_000, 120_000], [1, 9, 4], pod="a")
    assert taken(later, earlier) == [("a", at(1, 2, 3), [1.0, 4.0, 3.0])]


def test_markers_and_infinities_are_no_samples():
    """An infinity is one, for the server: what was before it in its step is not told either."""
    told = line([60_000, 70_000, 120_000], [1, None, 7], pod="a").replace(b"7]", b"-Inf]")
    assert taken(told) == [("a", at(1), [1.0])]
    assert taken(line([60_000, 60_000], [1, "Infinity"], pod="a")) == []


def test_a_label_that_looks_like_a_number_stays_a_label():
    assert taken(line([60_000], [1], pod="x,+Inf]")) == [("x,+Inf]", at(1), [1.0])]
    with pytest.raises(DataError):
        taken(line([60_000], [1], pod="x,+Inf]").replace(b"[1]", b"[+Inf]"))


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_a_body_may_come_in_pieces_of_any_size(size):
    whole = line([60_000], [1], pod="a") + b"\n" + line([120_000], [2], pod="é")
    pieces = [whole[begin : begin + size] for begin in range(0, len(whole), size)]
    assert taken(*pieces) == [("a", at(1), [1.0]), ("é", at(2), [2.0])]


BROKEN = [
    (b'{"metric":{"pod":"a"},"values":[1],"timest', "no JSON"),
    (b"cannot export: too many series\n", "too many series"),
    (b"[]\n", "no labels"),
    (b'{"metric":{"pod":1},"values":[],"timestamps":[]}\n', "no labels"),
    (b'{"metric":{},"values":[1,2],"timestamps":[1]}\n', "as many times"),
    (b'{"metric":{},"values":[[1]],"timestamps":[[1]]}\n', "as many times"),
    (b'{"metric":{},"values":["x"],"timestamps":[1]}\n', "no number"),
    (b'{"metric":{},"values":[1],"timestamps":[1e300]}\n', "no number"),
    (b'{"metric":{},"values":[1],"timestamps":[99999999999999999999]}\n', "no number"),
    (b'{"metric":{},"values":{},"timestamps":null}\n', "no number"),
]


@pytest.mark.parametrize(("body", "words"), BROKEN)
def test_what_is_no_line_is_an_error_of_the_data(body, words):
    with pytest.raises(DataError, match=words):
        taken(body)


def test_a_line_that_is_too_long_to_hold_is_asked_for_in_parts(monkeypatch):
    monkeypatch.setattr(lines_of, "LONGEST", 100)
    with pytest.raises(TooMuchError):
        taken(b"x" * 101)


class Victoria:
    """Says ``reply`` to an export, and of every step 1 to a question that it evaluates."""

    def __init__(self, reply):
        self.reply, self.exports = reply, 0

    def __call__(self, asked):
        if asked.path.endswith("/export"):
            self.exports += 1
            self.form = asked.form
            return self.reply
        if asked.path.endswith("/buildinfo"):
            return success({"version": "2.24.0"})
        if asked.path.endswith("/query"):
            return success({"resultType": "vector", "result": [{"metric": {}, "value": [0, "0"]}]})
        values = [[moment, "1"] for moment in at(*range(21))]
        return success({"resultType": "matrix", "result": [{"metric": {"pod": "evaluated"}, "values": values}]})


def read(victoria, times=1, **budget):
    async def journey(address):
        async with server(address, environment={}, table={}, budget=QueryBudget(**budget)) as live:
            await live.about()
            for _ in range(times):
                found = await live.last(ALL, SPAN)
            return {each.labels["pod"]: each.at_s.tolist() for each in found}, live.asked

    with MetricServer(victoria) as fake:
        return anyio.run(journey, fake.address)


def test_it_is_asked_for_what_the_steps_hold():
    victoria = Victoria(Reply(line([60_000], [1], pod="a"), 200, STREAM))
    found, told = read(victoria)
    assert found == {"a": at(1)}
    assert (told.chunks, told.evaluated) == (1, "")
    assert victoria.form["match[]"] == ['up{pod!=""}']
    assert (victoria.form["start"], victoria.form["end"]) == (["1717199940.000"], ["1717201200.000"])


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(400, "missing route for /api/v1/export"), "missing route"),
        (Reply(b"Forbidden", 403), "403"),
        (Reply(b"<html/>", 200, {"Content-Type": "text/html"}), "text/html"),
        *((Reply(body, 200, STREAM), words) for body, words in BROKEN[:3]),
    ],
)
def test_where_it_cannot_be_read_the_server_evaluates_and_is_not_asked_again(reply, words):
    victoria = Victoria(reply)
    found, told = read(victoria, times=3)
    assert list(found) == ["evaluated"]
    assert victoria.exports == 1
    assert words in told.evaluated


def test_its_bytes_count():
    with pytest.raises(SpentError):
        read(Victoria(Reply(line(range(9000), [1] * 9000, pod="a") * 20, 200, STREAM)), most_bytes=100_000)
