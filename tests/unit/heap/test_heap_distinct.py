"""Each value once, ascending, as numpy's own answer."""

from __future__ import annotations

import numpy as np
import pytest

from oakum.heap.distinct import distinct


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("size", [0, 1, 2, 1000])
def test_each_value_is_given_once_and_in_order(kind, size):
    values = np.random.default_rng(7).integers(-50, 50, size).astype(kind)
    found = distinct(values)
    assert found.dtype == kind
    assert found.tolist() == sorted(set(values.tolist()))
    assert values.tolist() == np.random.default_rng(7).integers(-50, 50, size).astype(kind).tolist()
