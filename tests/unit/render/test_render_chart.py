"""The chart: every series draws, every number in it is one, and nothing leaves the picture."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from examples_render import HOSTILE, NOW_S, leak, restarting_series
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.model.curve import Curve
from oakum.model.series import Series, WorkloadSeries
from oakum.render import chart_svg
from oakum.render.chart import HEIGHT, MOST_POINTS, WIDTH, Event

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def workload(*lives, unit="bytes", name="x"):
    """Lives of values, one sample a minute, an hour apart."""
    made, start = [], NOW_S
    for value in lives:
        at = start + 60.0 * np.arange(len(value))
        made.append(Series(at, np.array(value, np.float64)))
        start += 60.0 * len(value) + 3600.0
    return WorkloadSeries(name, tuple(made), unit=unit)


def line(at, value, *, spread=1.0):
    at, value = np.array(at, np.float64), np.array(value, np.float64)
    return Curve(at, value, at, value, value - spread, value + spread)


def drawn(svg):
    """(class, path data) of every path; every text. Checks that the picture can be drawn at all."""
    root = ET.fromstring(svg)
    assert not re.search(r"nan|inf", svg.replace("information", ""), re.IGNORECASE)
    paths = [(node.get("class"), node.get("d")) for node in root.iter("path")]
    for kind, data in paths:
        assert re.fullmatch(r"(?:[MLHVZh][-\d. ]*)+", data), data
        assert NUMBER.search(data), f"a path without a point: {kind}"
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", data):
            assert -1 <= float(x) <= WIDTH + 1, (kind, x)
            assert -1 <= float(y) <= HEIGHT + 1, (kind, y)
    return paths, [node.text for node in root.iter("text")]


def paths_of(svg, kind):
    return [data for name, data in drawn(svg)[0] if name == kind]


@pytest.mark.parametrize(
    "series",
    [
        pytest.param(workload([5e6] * 9), id="flat"),
        pytest.param(workload([0.0] * 9), id="nothing used"),
        pytest.param(workload([5e6]), id="one sample"),
        pytest.param(workload([5e6], [6e6], [7e6]), id="lives of one sample"),
        pytest.param(workload([1e-300, 2e-300]), id="tiny"),
        pytest.param(workload([1e300, 1.7e308]), id="huge"),
        pytest.param(workload([0.01, 0.02], unit="percent"), id="hardly a percent"),
        pytest.param(workload([99.9, 100.0], unit="percent"), id="all of it"),
        pytest.param(workload([1e9] * 3, unit="percent"), id="more percent than there are"),
        pytest.param(restarting_series(), id="killed and started again"),
    ],
)
@pytest.mark.parametrize("limit", [None, math.inf, math.nan, 0.0, 6e6, 1e12])
def test_every_series_draws(series, limit):
    svg = chart_svg(series, None, limit=limit)
    assert len(paths_of(svg, "memory")) == len(series.lifetimes)


def test_no_samples_give_no_chart():
    assert chart_svg(workload(), None) == ""
    assert chart_svg(workload([]), None) == ""
    assert len(paths_of(chart_svg(workload([], [1.0, 2.0]), None), "memory")) == 1


def test_a_lone_sample_can_be_seen():
    (data,) = paths_of(chart_svg(workload([5e6]), None), "memory")
    assert data.endswith("h0"), "a dot, by its round cap"


def test_a_flat_line_is_level_and_above_the_bottom():
    (data,) = paths_of(chart_svg(workload([5e6] * 9), None), "memory")
    heights = {float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", data)}
    assert len(heights) == 1
    assert heights.pop() < HEIGHT / 2


def test_a_climb_climbs():
    (data,) = paths_of(chart_svg(workload(np.linspace(1e6, 9e6, 20)), None), "memory")
    heights = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", data)]
    assert heights == sorted(heights, reverse=True)


def test_a_limit_in_reach_is_drawn_and_named_and_one_far_away_is_not():
    near = chart_svg(workload([5e6] * 9), None, limit=8.0 * 1024**2)
    assert len(paths_of(near, "limit")) == 1
    assert "limit 8.00 MiB" in drawn(near)[1]
    assert paths_of(chart_svg(workload([5e6] * 9), None, limit=1e12), "limit") == []


def test_kills_and_captures_stand_where_they_happened_and_not_outside():
    events = [Event(NOW_S + 240, "OOM kill"), Event(NOW_S - 999, "before"), Event(math.nan, "never")]
    svg = chart_svg(workload([5e6] * 9), None, events=events)
    (data,) = paths_of(svg, "event")
    middle = (74 + WIDTH - 14) / 2
    assert float(NUMBER.search(data)[0]) == pytest.approx(middle, abs=1)
    assert "OOM kill" in drawn(svg)[1]
    assert "before" not in svg


def test_an_event_near_the_right_edge_is_written_to_its_left():
    svg = chart_svg(workload([5e6] * 9), None, events=[Event(NOW_S + 480, "OOM kill")])
    label = next(node for node in ET.fromstring(svg).iter("text") if node.text == "OOM kill")
    assert label.get("text-anchor") == "end"


@pytest.mark.parametrize(("after_s", "there"), [(0.5, True), (40.0, True), (90.0, False)])
def test_a_kill_comes_after_the_last_sample_and_is_drawn_unless_it_is_far_away(after_s, there):
    svg = chart_svg(workload([5e6] * 9), None, events=[Event(NOW_S + 480 + after_s, "OOM kill")])
    assert len(paths_of(svg, "event")) == there
    assert ("OOM kill" in drawn(svg)[1]) == there


def test_labels_of_events_side_by_side_do_not_lie_on_each_other():
    events = [Event(NOW_S + 100, "capture"), Event(NOW_S + 102, "OOM kill"), Event(NOW_S + 104, "capture")]
    svg = chart_svg(workload([5e6] * 9), None, events=events)
    labels = [node for node in ET.fromstring(svg).iter("text") if node.get("class") == "event"]
    assert [label.text for label in labels] == ["capture", "OOM kill"]
    assert float(labels[1].get("y")) - float(labels[0].get("y")) >= 12
    assert len(paths_of(svg, "event")) == 3


def test_labels_of_events_far_apart_stand_in_one_row():
    events = [Event(NOW_S + 60, "capture"), Event(NOW_S + 300, "capture")]
    svg = chart_svg(workload([5e6] * 9), None, events=events)
    labels = [node for node in ET.fromstring(svg).iter("text") if node.get("class") == "event"]
    assert len(labels) == 2
    assert len({label.get("y") for label in labels}) == 1


def test_lives_are_not_joined_across_a_restart():
    lives = paths_of(chart_svg(restarting_series(), None), "memory")
    assert len(lives) == 3
    ends = [[float(x) for x, _ in re.findall(r"([\d.]+) ([\d.]+)", data)] for data in lives]
    assert ends[0][-1] < ends[1][0]
    assert ends[1][-1] < ends[2][0]


def test_a_gap_in_the_floor_stays_a_gap():
    series = workload([5e6] * 9)
    at = NOW_S + 60.0 * np.arange(6)
    floor = np.array([np.nan, 1e6, 2e6, np.nan, 3e6, 4e6])
    curve = replace(line(at, np.full(6, 3e6)), floor=floor)
    assert len(paths_of(chart_svg(series, curve), "floor")) == 2
    nothing = replace(curve, floor=np.full(6, np.nan))
    assert paths_of(chart_svg(series, nothing), "floor") == []


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_fit_that_is_no_number_somewhere_is_drawn_elsewhere(wrong):
    at = NOW_S + 60.0 * np.arange(6)
    whole = line(at, np.full(6, 3e6))
    for name in ("fit", "fit_low", "fit_high"):
        broken = getattr(whole, name).copy()
        broken[2] = wrong
        svg = chart_svg(workload([5e6] * 9), replace(whole, **{name: broken}))
        assert len(paths_of(svg, "fit")) == 1


def test_a_curve_without_points_is_no_curve():
    empty = line([], [])
    svg = chart_svg(workload([5e6] * 9), empty)
    assert paths_of(svg, "fit") == paths_of(svg, "floor") == paths_of(svg, "band") == []


def test_a_forecast_is_drawn_at_most_as_long_again_as_what_was_seen():
    found = leak()
    svg = chart_svg(found.series, found.curve, limit=found.verdict.limit)
    assert {"memory", "floor", "fit", "band", "limit", "grid"} <= {kind for kind, _ in drawn(svg)[0]}
    last = [float(x) for x, _ in re.findall(r"([\d.]+) ([\d.]+)", paths_of(svg, "memory")[0])][-1]
    assert last >= WIDTH * 0.45


def test_a_long_series_is_thinned_and_keeps_its_peak_and_its_low():
    value = np.full(50_000, 5e6)
    value[31_337], value[11_111] = 9e6, 1e6
    short = chart_svg(workload([5e6, 9e6, 1e6, 5e6]), None)
    svg = chart_svg(workload(value), None)
    (data,) = paths_of(svg, "memory")
    assert data.count("L") <= MOST_POINTS + 2

    def extent(path):
        heights = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", path)]
        return min(heights), max(heights)

    assert extent(data) == extent(paths_of(short, "memory")[0])


def test_hostile_names_stay_text():
    svg = chart_svg(workload([5e6] * 3, name=HOSTILE), None, events=[Event(NOW_S + 60, "<b>&")])
    root = ET.fromstring(svg)
    assert {node.tag for node in root.iter()} == {"svg", "title", "path", "text"}
    assert "<script>" in root.find("title").text
    assert "\x1b" not in svg
    assert "<b>&" in drawn(svg)[1]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 1e308), min_size=1, max_size=8), min_size=1, max_size=3),
    st.none() | st.floats(),
    st.lists(st.floats(), min_size=0, max_size=4),
    st.sampled_from(["bytes", "percent"]),
)
def test_no_number_breaks_the_chart(lives, limit, fit, unit):
    series = workload(*lives, unit=unit)
    within_s = 60.0 * (len(lives[0]) - 1)
    curve = line(NOW_S + within_s * np.linspace(0, 1, len(fit)), fit, spread=0.0)
    svg = chart_svg(series, curve, limit=limit)
    assert len(paths_of(svg, "memory")) == len(lives)


def test_a_forecast_ends_where_it_leaves_the_picture_and_never_runs_along_its_edge():
    seen = workload([1e6 * number for number in range(1, 11)])
    at, value = NOW_S + 60.0 * np.arange(20), 1e6 * np.arange(1.0, 21.0)
    curve = Curve(at[:10], value[:10], at, value, value - 1, value + 1)
    (fit,) = paths_of(chart_svg(seen, curve), "fit")
    heights = [float(y) for _, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", fit)]
    assert all(after < before for before, after in zip(heights, heights[1:], strict=False))
    assert len(heights) == 12
