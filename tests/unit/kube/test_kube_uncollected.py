"""Reading large answers leaves the collector of cycles as it was, whatever happens meanwhile."""

from __future__ import annotations

import gc
from contextlib import suppress

import pytest

from oakum.kube.api import uncollected


@pytest.fixture
def collector():
    yield
    gc.enable()


def resting(*, fails):
    """Whether the collector rested, where what is done meanwhile may fail."""
    told = []
    with suppress(KeyError), uncollected():
        told.append(not gc.isenabled())
        if fails:
            raise KeyError("odd")
    return told


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("was", [True, False])
def test_the_collector_rests_meanwhile_and_is_then_as_it_was(was, fails):
    (gc.enable if was else gc.disable)()
    assert resting(fails=fails) == [True]
    assert gc.isenabled() is was
