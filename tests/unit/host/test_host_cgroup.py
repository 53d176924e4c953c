"""Cgroups of recorded machines: what is told, and why the rest is absent."""

from __future__ import annotations

import pytest
from recorded_tree import unpack

from oakum.host.cgroup import LiveCgroups, read_pids
from oakum.model.absent import AbsentKind
from oakum.model.errors import MachineError
from oakum.model.process import CgroupLimit

POD = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7f3a.slice"
CONTAINER = f"{POD}/cri-containerd-91c2.scope"


@pytest.fixture
def node(tmp_path):
    """(a Kubernetes node on v2, the folder of its tree)."""
    folder = unpack("cgroups/v2_kubernetes_node.txt", tmp_path)
    return LiveCgroups(str(folder)), folder / "sys/fs/cgroup"


def test_a_container_whose_own_limit_is_max_has_those_of_its_ancestors(node):
    memory = node[0].memory(CONTAINER)
    assert memory.limits == (CgroupLimit(POD, 536870912), CgroupLimit("/kubepods.slice", 12884901888))
    assert memory.limit == CgroupLimit(POD, 536870912)
    assert (memory.version, memory.usage_bytes, memory.anon_bytes) == (2, 402653184, 301989888)
    assert memory.working_set_bytes == 402653184 - 62914560
    assert (memory.kills, memory.pressure_some_us, memory.swap_bytes) == (4, 248855, 1048576)


def test_a_limit_that_changes_is_read_anew(node):
    cgroups, folder = node
    own = folder / CONTAINER.lstrip("/") / "memory.max"
    for text, limit in (("268435456\n", 268435456), ("max\n", 536870912), ("0\n", 0)):
        own.write_text(text)
        assert cgroups.memory(CONTAINER).limit.limit_bytes == limit


def test_no_limit_anywhere_is_none(node):
    cgroups, folder = node
    for place in folder.rglob("memory.max"):
        place.write_text("max\n")
    memory = cgroups.memory(CONTAINER)
    assert (memory.limits, memory.limit) == ((), None)


def test_processes_are_those_inside_and_below_and_a_foreign_namespaces_are_left_out(node):
    cgroups, folder = node
    below = folder / CONTAINER.lstrip("/") / "worker"
    below.mkdir()
    (below / "cgroup.procs").write_text("0\n4000\n0\n")
    assert cgroups.pids(CONTAINER) == [3001, 3017, 4000]
    assert cgroups.pids(POD) == [3001, 3017, 4000]
    assert cgroups.pids(f"{CONTAINER}/worker") == [4000]
    assert read_pids(str(below / "nowhere")) == []


def test_only_cgroups_with_a_process_are_listed_and_their_ancestors(node):
    listed = node[0].list()
    assert CONTAINER in listed
    assert POD in listed
    assert "/" in listed
    assert "/system.slice" not in listed


@pytest.mark.parametrize(
    ("path", "kind", "why"),
    [
        ("/system.slice/none.service", AbsentKind.NOT_APPLICABLE, "there is no such cgroup"),
        ("/", AbsentKind.NOT_APPLICABLE, "the root cgroup is the whole machine"),
        ("/system.slice", AbsentKind.UNREADABLE, "the controller is off here"),
        ("/../outside", AbsentKind.NOT_PERMITTED, "outside what this container can see"),
        ("/kubepods.slice/../../../etc", AbsentKind.NOT_PERMITTED, "outside"),
    ],
)
def test_what_has_no_figures_is_absent_with_its_reason(node, path, kind, why):
    found = node[0].memory(path)
    assert (found.kind, found.what) == (kind, f"memory of cgroup {path}")
    assert why in found.why


@pytest.mark.parametrize("name", ["memory.current", "memory.stat"])
def test_figures_that_are_partly_gone_are_absent_and_never_nought(node, name):
    cgroups, folder = node
    (folder / CONTAINER.lstrip("/") / name).unlink()
    assert cgroups.memory(CONTAINER).kind is AbsentKind.UNREADABLE


def test_without_counters_of_kills_and_pressure_these_are_unknown(node):
    cgroups, folder = node
    for name in ("memory.events", "memory.events.local", "memory.pressure", "memory.swap.current"):
        (folder / CONTAINER.lstrip("/") / name).unlink()
    memory = cgroups.memory(CONTAINER)
    assert (memory.kills, memory.pressure_some_us, memory.swap_bytes) == (None, None, None)


def test_a_machine_without_memory_cgroups_says_how_to_get_one(tmp_path):
    cgroups = LiveCgroups(str(unpack("cgroups/none.txt", tmp_path)))
    found = cgroups.memory("/any")
    assert (found.kind, found.get) == (AbsentKind.NOT_APPLICABLE, "mount -t cgroup2 none /sys/fs/cgroup")
    assert (cgroups.list(), cgroups.pids("/")) == ([], [])


def test_a_machine_that_does_not_tell_its_memory_is_this_machines_fault(tmp_path):
    with pytest.raises(MachineError, match="cannot tell this machine's memory") as caught:
        LiveCgroups(str(tmp_path)).machine_memory_bytes()
    assert caught.value.next_step
