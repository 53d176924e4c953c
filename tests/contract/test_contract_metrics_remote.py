"""Remote read: the same samples as by the query API, or none of it and a note that says why."""

from __future__ import annotations

import random
import shutil
import struct
from dataclasses import replace

import anyio
import numpy as np
import pytest
from chunk_server import ChunkServer
from metric_server import MetricServer, Reply, error
from xor_chunks import bits_of, frame, series_of, xor_chunk

from lab.metrics.planted import World
from lab.metrics.servers import prometheus, victoria_metrics
from oakum.model.errors import DataError, OakumError, SpentError, TooMuchError
from oakum.model.metrics import Matcher, QueryBudget, Selected, Span
from oakum.prometheus import server
from oakum.prometheus.remote import answer as remote_answer
from oakum.prometheus.remote import grid as remote_grid
from oakum.prometheus.remote import kernels
from oakum.prometheus.remote.answer import Answer
from oakum.prometheus.remote.grid import Grid

END_S = 1_717_200_000.0
SPAN = Span(END_S - 3600, END_S, 60.0)
NASTY = 'we"ird\\pod.*+(x)|é{}\n'
MEMORY = "container_memory_rss"


def every(step_ms, value=float, *, begin_ms=None, count=70, jitter=0):
    chance = random.Random(step_ms + jitter)
    first = round(SPAN.start_s * 1000) - 90_000 if begin_ms is None else begin_ms
    return [(first + n * step_ms + (chance.randrange(jitter) if jitter else 0), value(n)) for n in range(count)]


def on_steps(number):
    return float(number * 1_234_567)


def rows():
    """Series with what a history has in it: gaps, ends, markers, odd values, samples at the very begin of a step."""
    gap = [each for each in every(60_000, on_steps) if not 20 <= (each[0] // 60_000) % 50 < 27]
    gone = [*every(60_000, on_steps, count=30), (round(SPAN.start_s * 1000) + 29 * 60_000, None)]
    odd = every(60_000, lambda n: (float("nan"), float("inf"), 0.1 * n, -0.0)[n % 4])
    back = [(at, None if n % 7 == 3 else value) for n, (at, value) in enumerate(every(60_000, on_steps, jitter=40_000))]
    boundary = [(round(SPAN.start_s * 1000) + n * 60_000, float(n)) for n in (-1, 0, 3, 4, 9, 60)]
    told = {
        "plain": every(60_000, on_steps),
        "jitter": every(60_000, on_steps, jitter=9_000),
        "often": every(15_000, on_steps, count=300),
        "seldom": every(300_000, on_steps, count=16),
        "gap": gap,
        "gone": gone,
        "odd": odd,
        "back": back,
        "boundary": boundary,
        NASTY: every(60_000, on_steps),
        "markers": [(at, None) for at, _ in every(60_000)],
    }
    return [
        ({"__name__": MEMORY, "namespace": "a", "pod": name, "id": f"/{number}"}, samples)
        for number, (name, samples) in enumerate(told.items())
    ]


ALL = Selected(MEMORY, (Matcher("namespace", "=", "a"), Matcher("pod", "!=", "")), 60.0)


def asked(store, selected=ALL, span=SPAN, **budget):
    """(what came of it by the server's way of choice, what was asked)."""
    with MetricServer(store) as fake:
        return outcome(fake.address, selected, span, **budget)


def outcome(address, selected, span, times=1, **budget):
    async def journey():
        async with server(address, environment={}, table={}, budget=QueryBudget(**budget)) as live:
            try:
                if times == 1:
                    await live.about()
                for _ in range(times):
                    found = await live.last(selected, span)
            except OakumError as exc:
                return exc, live.asked
            return {tuple(sorted(each.labels.items())): each for each in found if each.at_s.size}, live.asked

    return anyio.run(journey)


def same(one, other):
    assert one.keys() == other.keys()
    for key, samples in one.items():
        assert samples.at_s.tolist() == other[key].at_s.tolist(), key
        assert samples.value.tobytes() == other[key].value.tobytes(), key


def by_both(store, selected=ALL, span=SPAN):
    chunks, told = asked(store, selected, span)
    assert isinstance(chunks, dict), chunks
    evaluated, other = asked(store, selected, span, remote_read=False)
    assert other.chunks == 0
    same(chunks, evaluated)
    return chunks, told


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("twice", [0, 3])
def test_both_ways_give_the_same(closed, twice):
    found, told = by_both(ChunkServer(rows(), closed=closed, twice=twice))
    assert told.chunks == 1
    assert told.evaluated == ""
    assert len(found) == 10, "all but the one of markers alone"


@pytest.mark.parametrize("step_s", [7.5, 15.0, 60.0, 90.0, 240.0])
def test_steps_of_any_length_are_the_same_by_both_ways(step_s):
    _, told = by_both(ChunkServer(rows()), span=Span(END_S - 3600, END_S, step_s))
    assert told.chunks == 1


@pytest.fixture(scope="module", params=["prometheus", "victoria-metrics"])
def real(request, tmp_path_factory):
    """A real server that holds the same rows, but for markers, which only a scrape leaves."""
    if not all(map(shutil.which, {"prometheus": ["prometheus", "promtool"]}.get(request.param, [request.param]))):
        pytest.skip(f"no {request.param} here: apt-get install {request.param}")
    world = World(end_s=END_S, hours=1.0)
    for labels, samples in rows():
        told = [(at / 1000, value) for at, value in samples if value is not None]
        world.add(MEMORY, {name: value for name, value in labels.items() if name != "__name__"}, told)
    started = {"prometheus": prometheus, "victoria-metrics": victoria_metrics}[request.param]
    with started(tmp_path_factory.mktemp("real"), world) as address:
        yield address


@pytest.mark.parametrize("step_s", [7.5, 15.0, 60.0, 90.0, 240.0])
def test_a_real_server_gives_the_same_by_both_ways(real, step_s):
    span = Span(END_S - 3600, END_S, step_s)
    selected = replace(ALL, every_s=step_s)
    found, told = outcome(real, selected, span)
    evaluated, other = outcome(real, selected, span, remote_read=False)
    assert (told.chunks, told.evaluated, other.chunks) == (1, "", 0)
    same(found, evaluated)
    assert len(found) >= 9


def test_on_a_full_disk_the_kernels_are_done_without(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(remote_answer, "PLAIN_BYTES", 0)
    monkeypatch.setattr(kernels, "checksum", full)
    remote_answer._kernels.cache_clear()
    try:
        _, told = by_both(ChunkServer(rows()))
        assert told.chunks == 1
    finally:
        remote_answer._kernels.cache_clear()


def test_the_kernels_say_the_same_as_what_small_answers_are_read_with(monkeypatch):
    monkeypatch.setattr(remote_answer, "PLAIN_BYTES", 0)
    by_both(ChunkServer(rows(), twice=2))


@pytest.mark.parametrize(
    "selected",
    [
        replace(ALL, matchers=(Matcher("pod", "=", NASTY),)),
        replace(ALL, matchers=(Matcher("pod", "=~", "g.*|odd"),)),
        replace(ALL, matchers=(Matcher("pod", "!~", "g.*"), Matcher("id", "!=", "/0"))),
        replace(ALL, matchers=(Matcher("nope", "=", ""),)),
        replace(ALL, only=on_steps(5)),
    ],
)
def test_matchers_select_the_same_by_both_ways(selected):
    found, _ = by_both(ChunkServer(rows()), selected)
    assert found


def test_labels_that_the_server_adds_are_taken_off():
    store = ChunkServer(rows(), external={"cluster": "eu", "replica": "a"})
    found, _ = by_both(store)
    assert {name for key in found for name, _ in key} == {"__name__", "namespace", "pod", "id"}


def test_an_added_label_that_is_asked_for_selects_the_series_that_have_it():
    """Prometheus would look for those that lack it."""
    here = [({**labels, "namespace": "eu"}, samples) for labels, samples in rows()[:2]]
    store = ChunkServer([*rows(), *here], external={"namespace": "eu"})
    found, _ = by_both(store, replace(ALL, matchers=(Matcher("namespace", "=", "eu"),)))
    assert len(found) == 2


def test_an_added_label_that_other_series_have_themselves_is_not_guessed_at():
    own = [({**labels, "cluster": "us"}, samples) for labels, samples in rows()[:3]]
    store = ChunkServer([*own, *rows()[3:]], external={"cluster": "eu"})
    found, told = asked(store)
    assert "cluster" in told.evaluated
    same(found, asked(store, remote_read=False)[0])


def test_it_is_not_guessed_at_either_where_the_first_that_are_read_all_have_it():
    own = [({**labels, "cluster": "us"}, samples) for labels, samples in rows()[:3]]
    store = ChunkServer([*own, *rows()[3:]], external={"cluster": "eu"})
    first = replace(ALL, matchers=(*ALL.matchers, Matcher("pod", "=~", "plain|jitter")))
    found, told = asked(store, first)
    assert len(found) == 2
    assert "cluster" in told.evaluated


def test_a_label_that_comes_later_is_not_taken_for_an_added_one():
    """The API tells the labels of a span; series of another span may have more."""
    later = [({**labels, "zone": "b"}, samples) for labels, samples in rows()[:3]]
    store = ChunkServer(rows()[3:], external={"replica": "a"})

    async def journey(address):
        async with server(address, environment={}, table={}, budget=QueryBudget()) as live:
            await live.last(ALL, SPAN)
            store.rows += later
            found = await live.last(ALL, SPAN)
            assert live.asked.evaluated == ""
            return {tuple(sorted(each.labels.items())): each for each in found if each.at_s.size}

    with MetricServer(store) as fake:
        found = anyio.run(journey, fake.address)
    same(found, asked(store, remote_read=False)[0])


def test_a_label_that_some_series_lack_is_no_added_one():
    own = [({**labels, "zone": "b"}, samples) for labels, samples in rows()[:3]]
    _, told = by_both(ChunkServer([*own, *rows()[3:]]), replace(ALL, matchers=(Matcher("pod", "=~", "plain|jitter"),)))
    assert told.evaluated == ""


@pytest.mark.parametrize(
    ("selected", "span"),
    [
        (ALL, Span(END_S, END_S, 60.0)),
        (replace(ALL, every_s=None), SPAN),
        (replace(ALL, every_s=5.0), SPAN),
    ],
    ids=["one step", "how often is not known", "twelve samples in a step"],
)
def test_what_is_less_when_the_server_evaluates_it_is_evaluated(selected, span):
    store = ChunkServer(rows())
    _, told = asked(store, selected, span)
    assert store.reads == []
    assert told.evaluated == ""


SAMPLES_ONLY = Reply(
    # One literal of snappy's block format: a ReadResponse of one series {a="b"} with the sample (1, 1 ms).
    bytes([0x19, 24 << 2])
    + b"\x0a\x17\x0a\x15\x0a\x06\x0a\x01a\x12\x01b\x12\x0b\x09"
    + struct.pack("<d", 1.0)
    + b"\x10\x01",
    200,
    {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy"},
)
"""Of a server that knows no chunks: what was asked for first in ``accepted_response_types`` is not what it gives."""


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(b"404 page not found", 404), "404"),
        (Reply(b"", 405), "405"),
        (error(400, "unsupported path requested"), "unsupported path"),
        (Reply(b"server does not implement any of the requested response types", 400), "response types"),
        (Reply(b"Forbidden", 403), "403"),
        (Reply(b"remote read is off", 501), "remote read is off"),
        (Reply(b"<html>hello</html>", 200, {"Content-Type": "text/html"}), "text/html"),
        (SAMPLES_ONLY, "answers remote read with samples only"),
    ],
)
def test_a_server_that_does_not_offer_it_is_asked_once_and_evaluates(reply, words):
    store = ChunkServer(rows(), read=lambda _: reply)
    with MetricServer(store) as fake:
        found, told = outcome(fake.address, ALL, SPAN, times=3)
    assert len(store.reads) == 1
    assert words in told.evaluated
    assert told.chunks == 0
    same(found, asked(store, remote_read=False)[0])


def damaged(change):
    def read(reply):
        return Reply(change(reply.body), reply.code, reply.headers)

    return read


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body[:-1], "within a frame"),
        (lambda body: body + b"query timed out\n", "query timed out"),
        (lambda body: body[:100] + bytes([body[100] ^ 1]) + body[101:], "checksum"),
        (lambda body: b"\xff" * 12 + body, "no length"),
        (lambda _: frame(series_of({"a": "b"}, [xor_chunk([(1, 2)])], encoding=4)), "encoding"),
        (lambda _: frame(series_of({"a": "b"}, [b"\x00\x09"])), "cut off"),
        (lambda _: b"\x01" + b"\x52\x7d\x53\x51" + b"\x00", "no message"),
    ],
)
def test_what_cannot_be_read_is_evaluated_instead_and_told(change, words):
    store = ChunkServer(rows(), read=damaged(change))
    found, told = asked(store)
    assert words in told.evaluated
    same(found, asked(store, remote_read=False)[0])


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_body_may_come_in_pieces_of_any_size(piece):
    store = ChunkServer(rows())
    bodies = []
    store.read = lambda reply: bodies.append(reply.body) or reply
    whole, _ = asked(store)
    taken = Answer(Grid.of(SPAN), "here")
    for at in range(0, len(bodies[0]), piece):
        taken.feed(bodies[0][at : at + piece])
    taken.end()
    same({tuple(sorted(each.labels.items())): each for each in taken.rows.samples(closed=True)}, whole)


def test_a_server_that_dies_midway_is_asked_again_and_its_first_half_is_forgotten():
    cuts = [9, 0]
    store = ChunkServer(rows(), read=lambda reply: replace(reply, cut=cuts.pop(0) if cuts else 0))
    found, told = asked(store)
    assert told.chunks == 1
    assert len(store.reads) == 2
    same(found, asked(store, remote_read=False)[0])


def test_bytes_and_seconds_of_the_budget_count_it():
    exc, told = asked(ChunkServer(rows()), most_bytes=500)
    assert isinstance(exc, SpentError)
    assert told.bytes > 500
    stalls = ChunkServer(rows(), read=lambda reply: replace(reply, stalls_s=30))
    exc, _ = asked(stalls, seconds=0.3)
    assert isinstance(exc, SpentError)


def test_more_than_is_held_is_asked_for_in_parts(monkeypatch):
    monkeypatch.setattr(remote_grid, "MOST_CELLS", 100)
    exc, _ = asked(ChunkServer(rows()))
    assert isinstance(exc, TooMuchError)


def test_an_error_of_the_server_that_means_too_much_is_told_as_such():
    exc, _ = asked(ChunkServer(rows(), read=lambda _: Reply(b"exceeded sample limit (5)", 400)))
    assert isinstance(exc, TooMuchError)


def test_a_hostile_chunk_is_an_error_of_the_data():
    taken = Answer(Grid.of(SPAN), "here")
    with pytest.raises(DataError, match="remote read is broken"):
        taken.feed(frame(series_of({"a": "b"}, [b"\xff\xff\x00" + b"\x00" * 8 + b"\x01" + b"\xff" * 9])))


@pytest.mark.parametrize(
    "series",
    [
        [series_of({str(number): "" for number in range(9)}, [b""])],
        [series_of({"a": "b"}, [b"\x00\x00"] * 9)],
        [b""] * 9,
    ],
    ids=["labels", "chunks", "series"],
)
def test_a_frame_of_more_parts_than_any_server_sends_is_an_error_of_the_data(monkeypatch, series):
    monkeypatch.setattr(remote_answer, "MOST", 8)
    with pytest.raises(DataError, match="more than 8 series, labels or chunks"):
        Answer(Grid.of(SPAN), "here").feed(frame(*series))


def test_labels_that_are_long_in_all_are_asked_for_in_parts(monkeypatch):
    monkeypatch.setattr(remote_grid, "MOST_TEXT", 3000)
    taken = Answer(Grid.of(SPAN), "here")
    for _ in range(9):
        taken.feed(frame(series_of({"a": "b" * 1000, "c": "1"}, [b"\x00\x00"])))
    others = [series_of({"a": "b" * 1000, "c": str(number)}, [b"\x00\x00"]) for number in range(9)]
    with pytest.raises(TooMuchError, match="more labels than are read at once"):
        taken.feed(frame(*others))


def test_histograms_are_passed_over():
    taken = Answer(Grid.of(SPAN), "here")
    taken.feed(frame(series_of({"a": "b"}, [b"\x00\x09"], encoding=2)))
    taken.end()
    assert taken.rows.samples(closed=True) == ()


def test_what_was_told_twice_of_one_time_is_what_was_told_last():
    at = round(END_S * 1000)
    taken = Answer(Grid.of(SPAN), "here")
    taken.feed(frame(series_of({}, [xor_chunk([(at, bits_of(value))]) for value in (1.0, 2.0)])))
    (one,) = taken.rows.samples(closed=True)
    assert np.array_equal(one.value, [2.0])
