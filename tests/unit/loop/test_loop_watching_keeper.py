"""A watch lets go of evidence that was kept for long enough, once an hour, and says so."""

from __future__ import annotations

import os

import pytest
from watching_world import World

from oakum.loop.watching.keeper import EVERY_S, Keeper, Room

DAY_S = 86_400.0


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.store.close()


def left(world, content, age_s):
    """A file that no record names, put so long ago."""
    digest = world.store.blobs.put([content])
    at_s = world.machine.clock.now_s() - age_s
    os.utime(world.store.database.place.blobs / digest[:2] / digest, (at_s, at_s))
    return digest


def test_what_nobody_names_goes_after_an_hour_of_watching_and_not_before(world):
    old, fresh = left(world, b"old", 3 * DAY_S), left(world, b"fresh", 60.0)
    lines = []
    keeper = Keeper(world.bench(), Room(), told=lambda _, text: lines.append(text))
    keeper.step()
    assert world.store.blobs.has(old)
    world.machine.clock.pass_by(EVERY_S)
    keeper.step()
    assert not world.store.blobs.has(old)
    assert world.store.blobs.has(fresh)
    assert lines == ["evidence expired: 1 file, 3 B"]


def test_a_budget_that_cannot_be_kept_is_told_once(world):
    left(world, b"x" * 4096, 60.0)
    lines = []
    keeper = Keeper(world.bench(), Room(disk_bytes=1024), told=lambda _, text: lines.append(text))
    for _ in range(3):
        world.machine.clock.pass_by(EVERY_S)
        keeper.step()
    assert len([line for line in lines if line.startswith("evidence takes more than 1.00 KiB")]) == 1


def test_the_watch_itself_does_it(world):
    old = left(world, b"old", 3 * DAY_S)
    world.steady("cache")
    world.watch(seconds=2 * EVERY_S, interval_s=60.0)
    assert not world.store.blobs.has(old)
    assert world.told.count("evidence expired") == 1
