"""A curve in block characters: no peak is lost, no number breaks it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.render.sparkline import curve_rows, resampled, sparkline

BLOCKS = "▁▂▃▄▅▆▇█"
VALUES = st.lists(st.floats(0, 1e308), max_size=200).map(lambda values: np.array(values, np.float64))


def test_nothing_gives_nothing():
    assert sparkline(np.empty(0)) == ""


def test_a_flat_line_is_tall_and_a_line_of_nothing_is_low():
    assert sparkline(np.full(5, 7e6)) == "█████"
    assert sparkline(np.zeros(5)) == "▁▁▁▁▁"


def test_a_climb_climbs_from_low_to_full():
    line = sparkline(np.linspace(10, 20, 8))
    assert line[-1] == "█"
    assert [BLOCKS.index(block) for block in line] == sorted(BLOCKS.index(block) for block in line)
    assert line[0] in BLOCKS[:2]


def test_a_peak_of_one_sample_is_not_lost():
    value = np.full(1000, 10.0)
    value[777] = 90.0
    line = sparkline(value, 16)
    assert len(line) == 16
    assert line.count("█") == 1
    assert line.index("█") == 777 * 16 // 1000


@settings(deadline=None)
@given(VALUES, st.integers(1, 80))
def test_any_values_give_at_most_as_many_blocks_as_were_asked_for(value, width):
    line = sparkline(value, width)
    assert len(line) == min(value.size, width)
    assert set(line) <= set(BLOCKS)


@settings(deadline=None)
@given(VALUES, st.integers(1, 80))
def test_the_highest_is_kept_when_a_curve_is_resampled(value, width):
    points = resampled(value, width)
    assert points.size == min(value.size, width)
    assert points.max(initial=0.0) == value.max(initial=0.0)


@settings(deadline=None)
@given(VALUES, st.floats(0, 1e308), st.integers(1, 12))
def test_rows_are_as_many_as_were_asked_for_and_filled_from_below(value, top, height):
    rows = curve_rows(value, top, width=20, height=height)
    assert len(rows) == height
    assert {len(row) for row in rows} == {min(value.size, 20)}
    for column in zip(*rows, strict=True):
        filled = ["█" if block == "█" else block for block in reversed(column)]
        assert "".join(filled).rstrip(" ").rstrip("▁▂▃▄▅▆▇").strip("█") == "", (
            "full below, at most one part, then empty"
        )


@pytest.mark.parametrize(("value", "filled"), [(0.0, 0), (50.0, 4), (100.0, 8), (200.0, 8)])
def test_the_top_is_the_upper_edge(value, filled):
    rows = curve_rows(np.array([value]), 100.0, width=1, height=8)
    assert sum(row == "█" for row in rows) == filled
