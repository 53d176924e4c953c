"""Intervals hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.model.redis import Estimate
from oakum.redis_family import bounds


def test_what_was_counted_has_no_error():
    assert bounds.share(7, 10, of=10) == Estimate.counted(0.7)
    assert bounds.part(7, 10, 10, whole=True) == Estimate.counted(7)
    assert bounds.thinned(7, 1.0) == Estimate.counted(7)
    assert bounds.share(0, 0) is None


def test_a_share_of_none_or_all_is_not_certain():
    none, every = bounds.share(0, 50), bounds.share(50, 50)
    assert (none.low, none.value) == (0, 0)
    assert 0.05 < none.high < 0.1
    assert (every.high, every.value) == (1, 1)
    assert 0.9 < every.low < 0.95


@pytest.mark.parametrize("truth", [0.02, 0.3, 0.93])
def test_a_share_lies_within_its_bounds_nineteen_times_of_twenty(truth):
    chance = np.random.default_rng(1)
    total, asked = 4000, 800
    hits = chance.hypergeometric(int(total * truth), total - int(total * truth), asked, 3000)
    told = {count: bounds.share(int(count), asked, of=total) for count in set(hits.tolist())}
    held = np.mean([told[count].low <= int(total * truth) / total <= told[count].high for count in hits.tolist()])
    assert 0.93 <= held <= 0.98


@pytest.mark.parametrize(("there", "fraction"), [(40, 0.25), (3000, 0.05), (2, 0.5)])
def test_a_number_that_was_thinned_lies_within_its_bounds(there, fraction):
    chance = np.random.default_rng(2)
    seen = chance.binomial(there, fraction, 3000).tolist()
    told = {count: bounds.thinned(count, fraction) for count in set(seen)}
    assert np.mean([told[count].low <= there <= told[count].high for count in seen]) >= 0.93


def test_bounds_never_leave_what_can_be():
    told = bounds.part(3, 100, 1000, whole=False)
    assert 3 <= told.low <= told.value == 30 <= told.high <= 1000
    assert bounds.mean(10.0, 30.0).low == 0
