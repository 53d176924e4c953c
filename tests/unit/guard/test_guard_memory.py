"""Every figure of a cgroup, read from recorded trees of each layout."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_tree import unpack

from oakum_guard import (
    Limit,
    Memory,
    Pressure,
    child_folders,
    find_hierarchy,
    read_cgroup,
    read_machine_bytes,
    read_memory,
    read_pressure,
)

POD = "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod7f3a.slice"
CONTAINER = f"{POD}/cri-containerd-91c2.scope"

EXPECTED = {
    "v1_docker_node": Memory(
        1,
        "v1",
        "/docker/shop",
        usage_bytes=17301504,
        anon_bytes=11538432,
        file_bytes=4194304,
        shmem_bytes=655360,
        working_set_bytes=17301504 - 3145728,
        swap_bytes=8192,
        limits=(Limit("/docker", 67108864),),
        kills=1 + 2,
        group_kill=False,
        pressure=None,
        machine_bytes=24684084 * 1024,
    ),
    "v1_docker_inside": Memory(
        1,
        "v1",
        "/docker/shop",
        usage_bytes=9699328,
        anon_bytes=9232384,
        file_bytes=0,
        shmem_bytes=0,
        working_set_bytes=9699328,
        swap_bytes=0,
        limits=(Limit("", 67108864),),
        kills=0,
        group_kill=False,
        pressure=None,
        machine_bytes=24684084 * 1024,
    ),
    "v2_kubernetes_node": Memory(
        2,
        "v2",
        CONTAINER,
        usage_bytes=402653184,
        anon_bytes=301989888,
        file_bytes=83886080,
        shmem_bytes=2097152,
        working_set_bytes=402653184 - 62914560,
        swap_bytes=1048576,
        limits=(Limit(POD, 536870912), Limit("/kubepods.slice", 12884901888)),
        kills=4,
        group_kill=True,
        pressure=Pressure(12.34, 248855, 7.5, 213650),
        machine_bytes=16384256 * 1024,
    ),
    "v2_private_namespace": Memory(
        2,
        "v2",
        "/",
        usage_bytes=100663296,
        anon_bytes=88080384,
        file_bytes=10485760,
        shmem_bytes=0,
        working_set_bytes=100663296 - 8388608,
        swap_bytes=None,
        limits=(Limit("/", 134217728),),
        kills=0,
        group_kill=False,
        pressure=None,
        machine_bytes=16384256 * 1024,
    ),
    "hybrid_systemd": Memory(
        1,
        "hybrid",
        "/system.slice/api.service",
        usage_bytes=73400320,
        anon_bytes=52428800,
        file_bytes=20971520,
        shmem_bytes=4096,
        working_set_bytes=73400320 - 12582912,
        swap_bytes=0,
        limits=(Limit("/system.slice/api.service", 536870912), Limit("/system.slice", 268435456)),
        kills=7,
        group_kill=False,
        pressure=Pressure(0.25, 5150, 0.0, 4040),
        machine_bytes=8167848 * 1024,
    ),
    "none": Memory(0, "none", "", machine_bytes=2031616 * 1024),
}
OPTIONAL = {
    # file → the fields that are None without it (and nothing else changes)
    "memory.current": {"usage_bytes", "working_set_bytes"},
    "memory.stat": {"anon_bytes", "file_bytes", "shmem_bytes", "working_set_bytes"},
    "memory.swap.current": {"swap_bytes"},
    "memory.events": {"kills"},
    "memory.events.local": set(),
    "memory.oom.group": {"group_kill"},
    "memory.pressure": {"pressure"},
    "memory.max": set(),
}
MALFORMED = [None, "", "\n", "garbage\n", "-1\n", "1.5\n", "1_000\n", "\u0663\n", "\xff\n", "9" * 5000]


def tree(name: str, folder: Path) -> str:
    return str(unpack(f"cgroups/{name}.txt", folder))


@pytest.fixture
def pod(tmp_path):
    """Unpacked once for all examples of a property."""
    return unpack("cgroups/v2_kubernetes_node.txt", tmp_path)


@pytest.mark.parametrize("name", EXPECTED)
def test_every_figure_of_a_recorded_tree_is_read(tmp_path, name):
    assert read_memory(root=tree(name, tmp_path)) == EXPECTED[name]


@pytest.mark.parametrize(
    ("name", "path", "limit_bytes"),
    [
        ("v1_docker_node", "/docker", 67108864),
        ("v1_docker_inside", "", 67108864),
        ("v2_kubernetes_node", POD, 536870912),
        ("hybrid_systemd", "/system.slice", 268435456),
    ],
)
def test_the_tightest_limit_may_be_an_ancestors(tmp_path, name, path, limit_bytes):
    assert read_memory(root=tree(name, tmp_path)).limit == Limit(path, limit_bytes)


def test_a_cgroup_without_any_finite_limit_has_none(tmp_path):
    memory = read_cgroup("/system.slice", tree("v2_kubernetes_node", tmp_path))
    assert (memory.limits, memory.limit) == ((), None)


def test_an_own_limit_comes_before_an_ancestors(tmp_path):
    memory = read_cgroup("/docker/shop/worker", tree("v1_docker_node", tmp_path))
    assert memory.limits == (Limit("/docker/shop/worker", 16777216), Limit("/docker", 67108864))
    assert (memory.anon_bytes, memory.kills) == (2306048, 2)


def test_a_smaller_limit_of_an_ancestor_that_does_not_bind_is_left_out(tmp_path):
    root = tree("v1_docker_node", tmp_path)
    # use_hierarchy off: the kernel's own minimum is larger than the ancestor's limit.
    stat = tmp_path / "sys/fs/cgroup/memory/docker/shop/memory.stat"
    stat.write_text(stat.read_text().replace("_limit 67108864", "_limit 9223372036854771712"))
    assert read_memory(root=root).limits == ()


def test_an_old_v1_kernel_without_totals_is_read_by_its_own_figures(tmp_path):
    root = tree("v1_docker_node", tmp_path)
    stat = tmp_path / "sys/fs/cgroup/memory/docker/shop/memory.stat"
    stat.write_text("".join(line for line in stat.read_text().splitlines(keepends=True) if "total_" not in line))
    memory = read_memory(root=root)
    assert (memory.anon_bytes, memory.file_bytes, memory.swap_bytes) == (9232384, 2097152, 0)
    assert memory.working_set_bytes == 17301504 - 1048576


def test_a_working_set_is_never_below_zero(tmp_path):
    root = tree("v2_private_namespace", tmp_path)
    (tmp_path / "sys/fs/cgroup/memory.current").write_text("4096\n")
    assert read_memory(root=root).working_set_bytes == 0


@pytest.mark.parametrize("content", MALFORMED)
@pytest.mark.parametrize("file", OPTIONAL)
def test_a_file_that_is_missing_or_malformed_costs_its_own_figures_only(tmp_path, file, content):
    root = tree("v2_kubernetes_node", tmp_path)
    place = tmp_path / f"sys/fs/cgroup{CONTAINER}" / file
    if content is None:
        place.unlink()
    else:
        place.write_text(content)
    expected, found = EXPECTED["v2_kubernetes_node"], read_memory(root=root)
    assert {name for name in vars(expected) if getattr(found, name) != getattr(expected, name)} == OPTIONAL[file]
    assert all(getattr(found, name) is None for name in OPTIONAL[file])


@pytest.mark.parametrize("file", OPTIONAL)
def test_a_folder_where_a_file_should_be_is_a_missing_file(tmp_path, file):
    root = tree("v2_kubernetes_node", tmp_path)
    place = tmp_path / f"sys/fs/cgroup{CONTAINER}" / file
    place.unlink()
    place.mkdir()
    assert all(getattr(read_memory(root=root), name) is None for name in OPTIONAL[file])


def test_a_cgroup_that_vanished_has_no_figures_but_its_ancestors_limits(tmp_path):
    root = tree("v2_kubernetes_node", tmp_path)
    hierarchy = find_hierarchy(root)
    shutil.rmtree(tmp_path / f"sys/fs/cgroup{CONTAINER}")
    memory = read_cgroup(CONTAINER, root, hierarchy)
    assert (memory.usage_bytes, memory.anon_bytes, memory.kills, memory.pressure) == (None, None, None, None)
    assert memory.limits == (Limit(POD, 536870912), Limit("/kubepods.slice", 12884901888))


def test_v1_kills_without_a_count_of_its_own_are_unknown(tmp_path):
    root = tree("v1_docker_node", tmp_path)
    (tmp_path / "sys/fs/cgroup/memory/docker/shop/memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\n")
    assert read_memory(root=root).kills is None


def test_a_cgroup_outside_the_container_is_not_taken_for_the_containers_own(tmp_path):
    root = tree("v2_private_namespace", tmp_path)
    memory = read_cgroup("/../other", root)
    assert (memory.version, memory.path, memory.usage_bytes, memory.limits) == (2, "/../other", None, ())
    assert memory.machine_bytes == 16384256 * 1024


def test_pressure_of_the_whole_machine_is_not_shown_as_a_cgroups(tmp_path):
    root = tree("hybrid_systemd", tmp_path)
    cgroup = tmp_path / "proc/self/cgroup"
    cgroup.write_text(cgroup.read_text().replace("0::/system.slice/api.service", "0::/"))
    memory = read_memory(root=root)
    assert (memory.usage_bytes, memory.pressure) == (73400320, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Before 5.13 the root had "some" only for the CPU; a file may also be cut.
        ("some avg10=1.00 avg60=0.00 avg300=0.00 total=7\n", Pressure(1.0, 7, None, None)),
        ("full avg10=1.00 avg60=0.00 avg300=0.00 total=7\n", None),
        ("some avg10=1.00 avg60=0.00 avg300=0.00\n", None),
        ("some avg10=nan total=7\n", None),
        ("some avg10=-1.00 total=7\n", None),
        ("some avg10=1.00 total=7\n\nfull avg10=0.50 total=3\n", Pressure(1.0, 7, 0.5, 3)),
        ("some avg10=1.00 total=7\nother avg10=9.00 total=9\n", Pressure(1.0, 7, None, None)),
        ("", None),
    ],
)
def test_a_pressure_file_is_read_as_far_as_it_is_understood(tmp_path, text, expected):
    file = tmp_path / "memory.pressure"
    file.write_text(text)
    assert read_pressure(str(file)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MemTotal:        2031616 kB\n", 2031616 * 1024),
        ("MemFree: 1 kB\nMemTotal: 3 kB\nMemTotal: 5 kB\n", 3 * 1024),
        ("MemTotal:\n", None),
        ("MemTotal: many kB\n", None),
        ("MemFree: 1 kB\n", None),
    ],
)
def test_the_machines_memory_is_memtotal_or_unknown(tmp_path, text, expected):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text(text)
    assert read_machine_bytes(str(tmp_path)) == expected


def test_child_folders_are_sorted_and_links_are_not_followed(tmp_path):
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
    (tmp_path / "memory.stat").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert child_folders(str(tmp_path)) == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert child_folders(str(tmp_path / "gone")) == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60), min_size=len(OPTIONAL), max_size=len(OPTIONAL)))
def test_any_bytes_in_the_files_give_a_memory(pod, contents):
    for file, content in zip(OPTIONAL, contents, strict=True):
        (pod / f"sys/fs/cgroup{CONTAINER}" / file).write_bytes(content)
    memory = read_memory(root=str(pod))
    figures = (memory.usage_bytes, memory.anon_bytes, memory.swap_bytes, memory.kills, memory.working_set_bytes)
    assert all(figure is None or figure >= 0 for figure in figures)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.floats(0, 100).map(lambda share: round(share, 2)),
    st.integers(0, 2**64 - 1),
    st.floats(0, 100).map(lambda share: round(share, 2)),
    st.integers(0, 2**64 - 1),
)
def test_pressure_is_read_back_as_the_kernel_prints_it(tmp_path, some, some_us, full, full_us):
    file = tmp_path / "memory.pressure"
    file.write_text(
        f"some avg10={some:.2f} avg60=0.00 avg300=0.00 total={some_us}\n"
        f"full avg10={full:.2f} avg60=0.00 avg300=0.00 total={full_us}\n"
    )
    assert read_pressure(str(file)) == Pressure(some, some_us, full, full_us)
