"""Rows of a fleet: one for each workload, the worst of its pods, and few samples of those that nobody looks at."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from oakum.loop.folded import SKETCHED, WHOLE, Folded, extremes, sketch
from oakum.model.scan import Scan, Window
from oakum.model.series import Ending, Series, WorkloadSeries
from oakum.model.verdict import Forecast, Verdict, VerdictName
from oakum.render.codec_scan import scan_to_json
from oakum.render.sparkline import resampled


def life(count, *, begin_s=0.0, ending=Ending.RUNNING, seed=0):
    value = np.random.default_rng(seed).uniform(1e8, 2e8, count)
    return Series(begin_s + 60.0 * np.arange(count), value, np.full(count, 1e9), ending=ending)


def row(name, verdict=VerdictName.HEALTHY, *lives, dies_s=None, pod=""):
    forecasts = () if dies_s is None else (Forecast("limit", dies_s / 2, dies_s, dies_s * 2),)
    series = WorkloadSeries(name, lives or (life(1440),), labels={"pod": pod})
    return series, Verdict(verdict, None, 0.9, 1e8, forecasts=forecasts, reasons=("as measured",))


def folded(rows):
    held = Folded()
    for each in rows:
        held.add(each)
    return held.told()


def test_pods_side_by_side_are_one_row_whichever_comes_first():
    pods = [
        row("a", VerdictName.HEALTHY, pod="calm"),
        row("a", VerdictName.LEAK, pod="slow", dies_s=7200.0),
        row("a", VerdictName.LEAK, pod="fast", dies_s=3600.0),
    ]
    for order in itertools.permutations(pods):
        ((series, verdict),) = folded(order)
        assert series.labels == {"pod": "fast", "pods": "3", "pods_leaking": "2"}
        assert verdict.reasons == ("as measured", "the worst of 3 pods side by side, of which 2 leak")
    ((series, verdict),) = folded(pods[:1] * 2)
    assert verdict.reasons[-1] == "the worst of 2 pods side by side"


def test_the_kills_of_all_pods_are_told_whichever_is_the_worst_and_once_however_often_they_are_folded():
    killed = life(700, ending=Ending.OOM_KILLED)
    pods = [
        row("a", VerdictName.LEAK, pod="never"),
        row("a", VerdictName.SUSPECT, killed, life(3, begin_s=5e4), pod="once"),
        row("a", VerdictName.HEALTHY, replace(killed, ended_s=9e4), pod="later"),
    ]
    for order in itertools.permutations(pods):
        told = folded(order)
        for _ in range(2):
            ((series, _),) = told
            assert series.labels["pod"] == "never"
            assert (series.oom_kills, series.last_kill_s) == (2, 9e4)
            # As the head of a fleet does with what a worker has folded.
            told = folded(told)
    ((series, _),) = folded(pods[1:2])
    assert (series.oom_kills, series.last_kill_s) == (1, float(killed.at_s[-1]))
    ((series, _),) = folded(pods[:1] * 2)
    assert (series.oom_kills, series.last_kill_s) == (0, None)


def test_a_pod_alone_is_told_as_it_is():
    alone = row("a", VerdictName.LEAK, pod="one")
    assert folded([alone]) == (alone,)


def test_the_worst_keep_all_samples_and_the_rest_a_sketch_however_they_come():
    count, leaks = 3 * WHOLE, 10
    names = [VerdictName.LEAK if number % (count // leaks) == 0 else VerdictName.HEALTHY for number in range(count)]
    for step in (1, 7, -1):
        rows = [row(f"w{number:04d}", names[number]) for number in range(count)][::step]
        told = folded(rows)
        assert len(told) == len(rows)
        whole = [series.id for series, _ in told if len(series.lifetimes[0]) == 1440]
        ranked = [series.id for series, _ in Scan("", 0.0, Window(0.0, 1.0), tuple(rows)).ranked]
        assert set(whole) == set(ranked[:WHOLE])
        sketched = [series for series, _ in told if len(series.lifetimes[0]) < 1440]
        assert all(len(series.lifetimes[0]) <= SKETCHED + 2 for series in sketched)


def test_a_workload_that_was_let_go_and_turns_out_worse_is_whole_again():
    rows = [row(f"w{number:04d}") for number in range(2 * WHOLE)]
    last = rows[-1][0].id
    told = {series.id: series for series, _ in folded([*rows, row(last, VerdictName.LEAK, pod="late")])}
    assert len(told[last].lifetimes[0]) == 1440
    assert told[last].labels["pod"] == "late"
    assert len(told[rows[-2][0].id].lifetimes[0]) < 1440


def test_a_sketch_is_told_as_the_whole_and_drawn_with_the_same_peaks():
    lives = (life(700, ending=Ending.OOM_KILLED, seed=1), life(3, begin_s=5e4, seed=2), life(737, begin_s=6e4, seed=3))
    series, verdict = row("a", VerdictName.HEALTHY, *lives)
    small = sketch(series)
    one, other = (scan_to_json(Scan("", 0.0, Window(0.0, 1.0), ((each, verdict),))) for each in (series, small))
    assert one == other
    assert one["series"][0]["samples"] == 1440
    assert sum(len(life) for life in small.lifetimes) <= SKETCHED + 2 * len(lives) + 3
    for before, after in zip(series.lifetimes, small.lifetimes, strict=True):
        assert (after.at_s[0], after.at_s[-1]) == (before.at_s[0], before.at_s[-1])
        assert (after.value.min(), after.value.max()) == (before.value.min(), before.value.max())
        assert set(zip(after.at_s, after.value, strict=True)) <= set(zip(before.at_s, before.value, strict=True))
        assert after.at_s.base is after.value.base is None
    long = row("a")[0]
    assert np.array_equal(
        resampled(sketch(long, 2 * 20 * 10).lifetimes[0].value, 10), resampled(long.lifetimes[0].value, 10)
    )


def test_a_series_is_written_out_without_its_samples():
    text = repr(row("a", VerdictName.LEAK, life(100_000, ending=Ending.OOM_KILLED)))
    assert "<Series of 100000 samples, oom-killed>" in text
    assert len(text) < 1_000


def test_what_is_short_is_left_as_it_is():
    series, _ = row("a", VerdictName.HEALTHY, life(SKETCHED))
    assert sketch(series) is series


@pytest.mark.parametrize("count", [1, 2, 3, 40, 41, 1440])
def test_extremes_are_those_of_each_stretch(count):
    value = life(count, seed=count).value
    places = extremes(value, 40)
    assert np.all(np.diff(places) > 0)
    assert {places[0], places[-1]} == {0, count - 1}
    assert len(places) <= 82
    width = -(-count // 40)
    for begin in range(0, count, width):
        assert value[begin : begin + width].max() in value[places]
        assert value[begin : begin + width].min() in value[places]
