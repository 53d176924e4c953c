"""Values of every version that is read, in small memories built by hand, whole and torn."""

from __future__ import annotations

import numpy as np
import pytest
from small_image import BASE, BYTES, SmallImage

from oakum.heap.formats.python.layouts import LAYOUTS
from oakum.heap.formats.python.values import LONGEST_TEXT


@pytest.fixture(params=LAYOUTS.values(), ids=lambda layout: ".".join(map(str, layout.version)))
def small(request):
    return SmallImage(request.param)


@pytest.mark.parametrize("text", ["", "entries", "é", "naïve", "€", "Ж" * 40, "🐍 and 𝄞", "x" * LONGEST_TEXT])
def test_text_of_every_width_is_read(small, text):
    assert small.values.text(small.text(text)) == text


def test_a_long_text_is_cut(small):
    assert small.values.text(small.text("€" * 999)) == "€" * LONGEST_TEXT


def test_what_is_no_text_is_none(small):
    at = small.text("entries")
    small.put(at + 8, "<Q", small.other_type)
    assert small.values.text(at) is None
    for nowhere in (0, 8, BASE - 16, BASE + BYTES, 2**63, 2**64 - 8):
        assert small.values.text(nowhere) is None


@pytest.mark.parametrize(
    ("at", "shape", "value"), [(16, "<q", -1), (16, "<Q", 1 << 50), (32, "<I", 3 << 2 | 1 << 5), (32, "<I", 1 << 2)]
)
def test_a_torn_text_is_none(small, at, shape, value):
    text = small.text("entries")
    small.put(text + at, shape, value)
    assert small.values.text(text) is None


@pytest.mark.parametrize("number", [0, 1, 255, 2**29, 2**30 - 1, 2**30, 10_000, 2**59, 2**60 - 1])
def test_a_whole_number_of_two_digits_is_read(small, number):
    assert small.values.number(small.number(number)) == number


@pytest.mark.parametrize("number", [-1, -(2**40), 2**60, 2**90])
def test_other_numbers_are_none(small, number):
    assert small.values.number(small.number(number)) is None


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("count", [0, 1, 5, 200])
def test_a_dicts_keys_and_values_come_in_order(small, kind, count):
    entries = [(small.text(f"key {number}"), BASE + 16 * number + 16) for number in range(count)]
    keys, held = small.values.dict_items(small.dict(entries, kind=kind))
    assert list(zip(keys.tolist(), held.tolist(), strict=True)) == entries


def test_an_entry_that_was_deleted_is_left_out(small):
    entries = [(small.text("a"), BASE + 16), (0, 0), (small.text("c"), BASE + 32)]
    keys, held = small.values.dict_items(small.dict(entries))
    assert held.tolist() == [BASE + 16, BASE + 32]
    assert [small.values.text(key) for key in keys.tolist()] == ["a", "c"]


def test_a_dict_that_shares_its_keys_has_values_of_its_own(small):
    entries = [(small.text(name), BASE + 16 * number + 16) for number, name in enumerate("abc")]
    at = small.dict(entries, kind=2)
    keys, held = small.values.dict_items(at)
    assert (held.tolist(), keys.tolist()) == ([16 + BASE, 32 + BASE, 48 + BASE], [key for key, _ in entries])
    assert small.values.named(at, "b") == BASE + 32
    assert small.values.named(at, "z") == 0
    assert small.values.key_of(at, BASE + 48) == "c"
    assert small.values.key_of(at, BASE + 64) is None


@pytest.mark.parametrize("keys", [0, 1, BASE - 8, BASE + BYTES - 8, 2**64 - 64])
def test_a_dict_whose_table_is_elsewhere_is_empty(small, keys):
    at = small.dict([(small.text("a"), BASE + 16)])
    small.put(at + 32, "<Q", keys)
    assert [part.size for part in small.values.dict_items(at)] == [0, 0]


def test_a_table_that_claims_more_than_there_is_is_empty(small):
    at = small.dict([(small.text("a"), BASE + 16)])
    keys = small.image.word(at + 32)
    for claim in (-1, 9, 1 << 40):
        small.put(keys + (24 if small.layout.keys_modern else 32), "<q", claim)
        assert [part.size for part in small.values.dict_items(at)] == [0, 0]
    small.put(keys + 8, "<Q", 2**63 + 41)
    assert [part.size for part in small.values.dict_items(at)] == [0, 0]


@pytest.mark.parametrize("count", [0, 1, 300])
def test_lists_and_tuples_give_their_items(small, count):
    items = [BASE + 16 * number for number in range(count)]
    assert small.values.list_items(small.list(items)).tolist() == items
    assert small.values.tuple_items(small.tuple(items)).tolist() == items


@pytest.mark.parametrize("length", [-1, 1 << 39, 1 << 41])
def test_a_torn_length_gives_nothing(small, length):
    for at, read in ((small.list([16]), small.values.list_items), (small.tuple([16]), small.values.tuple_items)):
        small.put(at + 16, "<q", length)
        assert read(at).size == 0


@pytest.mark.parametrize("first", [0, 5, 31, 63])
@pytest.mark.parametrize("count", [1, 33, 59, 64, 65, 300])
def test_a_deque_gives_its_items_and_none_of_its_empty_places(small, first, count):
    items = [BASE + 16 * number for number in range(count)]
    assert small.values.deque_items(small.deque(items, first=first)).tolist() == items


def test_a_deque_without_items_gives_none_and_a_chain_in_a_circle_ends(small):
    assert small.values.deque_items(small.deque([])).size == 0
    at = small.deque([16] * 200)
    block = small.image.word(at + 24)
    small.put(block + 65 * 8, "<Q", block)
    small.put(at + 16, "<q", 10_000)
    assert small.values.deque_items(at).size <= 10_000
    small.put(at + 24, "<Q", 0)
    assert small.values.deque_items(at).size == 0


def test_of_a_list_that_grew_while_it_was_copied_what_stands_there_is_read(small):
    at = small.list([BASE + 16, BASE + 32, BASE + 48])
    # Its table moved to where memory ends; the page after it was not there yet when memory was copied.
    table = BASE + BYTES - 16
    small.put(table, "<QQ", BASE + 16, BASE + 32)
    small.put(at + 24, "<Q", table)
    assert small.values.list_items(at).tolist() == [BASE + 16, BASE + 32]


def test_words_are_read_whole_or_not_at_all(small):
    at = small.array([1, 2, 3])
    assert small.values.words(at, 3).tolist() == [1, 2, 3]
    for address, count in ((at + 1, 1), (at, 0), (at, -1), (BASE + BYTES - 8, 2), (0, 1)):
        assert small.values.words(address, count).size == 0
    assert np.array_equal(small.values.words(BASE + BYTES - 8, 1), [0])
