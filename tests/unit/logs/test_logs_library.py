"""Patterns: those that come with Oakum, a user's, and what is wrong with one that cannot be used."""

from __future__ import annotations

import re

import pytest

from oakum.logs import library, parse_patterns, with_own
from oakum.logs.required import required
from oakum.model.errors import CallerError
from oakum.model.log import Tells

OWN = """
[[pattern]]
id = "shop-cart-too-large"
pattern = 'cart (?P<id>\\S+) holds (?P<items>\\d+) items'
meaning = "A cart that nobody empties."
tells = "leak"
cause = "session-state"
least = { items = 1000 }
"""


def test_every_pattern_says_what_it_means_and_what_to_do():
    for pattern in library():
        assert pattern.meaning.endswith("."), pattern.id
        assert pattern.action, pattern.id
        assert pattern.words, pattern.id


def test_ids_are_unique():
    names = [pattern.id for pattern in library()]
    assert len(set(names)) == len(names)


def test_a_user_needs_three_fields_and_may_give_more():
    (found,) = parse_patterns(OWN, "own.toml")
    assert (found.tells, found.cause, found.error) == (Tells.LEAK, "session-state", "shop-cart-too-large")
    assert found.words == (" holds ",)
    assert found in with_own((found,))
    assert len(with_own((found,))) == len(library()) + 1


def test_one_of_the_same_id_takes_the_place_of_ours():
    (own,) = parse_patterns(OWN.replace("shop-cart-too-large", "jvm-heap-space"), "own.toml")
    assert [pattern for pattern in with_own((own,)) if pattern.id == "jvm-heap-space"] == [own]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("pattern = ", "it is not TOML"),
        ("[other]\nx = 1", "it holds no patterns"),
        ("", "it holds no patterns"),
        (OWN.replace("meaning", "meanings"), "no field 'meanings'"),
        (OWN.replace('meaning = "A cart that nobody empties."', ""), "meaning is missing"),
        (OWN.replace("\\d+) items", "\\d+ items"), "no regular expression"),
        (OWN.replace("pattern = 'cart", "pattern = '(?x)cart"), "verbose"),
        (OWN.replace('tells = "leak"', 'tells = "bad"'), "tells = 'bad'"),
        (OWN.replace("session-state", "carts"), "cause names 'carts'"),
        (OWN.replace("items = 1000", "pieces = 1000"), "least names 'pieces'"),
        (OWN.replace("items = 1000", 'items = "many"'), "least ="),
        (OWN + OWN, "two patterns are called shop-cart-too-large"),
        (OWN.replace("shop-cart-too-large", "Shop Cart"), "id ="),
        ("[[pattern]]\nid='a'\npattern='x*'\nmeaning='m'", "empty line"),
        ("[[pattern]]\nid='a'\npattern='(?:one|two)'\nmeaning='m'", "no text of 4 letters"),
        ("[[pattern]]\nid='a'\npattern='(?:one|two)'\nmeaning='m'\nwords=['one']", "words has 'one'"),
        ("[[pattern]]\nid='a'\npattern=7\nmeaning='m'", "pattern = 7"),
    ],
)
def test_what_is_wrong_is_said_with_its_file_and_number(text, says):
    with pytest.raises(CallerError) as raised:
        parse_patterns(text, "own.toml")
    assert "own.toml" in raised.value.what
    assert says in raised.value.what
    assert raised.value.why
    assert raised.value.next_step


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("Java heap space", ("Java heap space",)),
        (r"pool \S+ exhausted", (" exhausted",)),
        (r"one (?:two|three) four\.five", (" four.five",)),
        (r"alpha|beta[0-9]+gamma", ("alpha", "gamma")),
        (r"abcdef?ghijk*lm", ("abcde",)),
        (r"abcd+efg", ("abcd",)),
        (r"[a]bcd]efgh", ("efgh",)),
        (r"[]abc]defg", ("defg",)),
        (r"\x41bcde", ("bcde",)),
        (r"\bword\b here", (" here",)),
        (r"abcd{0,3}efgh", ("efgh",)),
        (r"(?i:nothing outside)", ()),
        (r"ab|longer text", ()),
        (r"größe", ()),
    ],
)
def test_the_text_that_every_match_holds(pattern, texts):
    assert required(pattern) == texts
    assert re.compile(pattern)
