"""A strategic patch and the one that undoes it, on objects and changes of any shape, merged as the API merges."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from kube_server import merged

from oakum.kube.inverse import holds, inverse

NAMES = st.sampled_from(["app", "db", "memory", "labels"])
LEAVES = st.one_of(
    st.integers(0, 3), st.sampled_from(["", "64Mi", "1Gi"]), st.booleans(), st.lists(st.integers(), max_size=2)
)


def rows(inner):
    """A list whose rows have names, each once."""
    return st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(
        lambda told: [{**row, "name": name} for name, row in told.items()]
    )


def tables(leaves, *, depth=3):
    if not depth:
        return st.dictionaries(NAMES, leaves, max_size=3)
    inner = tables(leaves, depth=depth - 1)
    # One key is always a table, another always such a list: as in an API, where a field has one type.
    return st.fixed_dictionaries(
        {}, optional={"app": leaves, "memory": leaves, "spec": inner, "containers": rows(inner)}
    )


OBJECTS = tables(LEAVES)
CHANGES = tables(st.one_of(LEAVES, st.none()))


def plain(value):
    """Without what holds nothing, and without the order of rows."""
    if isinstance(value, dict):
        kept = {name: plain(each) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each not in ({}, [])}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return sorted((plain(each) for each in value), key=lambda each: each["name"])
    return value


@given(OBJECTS, CHANGES)
def test_what_was_changed_holds_and_what_undoes_it_brings_back_what_was_there(body, change):
    after = merged(body, change)
    assert holds(change, after)
    assert plain(merged(after, inverse(change, body))) == plain(body)


@given(OBJECTS, CHANGES)
def test_a_change_that_holds_already_changes_nothing(body, change):
    assert holds(change, body) == (plain(merged(body, change)) == plain(body))


@given(OBJECTS, CHANGES)
def test_the_undoing_of_a_change_can_be_undone_itself(body, change):
    after = merged(body, change)
    undo = inverse(change, body)
    assert plain(merged(merged(after, undo), inverse(undo, after))) == plain(after)
