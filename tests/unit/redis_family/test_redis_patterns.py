"""Names of keys, each by itself and all together."""

from __future__ import annotations

import random
import string

import pytest

from oakum.redis_family import pattern_tree
from oakum.redis_family.pattern_tree import Column, PatternTree, parts
from oakum.redis_family.patterns import Normaliser


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("user:123", "user:*"),
        ("user123", "user*"),
        ("user:123:cart", "user:*:cart"),
        ("session:8f3a9b2c77d1e0f2", "session:*"),
        ("s:0a1b2c3d-fade-abcd-cafe-aabbccddeeff:x", "s:*:x"),
        ("s:deadbeef-fade-abcd-cafe-aabbccddeeff:x", "s:*:x"),
        ("01ARZ3NDEKTSV4RRFFQ69G5FAV", "*"),
        ("tok:V1StGXR8_Z5jdHi6B-myT", "tok:*"),
        ("order-8f3a9b2c-done", "order-*-done"),
        ("lock:order-2024-11-22", "lock:order-*"),
        ("seen:2026-11-22T06:00:00Z", "seen:*"),
        ("10.0.0.1:443", "*"),
        ("{user:5}:cart", "{user:*}:cart"),
        ("v2:user:17", "v2:user:*"),
        ("cache:v12:page:9", "cache:v12:page:*"),
        ("oauth2token:77", "oauth2token:*"),
        ("s3bucket", "s3bucket"),
        ("jobs", "jobs"),
        ("", ""),
        ("two\nlines:5", "two lines:*"),
    ],
)
def test_what_changes_from_key_to_key_is_left_out(key, pattern):
    assert Normaliser().patterns([key.encode()]) == [pattern.encode()]


def test_keys_keep_their_order_whatever_stands_in_them():
    keys = [b"a:1", b"", b"two\nlines", b"x" * 5000 + b"9", b"\xff\xfe", b"\x01:\x02", b"a:2"]
    told = Normaliser().patterns(keys)
    assert len(told) == len(keys)
    assert told[0] == told[-1] == b"a:*"
    assert told[4] == b"\xff\xfe"
    assert len(told[3]) <= 256


def test_names_are_remembered_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("oakum.redis_family.patterns.MOST_KNOWN", 10)
    normaliser = Normaliser()
    keys = [f"{letters}:1".encode() for letters in ("".join(random.Random(at).choices("abc", k=9)) for at in range(90))]
    assert normaliser.patterns(keys) == [key.replace(b"1", b"*") for key in keys]
    assert len(normaliser._known) <= 10


def grouped(patterns, batches=1):
    tree = PatternTree()
    size = -(-len(patterns) // batches)
    for begin in range(0, len(patterns), size):
        counts = {}
        for pattern in patterns[begin : begin + size]:
            counts[pattern] = counts.get(pattern, 0) + 1
        tree.seen(counts, Column.FIRST)
    return {group.pattern: group for group in tree.groups()}, tree


def words(count, seed=1):
    chance = random.Random(seed)
    return ["".join(chance.choices(string.ascii_lowercase, k=8)).encode() for _ in range(count)]


def test_words_that_are_ids_become_a_star_and_heavy_ones_stay():
    names = [b"profile:" + word for word in words(5000)] + [b"profile:admin"] * 900 + [b"jobs", b"events"]
    random.Random(3).shuffle(names)
    found, _ = grouped(names, batches=10)
    told = {name: group.tally[Column.FIRST] for name, group in found.items()}
    assert set(told) == {b"profile:*", b"profile:admin", b"jobs", b"events"}
    assert sum(told.values()) == len(names)
    assert 900 - found[b"profile:admin"].missed <= told[b"profile:admin"] <= 900


def test_ids_with_the_same_parts_below_them_are_ids_though_none_is_light():
    names = [b"user:" + word + part for word in words(30) for part in (b":cart", b":likes", b":seen") for _ in range(4)]
    found, _ = grouped(names)
    assert {name: group.tally[Column.FIRST] for name, group in found.items()} == {
        b"user:*:cart": 120,
        b"user:*:likes": 120,
        b"user:*:seen": 120,
    }


def test_few_words_are_services_not_ids():
    names = [service + b":cache" for service in (b"cart", b"shop", b"mail", b"search") for _ in range(10)]
    found, _ = grouped(names)
    assert len(found) == 4


def test_one_that_gains_much_stays_however_light_it_is():
    tree = PatternTree()
    tree.seen({b"tenant:" + word: 100 for word in words(200)}, Column.FIRST)
    tree.seen({b"tenant:acme": 90}, Column.SECOND)
    tree.seen({b"tenant:acme": 90}, Column.CAME)
    found = {group.pattern: group.tally for group in tree.groups()}
    assert found[b"tenant:acme"][Column.CAME] == 90
    assert found[b"tenant:*"][Column.FIRST] == 20_000


def test_memory_is_bounded_whatever_comes(monkeypatch):
    monkeypatch.setattr(pattern_tree, "MOST_NODES", 2_000)
    chance = random.Random(5)
    some = words(60)
    names = [b":".join(chance.choices(some, k=6)) for _ in range(3_000)]
    found, tree = grouped(names, batches=10)
    assert tree.nodes <= 4_000
    assert sum(group.tally[Column.FIRST] for group in found.values()) == len(names)


def test_parts_are_joined_to_the_name_again():
    assert parts(b"user:*:cart") == [b"user:", b"*:", b"cart"]
    assert b"".join(parts(b":".join(words(40)))) == b":".join(words(40))
    assert len(parts(b":".join(words(40)))) == pattern_tree.DEEPEST
