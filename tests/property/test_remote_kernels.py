"""The loops over chunks of remote read equal their plain twins, on what servers send and on any bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from xor_chunks import bits_of, crc32c, field, frame, series_of, uvarint, xor_chunk

from oakum.model.errors import DataError, TooMuchError
from oakum.model.metrics import Span
from oakum.prometheus.remote import kernels, plain
from oakum.prometheus.remote.answer import Answer
from oakum.prometheus.remote.grid import Grid
from oakum.prometheus.remote.lines import Lines

GRID = Grid.of(Span(0.0, 300.0, 15.0))

FEW = settings(max_examples=150, deadline=None)
STALE = 0x7FF0000000000002
VALUES = st.one_of(
    st.floats(width=64).map(bits_of),
    st.integers(0, 1 << 40).map(float).map(bits_of),
    st.sampled_from([STALE, bits_of(0.0), (1 << 64) - 1, 1 << 63, 1]),
)
TIMES = st.one_of(
    st.integers(-50_000, 400_000),
    st.integers(0, 40).map(lambda step: step * 15_000),
    st.sampled_from([-(1 << 52), 1 << 52, 1_717_200_000_000]),
)
SAMPLES = st.lists(st.tuples(TIMES, VALUES), max_size=60)


def bytes_of(raw):
    return np.frombuffer(raw, np.uint8)


def gridded(with_, raw, rows, cells=20):
    at_ms, bits = np.full(cells, plain.NEVER, np.int64), np.zeros(cells, np.uint64)
    fault = with_.kept(bytes_of(raw), np.array(rows, np.int64).reshape(-1, 4), 0, 15_000, at_ms, bits)
    return fault, at_ms.tolist(), bits.tolist()


def slowest(samples, cells=20):
    """The definition: of each step the last, of one time the last told; markers are none."""
    at_ms, bits = [plain.NEVER] * cells, [0] * cells
    for now, value in samples:
        for cell in range(cells):
            inside = (cell - 1) * 15_000 < now <= cell * 15_000
            if inside and value != STALE and now >= at_ms[cell]:
                at_ms[cell], bits[cell] = now, value
    return at_ms, bits


@FEW
@given(SAMPLES)
@example([(1_000, bits_of(1.0)), (16_000, bits_of(2.0)), (31_000 + 8192, bits_of(2.0)), (46_000, STALE)])
@example([(0, 1), (0, 1 << 63), (0, 1)])
def test_what_was_written_is_read_by_both(samples):
    raw = xor_chunk(samples)
    rows = [[0, 1, 0, len(raw)]]
    wanted = (0, *slowest(samples))
    assert gridded(plain, raw, rows) == wanted
    assert gridded(kernels, raw, rows) == wanted


@FEW
@given(st.lists(SAMPLES, max_size=4), st.randoms(use_true_random=False))
def test_chunks_may_overlap_and_come_in_any_order(parts, chance):
    """But of samples of one time, which differ only where a server is not sure itself, the last told stays."""
    once = {now: (now, value) for part in parts for now, value in part}
    apart = [[once.pop(now) for now, _ in part if now in once] for part in parts]
    chance.shuffle(apart)
    raw, rows = b"", []
    for part in apart:
        chunk = xor_chunk(sorted(part))
        rows.append([0, 1, len(raw), len(raw) + len(chunk)])
        raw += chunk
    wanted = (0, *slowest([sample for part in apart for sample in part]))
    assert gridded(plain, raw, rows) == gridded(kernels, raw, rows) == wanted


CHUNKS = SAMPLES.map(xor_chunk)
DAMAGED = st.builds(
    lambda raw, places, cut: bytes(byte ^ places.get(at, 0) for at, byte in enumerate(raw[: max(0, len(raw) - cut)])),
    CHUNKS,
    st.dictionaries(st.integers(0, 120), st.integers(1, 255), max_size=3),
    st.integers(0, 9),
)


@FEW
@given(st.one_of(DAMAGED, st.binary(max_size=80)), st.integers(0, 4))
@example(b"\xff\xff" + b"\x00" * 9 + b"\x00" + b"\xff" * 60, 1)
@example(b"\x00\x03\x00" + b"\x00" * 8 + b"\x00" + b"\xf8\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1)
def test_any_chunk_gives_the_same_cells_or_the_same_fault(raw, encoding):
    rows = [[0, encoding, 0, len(raw)]]
    assert gridded(plain, raw, rows) == gridded(kernels, raw, rows)


def tabled(with_, raw, many=40):
    labels, chunks = np.full((many, 5), -7, np.int64), np.full((many, 4), -7, np.int64)
    series, label, chunk = with_.tables(bytes_of(raw), labels, chunks)
    return series, label, chunk, labels.tolist(), chunks.tolist()


TEXTS = st.text(max_size=6)
SERIES = st.builds(series_of, st.dictionaries(TEXTS, TEXTS, max_size=4), st.lists(st.binary(max_size=5), max_size=3))
MESSAGES = st.lists(SERIES, max_size=4).map(lambda all_: b"".join(field(1, each) for each in all_) + field(2, 0))
PLACES = st.dictionaries(st.integers(0, 150), st.integers(1, 255), max_size=2)


def flipped(raw, places):
    return bytes(byte ^ places.get(at, 0) for at, byte in enumerate(raw))


BROKEN = st.builds(flipped, MESSAGES, PLACES)


@FEW
@given(st.one_of(MESSAGES, BROKEN, st.binary(max_size=60)))
@example(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f")
@example(b"\x80" * 11)
def test_any_message_gives_the_same_tables_or_none(raw):
    assert tabled(plain, raw) == tabled(kernels, raw)
    assert tabled(plain, raw, 1)[:3] == tabled(kernels, raw, 1)[:3] == tabled(kernels, raw)[:3]


def test_a_message_is_told_by_its_tables():
    raw = field(1, series_of({"a": "é"}, [b"xyz"])) + field(1, series_of({}, [b"", b"q"], encoding=3))
    series, many_labels, many_chunks, labels, chunks = tabled(kernels, raw)
    assert (series, many_labels, many_chunks) == (2, 1, 3)
    assert labels[0][0] == 0
    assert [raw[a:b].decode() for a, b in (labels[0][1:3], labels[0][3:5])] == ["a", "é"]
    assert [(number, kind, raw[a:b]) for number, kind, a, b in chunks[:3]] == [
        (0, 1, b"xyz"),
        (1, 3, b""),
        (1, 3, b"q"),
    ]


FRAMES = MESSAGES.map(lambda raw: uvarint(len(raw)) + crc32c(raw).to_bytes(4, "big") + raw)
LINE = b'{"metric":{"a":"b"},"values":[1,null,2.5],"timestamps":[1000,2000,3000]}\n'


@FEW
@given(st.one_of(FRAMES, st.binary(max_size=60)), st.sampled_from([0, 10**9]), st.integers(1, 50))
def test_any_body_of_a_remote_read_gives_samples_or_an_error_of_the_data(raw, begun, size):
    taken = Answer(GRID, "here", begun)
    fed(taken, [raw[at : at + size] for at in range(0, len(raw), size)])


@FEW
@given(st.one_of(st.binary(max_size=60), st.builds(flipped, st.just(LINE), PLACES)), st.integers(1, 50))
def test_any_body_of_an_export_gives_samples_or_an_error_of_the_data(raw, size):
    fed(Lines(GRID, "here"), [raw[at : at + size] for at in range(0, len(raw), size)])


def fed(taken, pieces):
    try:
        for piece in pieces:
            taken.feed(piece)
        taken.end()
    except (DataError, TooMuchError):
        return
    for each in taken.rows.samples(closed=True):
        assert np.isfinite(each.value).all()
        assert (np.diff(each.at_s) > 0).all()


@given(st.binary(max_size=200))
@example(b"123456789")
def test_the_checksum_is_castagnolis(raw):
    assert kernels.checksum(bytes_of(raw)) == plain.checksum(bytes_of(raw)) == crc32c(raw)


def test_the_checksum_of_the_nine_digits_is_the_published_one():
    assert crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("raw", [b"", b"\x00", b"\x00\x01", b"\x00\x02" + b"\x00" * 9])
def test_a_chunk_that_is_cut_off_is_said_to_be(raw):
    fault, *_ = gridded(kernels, raw, [[0, 1, 0, len(raw)]])
    assert plain.FAULTS[fault] == "a chunk is cut off"


def test_a_frame_is_its_length_its_checksum_and_a_message():
    told = frame(series_of({"a": "b"}, []))
    assert told[0] == len(told) - 5
