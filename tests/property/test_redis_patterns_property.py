"""Any names of keys give patterns, and no key is lost on the way."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from oakum.redis_family import info
from oakum.redis_family.pattern_tree import Column, PatternTree
from oakum.redis_family.patterns import Normaliser
from oakum.redis_family.told import printable

NAMES = st.lists(
    st.one_of(st.binary(max_size=300), st.from_regex(rb"[a-z]{1,3}:[0-9a-f-]{0,40}(:[a-z]+)?")), max_size=60
)


@given(st.lists(NAMES, max_size=5))
def test_all_keys_are_counted_in_one_pattern_each(batches):
    normaliser, tree = Normaliser(), PatternTree()
    for batch in batches:
        told = normaliser.patterns(batch)
        assert len(told) == len(batch)
        tree.seen(Counter(told), Column.FIRST)
    groups = tree.groups()
    assert sum(group.tally[Column.FIRST] for group in groups) == sum(map(len, batches))
    assert len({group.pattern for group in groups}) == len(groups)
    assert all(printable(group.pattern).isprintable() for group in groups)


@given(st.binary(max_size=400))
def test_any_bytes_are_figures_or_none(reply):
    told = info.fields(reply)
    info.figures(told, "here")
    info.figures({**told, "used_memory": "7"}, "here")
    info.clients(reply)
    info.cluster_nodes(reply)
    info.command_micros(told, ("scan",))


ANYTHING = st.recursive(
    st.one_of(st.none(), st.integers(), st.binary(max_size=8)), lambda some: st.lists(some, max_size=5), max_leaves=20
)


@given(ANYTHING)
def test_any_reply_is_entries_or_none(reply):
    info.slow(reply)
    info.groups(reply)
    info.pairs(reply)
