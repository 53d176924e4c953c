"""The one sentence, for every kind of answer."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from examples_render import HOSTILE, MIB, NOW_S, cannot_tell, filling_cache, healthy, leak, leak_verdict
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.model.verdict import Forecast, Pattern, Verdict, VerdictName
from oakum.render.figures import (
    forecast_range_text,
    interval_text,
    nearest_forecast,
    of_limit_text,
    probability_text,
    rate_text,
)
from oakum.render.headline import SIGNS, headline


def said(verdict, *, name="pid/4242", unit="bytes"):
    return headline(name, verdict, unit, now_s=NOW_S)


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (leak, "pid/4242 leaks: sure 97 %, +3.10 MiB/s since 12:02:44, limit in 26 s"),
        (filling_cache, "pid/4242 may leak: sure 35 %, +48.0 MiB/min since 12:02:44, limit in 8 min 15 s"),
        (healthy, "pid/4243 is healthy: flat at 96.0 MiB of 256 MiB, 38 %"),
        (cannot_tell, "pid/77: cannot tell yet: watch for 20 s more"),
    ],
)
def test_each_kind_of_answer_has_its_sentence(found, sentence):
    given_ = found()
    assert headline(given_.target, given_.verdict, given_.series.unit, now_s=NOW_S) == sentence


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"forecasts": ()}, "since 12:02:44"),
        ({"forecasts": (Forecast("limit", math.inf, math.inf, math.inf),)}, "since 12:02:44"),
        ({"forecasts": (Forecast("limit", 90.0, math.inf, math.inf),)}, "limit in 1 min 30 s at the earliest"),
        ({"forecasts": (Forecast("limit", 0.0, 0.0, 0.0),)}, "limit reached"),
        ({"forecasts": (Forecast("limit", 50.0, 70.0, 90.0), Forecast("node", 9.0, 60.0, 99.0))}, "node in 1 min"),
        ({"forecasts": (), "onset_s": None}, "+3.10 MiB/s"),
        ({"forecasts": (), "onset_s": NOW_S - 86400.0}, "since 19 Nov 12:03"),
        ({"forecasts": (), "onset_s": NOW_S - 400 * 86400.0}, "since 16 Oct 2025 12:03"),
        ({"forecasts": (), "rate_per_s": None}, "176 MiB"),
        ({"forecasts": (), "rate_per_s": None, "probability": None}, "pid/4242 leaks: 176 MiB"),
    ],
)
def test_what_is_not_known_is_left_out(changes, end):
    assert said(replace(leak_verdict(), **changes)).endswith(end)


def test_a_percentage_is_told_in_points():
    verdict = replace(leak_verdict(), rate_per_s=0.6 / 3600, level=55.2, limit=100.0, forecasts=())
    assert "+0.60 points/h" in said(verdict, unit="percent")
    calm = replace(verdict, name=VerdictName.HEALTHY, pattern=Pattern.SAWTOOTH)
    assert said(calm, unit="percent") == "pid/4242 is healthy: sawtooth at 55.2 % of 100.0 %, 55 %"


def test_a_verdict_without_a_pattern_is_steady():
    assert said(Verdict(VerdictName.HEALTHY, None, None, 5.0 * MIB)) == "pid/4242 is healthy: steady at 5.00 MiB"


def test_the_first_moments_of_a_healthy_one_are_not_called_by_the_name_of_a_leak():
    begun = Verdict(VerdictName.HEALTHY, Pattern.EXPONENTIAL, 0.2, 13.3 * MIB)
    assert said(begun) == "pid/4242 is healthy: at 13.3 MiB, and what it gained is too little to matter"


def test_cannot_tell_needs_no_more_words():
    assert said(Verdict(VerdictName.CANNOT_TELL, None, None, math.nan)) == "pid/4242: cannot tell yet"


def test_a_hostile_name_prints_as_text():
    sentence = said(leak_verdict(), name=HOSTILE)
    assert sentence.isprintable()
    assert sentence.startswith(r"<script>alert('x')</script>\x1b[31m\u202eevil leaks")


def test_every_verdict_has_a_sign_of_its_own():
    assert set(SIGNS) == set(VerdictName)
    assert len(set(SIGNS.values())) == len(VerdictName)


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "1.0 %"), (0.5, "50 %"), (0.97, "97 %"), (0.994, "99 %"), (0.999, "over 99 %")]
)
def test_no_judge_is_surer_than_sure(probability, text):
    assert probability_text(probability) == text


@pytest.mark.parametrize(
    ("rate", "interval", "unit"),
    [
        (3.1 * MIB, (2.9 * MIB, 3.3 * MIB), "bytes"),
        (120.0, (-900.0, 1100.0), "bytes"),
        (0.6 / 3600, (0.5 / 3600, 0.7 / 3600), "percent"),
    ],
)
def test_an_interval_is_told_in_the_words_of_its_rate(rate, interval, unit):
    factor = float(rate_text(rate, unit).split()[0]) / rate
    low, high = (float(part) for part in interval_text(interval, rate, unit).split(" to "))
    assert low == pytest.approx(interval[0] * factor, rel=0.02)
    assert high == pytest.approx(interval[1] * factor, rel=0.02)


def test_a_range_ends_in_never_where_it_is_open():
    assert forecast_range_text(Forecast("limit", -1.0, 60.0, math.inf)) == "0 ms to never"


QUANTILE = st.floats(0, 1e9) | st.just(math.inf)
FORECASTS = st.lists(
    st.tuples(QUANTILE, QUANTILE, QUANTILE).map(lambda three: Forecast("limit", *sorted(three))), max_size=3
).map(tuple)
VERDICTS = st.builds(
    Verdict,
    st.sampled_from(VerdictName),
    st.none() | st.sampled_from(Pattern),
    st.none() | st.floats(0, 1),
    st.floats(0, 1e18),
    rate_per_s=st.none() | st.floats(-1e15, 1e15),
    onset_s=st.none() | st.floats(0, 4e9),
    limit=st.none() | st.floats(1, 1e18) | st.just(math.inf),
    forecasts=FORECASTS,
)


@settings(deadline=None)
@given(VERDICTS, st.sampled_from(["bytes", "percent"]))
def test_any_verdict_has_one_printable_sentence(verdict, unit):
    sentence = said(verdict, unit=unit)
    assert sentence.isprintable()
    assert sentence.startswith("pid/4242")
    assert "nan" not in sentence
    assert "inf" not in sentence
    reached = [row.p50_s for row in verdict.forecasts if math.isfinite(row.p10_s)]
    nearest = nearest_forecast(verdict)
    assert (nearest.p50_s if nearest else None) == min(reached, default=None)


def test_what_is_counted_is_told_by_its_name():
    assert of_limit_text(42.0, 97.0, "connections") == "42 connections of 97, 43 %"
    assert rate_text(0.5, "connections") == "+0.50 connections/s"
    assert rate_text(0.02, "connections") == "+1.20 connections/min"
    assert interval_text((0.01, 0.03), 0.02, "connections") == "0.60 to 1.80"
