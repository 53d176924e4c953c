from __future__ import annotations

import numpy as np
import pytest
from bench.judge import generator
from bench.judge.case import prefix
from bench.judge.families import HELD_ONLY, TUNE_ONLY, families
from bench.judge.leaks import Growth

from oakum.model.series import Ending

NAMES = generator.names("tune", healthy=1, leaking=1)


@pytest.fixture(scope="module")
def cases():
    return {name: generator.case("tune", name) for name in NAMES}


def test_the_same_name_gives_the_same_bytes(cases):
    for name in ("healthy/collected/0", "linear/machine/0", "exponential/idle/0"):
        again = generator.case("tune", name)
        for one, other in zip(cases[name].flat(), again.flat(), strict=True):
            assert np.array_equal(one, other)
        assert again.truth.crosses_s == cases[name].truth.crosses_s


def test_parts_differ_in_seeds_and_in_families():
    tune, held = generator.case("tune", "healthy/idle/0"), generator.case("held", "healthy/idle/0")
    assert not np.array_equal(tune.flat()[1][:50], held.flat()[1][:50])
    assert set(TUNE_ONLY) <= set(families("tune")) - set(families("held"))
    assert set(HELD_ONLY) <= set(families("held")) - set(families("tune"))


def test_every_series_can_be_judged(cases):
    for case in cases.values():
        at, value, limit = case.flat()
        assert np.all(np.diff(at) > 0), case.name
        assert np.all(np.isfinite(value)), case.name
        assert value.min() >= 0, case.name
        assert np.all(limit > 0), case.name
        assert at.size >= 12, case.name


def test_healthy_series_stay_below_their_limit(cases):
    for case in cases.values():
        if not case.truth.leaks:
            _, value, limit = case.flat()
            assert np.all(value <= limit * 1.001), case.name
            assert case.truth.onset_s is None


def test_leaks_grow_only_after_the_onset_and_reach_what_they_say(cases):
    for case in cases.values():
        truth = case.truth
        if not truth.leaks:
            continue
        assert truth.grown is not None
        before = truth.grown[truth.grown_at_s < truth.onset_s]
        assert np.all(before == 0), case.name
        assert truth.grown.max() > 0.02, case.name
        assert truth.reach == pytest.approx(truth.grown.max()), case.name
        assert truth.patterns


def test_the_limit_is_reached_when_the_truth_says_so(cases):
    reached = 0
    for case in cases.values():
        truth = case.truth
        at, value, _ = case.flat()
        for moment in truth.crosses_s:
            assert moment > truth.onset_s, case.name
            if moment <= at[-1]:
                reached += 1
                here = int(np.searchsorted(at, moment))
                stale = value[here] == value[here - 1]
                assert stale or value[here] >= 0.995 * truth.limit, case.name
        if not truth.crosses_s:
            assert value.max() < 1.001 * truth.limit, case.name
    assert reached > 5


def test_every_growth_and_family_is_there():
    assert {name.split("/")[0] for name in NAMES} == {"healthy", *Growth}
    assert {name.split("/")[1] for name in NAMES if name.startswith("healthy")} == set(families("tune"))


def test_a_prefix_knows_nothing_of_later():
    killed = [generator.case("tune", name) for name in NAMES if not name.startswith("healthy")]
    case = next(one for one in killed if len(one.series.lifetimes) > 1)
    first = case.series.lifetimes[0]
    middle = float(first.at_s[len(first) // 2])
    known = prefix(case.series, middle)
    assert len(known.lifetimes) == 1
    assert known.lifetimes[0].ending is Ending.RUNNING
    assert known.lifetimes[0].ended_s is None
    assert known.lifetimes[0].at_s[-1] <= middle
    assert prefix(case.series, case.end_s).samples == case.series.samples
