from __future__ import annotations

import numpy as np
import pytest
from bench.speed.fleet import BLOCK, LIMIT_BYTES, SAMPLES, SHAPES, chunks
from bench.speed.measured import Measured, Started
from bench.speed.methods import METHODS, _pieces, judge_batch, oakum_alone, precog
from bench.speed.page import page

import oakum.judge

START = Started(0.2, 0.3, 0.001, None, None)


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


@pytest.mark.parametrize("ask", [oakum_alone, precog])
def test_every_series_of_a_chunk_is_answered(ask):
    assert ask(next(chunks(9))) == 9


def test_a_batch_that_is_not_there_is_said_not_guessed():
    assert METHODS[0].there() is hasattr(oakum.judge, "judge_batch")
    assert (judge_batch() is None) is not hasattr(oakum.judge, "judge_batch")
    text = page(
        [("when", "now")], ["Oakum judge_batch: not there yet", row("Oakum judge", 1000, 1, 0.9)], {"cold": START}
    )
    assert "- Oakum judge_batch: not there yet" in text
    assert cells(text, "µs per series in a batch, one core")[2:] == ["–", "not there yet"]
    assert cells(text, "µs per series, one series at a time, one core")[2:] == ["900", "yes"]
    assert cells(text, "cold")[-1] == "not there yet"


def test_targets_are_judged_on_the_largest_fleet():
    rows = [
        row("Oakum judge_batch", 1_000, 1, 2.0),
        row("Oakum judge_batch", 100_000, 1, 90.0),
        row("Oakum judge_batch", 100_000, 2, 130.0, peak=1000.0),
    ]
    text = page([("when", "now")], rows, {"cold": Started(0.5, 9.0, 0.001, 7.0, 0.001)})
    assert cells(text, "µs per series in a batch, one core")[2:] == ["900", "yes"]
    assert cells(text, "seconds for 100,000 series, two cores")[2:] == ["130", "no"]
    assert cells(text, "peak MiB for 100,000 series, two cores")[2:] == ["1,000", "yes"]
    assert cells(text, "seconds until the first answers with cold caches")[2:] == ["16.5", "no"]


def test_a_small_fleet_says_nothing_of_a_large_one():
    text = page([("when", "now")], [row("Oakum judge_batch", 10_000, 2, 9.0)], {"cold": START})
    assert cells(text, "seconds for 100,000 series, two cores")[2:] == ["–", "not there yet"]
