"""What every implementation of Cgroups promises: of this machine, of recorded trees, and of the fake."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from fake_machine import FakeMachine
from recorded_tree import unpack

from oakum.host.cgroup import LiveCgroups
from oakum.model.absent import Absent

MIB = 1 << 20


def fake(folder):
    del folder
    machine = FakeMachine()
    machine.groups["/shop.slice"] = type(machine.groups["/"])(limit_bytes=512 * MIB)
    machine.start(cgroup="/shop.slice/api.service")
    machine.start(cgroup="/quiet.slice")
    machine.groups["/shop.slice/api.service"].cache_bytes = 7 * MIB
    return machine.cgroups


def recorded(name):
    return lambda folder: LiveCgroups(str(unpack(f"cgroups/{name}.txt", folder)))


SOURCES = {
    "fake": fake,
    "this machine": lambda _: LiveCgroups(),
    **{name: recorded(name) for name in ("v1_docker_node", "v1_docker_inside", "v2_kubernetes_node", "none")},
    **{name: recorded(name) for name in ("v2_private_namespace", "hybrid_systemd")},
}


@pytest.fixture(params=SOURCES)
def cgroups(request, tmp_path):
    return SOURCES[request.param](tmp_path)


def test_paths_are_listed_once_in_order_from_the_root(cgroups):
    paths = list(cgroups.list())
    assert paths == sorted(set(paths))
    assert all(path.startswith("/") for path in paths)


def test_every_figure_of_a_listed_cgroup_is_a_size(cgroups):
    for path in cgroups.list():
        memory = cgroups.memory(path)
        if isinstance(memory, Absent):
            continue
        assert memory.path == path
        assert min(memory.usage_bytes, memory.anon_bytes, memory.file_bytes, memory.working_set_bytes) >= 0
        assert memory.working_set_bytes <= memory.usage_bytes
        assert memory.kills is None or memory.kills >= 0
        assert memory.pressure_some_us is None or memory.pressure_some_us >= 0


def test_limits_are_those_of_itself_and_its_ancestors_and_no_limit_is_none(cgroups):
    for path in cgroups.list():
        memory = cgroups.memory(path)
        if isinstance(memory, Absent):
            continue
        lineage = [path, *map(str, PurePosixPath(path).parents)]
        places = [limit.path for limit in memory.limits]
        # An ancestor that this container cannot see has a limit and no name.
        assert [place for place in lineage if place in places] == [place for place in places if place]
        assert all(0 <= limit.limit_bytes < 1 << 60 for limit in memory.limits)
        tightest = min((limit.limit_bytes for limit in memory.limits), default=None)
        assert (memory.limit.limit_bytes if memory.limit else None) == tightest


def test_a_cgroup_that_is_not_there_is_absent_with_its_reason(cgroups):
    memory = cgroups.memory("/no/such.slice")
    assert isinstance(memory, Absent)
    assert "/no/such.slice" in memory.what
    assert memory.why
    assert list(cgroups.pids("/no/such.slice")) == []


def test_the_machine_has_memory(cgroups):
    assert cgroups.machine_memory_bytes() >= 64 * MIB


def test_a_process_is_in_its_own_cgroup_until_it_ends(world):
    path = world.processes.info(world.pid).cgroup
    assert path in world.cgroups.list()
    assert world.pid in world.cgroups.pids(path)
    world.end()
    assert world.pid not in world.cgroups.pids(path)
