"""What a survey asks, and what it never asks."""

from __future__ import annotations

import anyio
import pytest
from fake_redis import FakeKey, FakeLink

from oakum.explain.redis_plan import _glob
from oakum.model.absent import AbsentKind
from oakum.model.errors import DataError, TargetError
from oakum.model.redis import Keyspace
from oakum.redis_family import info, live
from oakum.redis_family import survey as surveying
from oakum.redis_family.node import Node
from oakum.redis_family.pattern_tree import PatternTree
from oakum.redis_family.queues import collections, lengths
from oakum.redis_family.survey import Budget, Census, Order, Walk, past, stride
from oakum.redis_family.told import patterns, printable


def surveyed(link, spaces, budget=None, *, second=False):
    async def told():
        tree = PatternTree()
        census = Census(link, tree, named=len(spaces) > 1)
        first = await census.survey(spaces, budget or Budget(), second=False)
        walks = (first, await census.survey(spaces, budget or Budget(), second=True) if second else None)
        return {each.pattern: each for each in patterns(tree, [walks])[0]}, walks

    return anyio.run(told)


def users(count, **more):
    return {b"user:%d" % number: FakeKey(**more) for number in range(count)}


def test_no_ttl_is_asked_for_where_the_server_has_counted_it():
    for expires, share, ttl in ((0, 1.0, -1), (200, 0.0, 5000)):
        link = FakeLink({0: users(200, ttl_ms=ttl)})
        found, _ = surveyed(link, [Keyspace(0, 200, expires)])
        assert found["user:*"].forever.value == share
        assert not [words for words in link.asked if words[0] == "PTTL"]


def test_every_size_is_asked_with_samples_and_none_of_a_module():
    link = FakeLink({0: {**users(20), b"doc:1": FakeKey("ReJSON-RL"), b"big": FakeKey("hash", 9000, 500)}})
    found, _ = surveyed(link, [Keyspace(0, 22, 0)])
    sizes = [words for words in link.asked if words[0] == "MEMORY"]
    assert all(words[3:] == ("SAMPLES", surveying.SAMPLES) for words in sizes)
    assert b"doc:1" not in {words[2] for words in sizes}
    assert b"big" in {words[2] for words in sizes}
    assert found["doc:*"].bytes_each is None
    assert {words[0] for words in link.asked} <= {"PING", "SCAN", "TYPE", "MEMORY"}


@pytest.mark.parametrize(
    "reply", [b"OK", None, 7, [b"0"], [b"next", []], [0, []], [b"0", b"a"], [b"9" * 5000, []], [b"0", [b"a", 7]]]
)
def test_what_is_no_answer_to_scan_is_said(reply):
    class Odd(FakeLink):
        def _answer(self, words):
            return reply if words[0] == "SCAN" else super()._answer(words)

    with pytest.raises(DataError, match="SCAN did not answer"):
        surveyed(Odd({0: users(20)}), [Keyspace(0, 20, 0)])


def test_databases_are_told_apart_and_named_in_what_is_typed():
    link = FakeLink({0: users(30), 3: users(50)})
    found, (walk, _) = surveyed(link, [Keyspace(0, 30, 0), Keyspace(3, 50, 0)])
    assert {name: each.keys.value for name, each in found.items()} == {"db0 user:*": 30, "db3 user:*": 50}
    assert walk.seen == 80
    assert _glob("db3 user:*") == ("user:*", " -n 3")
    assert _glob("odd[1]?:*") == ("odd\\[1\\]\\?:*", "")


def test_less_is_asked_at_once_of_a_slow_server_and_never_too_much_of_a_fast_one():
    for took_s, bound in ((0.02, surveying.LEAST_COUNT), (0.0001, surveying.MOST_COUNT)):
        link = FakeLink({0: users(5000)}, took_s=took_s)
        walk = Walk()
        for _ in range(40):
            walk.adapt(link.took_s)
        assert walk.count == bound
    link = FakeLink({0: users(5000)})
    surveyed(link, [Keyspace(0, 5000, 0)])
    assert max(words[3] for words in link.asked if words[0] == "SCAN") <= surveying.MOST_COUNT


def test_one_slow_answer_among_fast_ones_changes_nothing():
    walk = Walk(count=800)
    for took_s in (0.0015, 0.0015, 0.03, 0.0015, 0.0015):
        walk.adapt(took_s)
    assert (walk.count, walk.longest_s) == (800, 0.03)


def test_a_part_is_an_estimate_that_mostly_holds_the_truth(monkeypatch):
    monkeypatch.setattr(surveying, "BATCH", 100)
    monkeypatch.setattr(surveying, "MOST_COUNT", 100)
    held = []
    for server in range(20):
        keys = {b"user:%d" % number: FakeKey() for number in range(server * 10_000, server * 10_000 + 3000)}
        keys.update({b"page:%d" % number: FakeKey(ttl_ms=9000) for number in range(1000)})
        found, (walk, _) = surveyed(FakeLink({0: keys}, bits=12), [Keyspace(0, 4000, 1000)], Budget(keys=600))
        assert 600 <= walk.seen < 900
        assert not walk.whole
        assert not found["user:*"].keys.exact
        held += [found["user:*"].keys.low <= 3000 <= found["user:*"].keys.high]
    # Of 20 at 95 %: fewer than 16 would come once in hundreds of times. Here the hashes are the same each time.
    assert sum(held) >= 16


def test_where_the_order_is_not_known_a_part_is_not_compared(monkeypatch):
    monkeypatch.setattr(surveying, "BATCH", 200)

    async def told():
        link, tree = FakeLink({0: users(20_000)}, bits=14), PatternTree()
        census = Census(link, tree, order=Order.UNKNOWN)
        spaces = [Keyspace(0, 20_000, 0)]
        walks = [await census.survey(spaces, Budget(keys=2000), second=second) for second in (False, True)]
        return {each.pattern: each for each in patterns(tree, [(walks[0], walks[1])])[0]}

    found = anyio.run(told)
    assert found["user:*"].grown is None
    assert found["user:*"].before is None


def test_places_are_passed_in_the_order_of_reversed_bits():
    assert past(0b1, 0b10, Order.HASH)
    assert not past(0b10, 0b1, Order.HASH)
    assert past(0b110, 0b110, Order.HASH)
    # In slots the number of the slot goes first, in the lowest 14 bits.
    assert past((0b10 << 14) | 6, (0b1 << 14) | 5, Order.SLOTS)
    assert not past((0b10 << 14) | 5, (0b1 << 14) | 5, Order.SLOTS)


def test_every_so_many_th_is_asked():
    assert (stride(10, 100), stride(100, 100), stride(101, 100), stride(1_000_000, 100_000)) == (1, 1, 2, 10)


def test_names_that_are_no_text_can_be_printed():
    assert printable(b"user:\xff\x00:*") == "user:\\xff\\x00:*"


class FakeServer(FakeLink):
    """INFO and what stands beside it, by word. An error is raised."""

    def __init__(self, **answers):
        super().__init__()
        self.answers = answers

    def _answer(self, words):
        self.asked.append(words)
        return self.answers.get("_".join(map(str, words)), self.answers.get(str(words[0])))


def node(**answers):
    return Node.of(FakeServer(**answers), PatternTree())


def test_an_older_server_is_asked_for_all_of_info():
    older = node(INFO_server_clients_memory_stats_replication_keyspace=None)
    older.link.answers = {
        "INFO_server_clients_memory_stats_replication_keyspace": TargetError(
            "redis://x refuses INFO", why="ERR syntax"
        ),
        "INFO": b"used_memory:7\n",
    }
    assert anyio.run(older.look).used == 7
    assert anyio.run(older.look).used == 7
    assert [words for words in older.link.asked if len(words) > 1] == [older.link.asked[0]]


@pytest.mark.parametrize(
    ("reply", "what"),
    [
        (b"redis_mode:sentinel\nused_memory:1\n", "is a Sentinel"),
        (b"<html>", "tells no memory"),
        (None, "tells no memory"),
    ],
)
def test_what_is_no_server_of_data_is_said(reply, what):
    with pytest.raises(TargetError, match=what):
        anyio.run(node(INFO=reply).look)


def test_a_server_that_was_started_again_is_not_compared():
    begun = Node.of(FakeLink({0: users(50)}), PatternTree())

    async def told():
        for second, run in ((False, b"a"), (True, b"b")):
            reply = b"used_memory:7\nrun_id:%b\ndb0:keys=50,expires=0\n" % run
            begun.figures = info.figures(info.fields(reply), "here")
            await begun.survey(Budget(), second=second)
        return {each.pattern: each for each in patterns(begun.census.tree, [(begun.first, begun.second)])[0]}

    assert anyio.run(told)["user:*"].grown is None


class FakeQueue(FakeLink):
    """A server with one list."""

    def _answer(self, words):
        if words[0] == "INFO":
            return b"used_memory:7\nrun_id:a\ndb0:keys=1,expires=0\n"
        if words[0] in {"ACL", "CLIENT", "SLOWLOG", "XINFO"} or words[1:] == ("DOCTOR",):
            return None
        return super()._answer(words)


def test_lengths_are_followed_between_two_surveys(monkeypatch):
    jobs = FakeKey("list", 500, 200)
    link = FakeQueue({0: {b"jobs": jobs, b"user:1": FakeKey()}})
    monkeypatch.setattr(live, "Link", lambda _: link)

    async def told():
        async with live.connected(link.access) as server:
            await server.sample(whole=True)
            for jobs.length in (400, 0, 350):
                asked = len(link.asked)
                await server.sample(whole=False)
                assert [words[0] for words in link.asked[asked:]] == ["LLEN"]
            jobs.length = 550
            return await server.sample(whole=True)

    (grown,) = anyio.run(told).survey.collections
    assert (grown.before.length, grown.between, grown.now.length) == (200, (400, 0, 350), 550)


def test_only_the_largest_are_followed():
    queues = {b"q:%d" % number: FakeKey("list", number, 5) for number in range(40)}
    link = FakeLink({0: queues})

    async def told():
        census = Census(link, PatternTree())
        await census.survey([Keyspace(0, 40, 0)], Budget(), second=False)
        await collections(census, "here")
        return await lengths(census)

    assert set(anyio.run(told)) == {(0, f"q:{number}") for number in range(20, 40)}


def test_thousands_of_connections_are_not_listed():
    busy = node(INFO=b"used_memory:7\nconnected_clients:9000\n")

    async def told():
        await busy.look()
        return await busy.clients()

    assert anyio.run(told) is None
    (absent,) = busy.absent
    assert (absent.kind, "9000" in absent.why) == (AbsentKind.TOO_DEAR, True)
    assert not [words for words in busy.link.asked if words[0] == "CLIENT"]
