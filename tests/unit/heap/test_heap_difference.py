"""Dumps compared: what grew is matched by the name of its holder, though every object moved."""

from __future__ import annotations

import numpy as np
import pytest
from shop_dump import shop_dump
from v8_files import V8File

from oakum.heap.difference import difference, sketch
from oakum.model.errors import CallerError


def sketched(data, file="x"):
    return sketch(np.frombuffer(data, np.uint8), file=file, told=lambda _: None)


@pytest.fixture(scope="module")
def grown():
    return difference([sketched(shop_dump(sessions=count), f"{count}.hprof") for count in (100, 250, 400)])


def test_the_holder_that_grew_is_told_with_its_size_in_every_dump(grown):
    first = grown.suspects[0]
    assert first.holder == "shop.SessionCache.entries"
    assert len(first.growth) == 3
    # A node of 32 bytes, a session of 24 and an array of 528 for each.
    assert first.growth[2] - first.growth[1] == 150 * (32 + 24 + 528 + 8)
    assert "100 → 400 shop.Session" in first.title
    assert first.confidence > 0.9


def test_what_is_as_large_as_before_is_no_suspect_of_a_comparison(grown):
    assert [suspect.holder for suspect in grown.suspects] == ["shop.SessionCache.entries"]


def test_classes_that_grew_are_told_and_others_are_not(grown):
    rows = {row.name: row for row in grown.grown}
    assert rows["shop.Session"].counts == (100, 250, 400)
    assert "long[]" not in rows
    assert grown.files == ("100.hprof", "250.hprof", "400.hprof")


def test_a_holder_that_gave_back_in_between_is_less_sure():
    steady = difference([sketched(shop_dump(sessions=count)) for count in (100, 250, 400)])
    uneven = difference([sketched(shop_dump(sessions=count)) for count in (200, 100, 400)])
    assert uneven.suspects[0].confidence < steady.suspects[0].confidence


def test_dumps_in_the_wrong_order_are_told():
    turned = difference([sketched(shop_dump(sessions=count)) for count in (400, 100)])
    assert not turned.suspects
    assert any("oldest dump first" in warning for warning in turned.warnings)


def test_dumps_of_different_runtimes_are_the_callers_mistake():
    with pytest.raises(CallerError, match="different runtimes"):
        difference([sketched(shop_dump()), sketched(V8File().bytes())])
