"""What the inspector says of functions: their names, and what made them."""

from __future__ import annotations

import pytest

from oakum.probe.node_census_told import maker_of, name_of


@pytest.mark.parametrize(
    ("text", "own", "name"),
    [
        ("async pieces(article) { }", "pieces", "pieces"),
        ("() => { go(); }", "check", "check"),
        ("() => { go(); }", "", "(anonymous)"),
        ("function () { }", None, "(anonymous)"),
        ("async (parcel) => parcel", "x" * 300, "x" * 100),
    ],
)
def test_a_function_that_has_no_name_in_its_text_has_that_of_its_property(text, own, name):
    assert name_of({"description": text}, own) == name


@pytest.mark.parametrize(
    ("scopes", "maker"),
    [
        (["Block (track)", "Closure (watch)", "Closure (start)", "Global"], "watch"),
        (["Closure (/srv/app.js)", "Closure", "Module", "Global"], ""),
        ([None], ""),
    ],
)
def test_who_made_a_function_is_told_by_its_scopes(scopes, maker):
    assert maker_of(scopes) == maker
