"""Long paths are told by their two ends."""

from __future__ import annotations

import pytest

from oakum.model.growth import PathStep
from oakum.render.pathway import LAST, MOST_STEPS, elided


def path(length):
    return tuple(PathStep(f"node {at}", f".{at}") for at in range(length))


@pytest.mark.parametrize("length", [0, 1, MOST_STEPS])
def test_a_short_path_is_told_whole(length):
    assert elided(path(length)) == path(length)


@pytest.mark.parametrize("length", [MOST_STEPS + 1, 500])
def test_of_a_long_path_the_ends_stay_and_the_rest_is_counted(length):
    told = elided(path(length))
    assert told[:2] == path(length)[:2]
    assert told[-LAST:] == path(length)[-LAST:]
    assert told[2].node == f"… {length - 2 - LAST} more steps"
    assert len(told) <= MOST_STEPS
