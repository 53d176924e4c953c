from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from bench.speed.fleet import BLOCK, LIMIT_BYTES, SAMPLES, SHAPES, chunks
from bench.speed.measured import Measured, Started
from bench.speed.methods import _pieces, as_columns, in_columns, in_words, one_by_one, precog
from bench.speed.page import page

from oakum.judge import columns_of

START = Started(0.2, 0.3, 0.001, 9.0, 0.002)


def row(method, series, cores, seconds, peak=200.0):
    return Measured(method, series, cores, seconds, seconds, peak, 50.0)


def cells(text, first):
    line = next(line for line in text.splitlines() if line.startswith(f"| {first} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_small_fleet_is_the_beginning_of_a_large_one():
    small, large = next(chunks(16)), next(chunks(BLOCK + 30))
    assert np.array_equal(small.value, large.value[: 16 * SAMPLES])
    assert np.array_equal(small.at_s, large.at_s[: 16 * SAMPLES])
    in_parts = list(chunks(BLOCK + 30, size=BLOCK))
    assert [len(one) for one in in_parts] == [BLOCK, 30]
    assert np.array_equal(np.concatenate([one.value for one in in_parts]), large.value)


def test_the_fleet_is_what_a_scraper_would_give():
    chunk = next(chunks(2 * len(SHAPES)))
    assert chunk.offsets.tolist() == [SAMPLES * number for number in range(17)]
    for series in chunk.workloads():
        life = series.lifetimes[0]
        assert np.all(np.diff(life.at_s) > 0)
        assert life.value.min() >= 0
        assert np.all(life.value % 4096 == 0)
        assert life.limit[0] == LIMIT_BYTES
    days = chunk.value.reshape(-1, SAMPLES) / LIMIT_BYTES
    flat, linear = days[SHAPES.index("flat")], days[SHAPES.index("linear leak")]
    assert np.ptp(flat) < 0.06
    assert linear[-60:].mean() > linear[:60].mean() + 0.02


def test_pieces_for_a_pool_hold_every_series_once():
    chunk = next(chunks(37))
    pieces = _pieces(chunk, 8)
    assert sum(len(one) for one in pieces) == 37
    assert np.array_equal(np.concatenate([one.value for one in pieces]), chunk.value)
    assert all(one.offsets[0] == 0 and one.offsets[-1] == one.value.size for one in pieces)


@pytest.mark.parametrize("ask", [one_by_one, precog, partial(in_columns, cores=1), partial(in_words, cores=2)])
def test_every_series_of_a_chunk_is_answered(ask):
    assert ask(next(chunks(9))) == 9


def test_columns_of_a_chunk_are_those_of_its_workloads():
    chunk = next(chunks(9))
    ours, theirs = as_columns(chunk), columns_of(list(chunk.workloads()))
    for name in ("offset", "at_s", "value", "load", "life", "lives", "dead", "limit", "boundary", "least"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name


def test_what_was_not_measured_is_said_not_guessed():
    rows = ["PrecogMF, 1,000 series, cores: 1: not run", row("Oakum, columns", 1000, 1, 0.9)]
    text = page([("when", "now")], rows, {"cold": START})
    assert "- PrecogMF, 1,000 series, cores: 1: not run" in text
    assert cells(text, "µs per series with words, one core")[2:] == ["–", "not measured"]
    assert cells(text, "µs per series in columns, one core")[2:] == ["900", "yes"]


def test_targets_are_judged_on_the_largest_fleet():
    rows = [
        row("Oakum, verdicts", 1_000, 1, 2.0),
        row("Oakum, verdicts", 100_000, 1, 90.0),
        row("Oakum, verdicts", 100_000, 2, 130.0, peak=1000.0),
    ]
    text = page([("when", "now")], rows, {"cold": Started(0.5, 0.02, 0.01, 16.5, 0.001)})
    assert cells(text, "µs per series with words, one core")[2:] == ["900", "yes"]
    assert cells(text, "seconds for 100,000 series with words, two cores")[2:] == ["130", "no"]
    assert cells(text, "peak MiB for 100,000 series with words, two cores")[2:] == ["1,000", "yes"]
    assert cells(text, "seconds to compile, once")[2:] == ["16.5", "no"]


def test_a_small_fleet_says_nothing_of_a_large_one():
    text = page([("when", "now")], [row("Oakum, verdicts", 10_000, 2, 9.0)], {"cold": START})
    assert cells(text, "seconds for 100,000 series with words, two cores")[2:] == ["–", "not measured"]
