"""A survey of keys tells the same of a server in memory and of a real one."""

from __future__ import annotations

from contextlib import asynccontextmanager, closing, nullcontext

import anyio
import pytest
from fake_redis import FakeKey, FakeLink
from redis_server import RedisServer

from oakum.model.redis import Keyspace
from oakum.redis_family.access import Access
from oakum.redis_family.link import Link
from oakum.redis_family.pattern_tree import PatternTree
from oakum.redis_family.queues import collections, lengths
from oakum.redis_family.survey import Budget, Census
from oakum.redis_family.told import patterns


class Fake:
    """What tests do to a server, done in memory."""

    def __init__(self):
        self.made = FakeLink()

    @asynccontextmanager
    async def link(self):
        yield self.made

    def texts(self, names, ttl_s=None):
        self.made.keys.update({name: FakeKey(ttl_ms=-1 if ttl_s is None else ttl_s * 1000) for name in names})

    def items(self, name, count):
        self.made.keys[name] = FakeKey("list", 100 * count, count)

    def remove(self, names):
        for name in names:
            del self.made.keys[name]

    def deny(self, command):
        self.made.denied.add(command.upper())

    @property
    def spaces(self):
        keys = self.made.keys
        return [Keyspace(0, len(keys), sum(key.ttl_ms != -1 for key in keys.values()))]


class Real:
    """The same, done to a redis-server."""

    def __init__(self, server):
        self.server, self.client = server, server.client()

    @asynccontextmanager
    async def link(self):
        made = Link(Access("redis", "127.0.0.1", self.server.port))
        try:
            yield made
        finally:
            await made.close()

    def texts(self, names, ttl_s=None):
        line = self.client.pipeline(transaction=False)
        for name in names:
            line.set(name, "x", ex=ttl_s)
        line.execute()

    def items(self, name, count):
        self.client.delete(name)
        self.client.rpush(name, *["x"] * count)

    def remove(self, names):
        self.client.delete(*names)

    def deny(self, command):
        self.client.execute_command("ACL", "SETUSER", "default", f"-{command}")

    @property
    def spaces(self):
        told = self.client.info("keyspace").get("db0", {"keys": 0, "expires": 0})
        return [Keyspace(0, told["keys"], told["expires"])]


@pytest.fixture(params=["fake", "real"])
def world(request):
    with closing(RedisServer()) if request.param == "real" else nullcontext() as server:
        yield Fake() if server is None else Real(server)


def surveyed(world, *, between=lambda: None, budget=None):
    """(patterns by name, the walks, the collections) of two surveys."""
    chosen = budget or Budget()

    async def told():
        async with world.link() as link:
            tree = PatternTree()
            census = Census(link, tree)
            first = await census.survey(world.spaces, chosen, second=False)
            await collections(census, "here")
            between()
            second = await census.survey(world.spaces, chosen, second=True)
            found, others = patterns(tree, [(first, second)])
            assert others == 0
            now = await collections(census, "here")
            assert await lengths(census) == {(each.database, each.key): each.length for each in now}
            return {each.pattern: each for each in found}, (first, second), now

    return anyio.run(told)


def test_every_key_is_counted_with_its_ttl(world):
    world.texts([b"session:%032x" % (number * 0x123456789ABCDEF) for number in range(700)])
    world.texts([b"page:%d" % number for number in range(300)], ttl_s=600)
    found, (first, second), _ = surveyed(world)
    assert (first.seen, second.seen, first.whole, second.whole) == (1000, 1000, True, True)
    assert {name: each.keys.value for name, each in found.items()} == {"session:*": 700, "page:*": 300}
    assert (found["session:*"].forever.value, found["page:*"].forever.value) == (1, 0)
    assert found["page:*"].kinds == {"string": 600}
    assert found["page:*"].bytes_each.value > 0


def test_what_came_and_what_went_is_told_apart(world):
    world.texts([b"user:%d" % number for number in range(500)])

    def between():
        world.texts([b"user:%d" % number for number in range(500, 800)])
        world.remove([b"user:%d" % number for number in range(100)])

    found, _, _ = surveyed(world, between=between)
    told = found["user:*"]
    assert (told.before.value, told.keys.value, told.came.value, told.went.value) == (500, 700, 300, 100)
    assert told.grown.exact
    assert told.came_forever.value == 1


def test_a_part_of_the_keys_is_the_same_part_the_second_time(world):
    world.texts([b"user:%d" % number for number in range(20_000)])
    found, (first, second), _ = surveyed(world, budget=Budget(keys=3_000))
    assert not first.whole
    assert first.seen == second.seen < 20_000
    told = found["user:*"]
    assert (told.keys.value, told.came.value, told.went.value) == (20_000, 0, 0)
    assert told.came.low == 0
    assert told.came.high > 0


def test_a_queue_is_found_by_its_one_key_and_followed(world):
    world.texts([b"user:%d" % number for number in range(9_000)])
    world.items(b"jobs:mail", 50)
    _, _, held = surveyed(world, between=lambda: world.items(b"jobs:mail", 90))
    assert [(each.key, each.kind, each.length, each.forever) for each in held] == [("jobs:mail", "list", 90, True)]


def test_a_ttl_that_nobody_may_ask_for_is_not_known(world):
    world.texts([b"user:%d" % number for number in range(50)])
    world.texts([b"page:%d" % number for number in range(50)], ttl_s=600)
    world.deny("pttl")
    found, (first, _), _ = surveyed(world)
    assert found["user:*"].keys.value == 50
    assert found["user:*"].forever is None
    assert list(first.refused) == ["PTTL"]
