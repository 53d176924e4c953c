"""Where memory cgroups are mounted, and which folder shows which cgroup."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_tree import unpack

from oakum_guard import Hierarchy, Membership, Mount, find_hierarchy, parse_membership, read_membership

# A cgroup's name holds anything but "/", NUL and a line end.
NAMES = st.text(
    st.characters(blacklist_characters="/\n\0", blacklist_categories=["Cs"]), min_size=1, max_size=12
).filter(lambda name: name not in {".", ".."})
PATHS = st.lists(NAMES, max_size=4).map(lambda names: "/" + "/".join(names))


def with_mounts(folder, *lines):
    (folder / "proc/self").mkdir(parents=True, exist_ok=True)
    (folder / "proc/self/mountinfo").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    return find_hierarchy(str(folder))


@pytest.mark.parametrize(
    ("name", "version", "kind", "memory", "unified"),
    [
        ("v1_docker_node", 1, "v1", [("memory", "/")], []),
        ("v1_docker_inside", 1, "v1", [("memory", "/docker/shop")], []),
        ("v2_kubernetes_node", 2, "v2", [("", "/")], [("", "/")]),
        ("v2_private_namespace", 2, "v2", [("", "/")], [("", "/")]),
        ("hybrid_systemd", 1, "hybrid", [("memory", "/")], [("unified", "/")]),
        ("none", 0, "none", [], []),
    ],
)
def test_a_recorded_tree_has_its_hierarchy(tmp_path, name, version, kind, memory, unified):
    def mounts(pairs):
        return tuple(Mount(f"{tmp_path}/sys/fs/cgroup/{at}".rstrip("/"), root) for at, root in pairs)

    unpack(f"cgroups/{name}.txt", tmp_path)
    hierarchy = find_hierarchy(str(tmp_path))
    assert hierarchy == Hierarchy(version, mounts(memory), mounts(unified))
    assert hierarchy.kind == kind


def test_without_a_mount_table_there_is_no_hierarchy(tmp_path):
    assert find_hierarchy(str(tmp_path)) == Hierarchy(0, (), ())


def test_lines_that_are_not_understood_are_left_out(tmp_path):
    hierarchy = with_mounts(
        tmp_path,
        "",
        "35 31 0:32 / /a rw cgroup cgroup rw,memory",
        "35 31 0:32 - cgroup cgroup rw,memory",
        "35 31 0:32 / /b rw - cgroup cgroup",
        "35 31 0:32 / /c rw - cgroup cgroup rw,name=memory",
        "35 31 0:32 / /d rw - tmpfs cgroup2 rw,memory",
        "35 31 0:32 / /good rw shared:1 master:2 - cgroup cgroup rw,cpu,memory",
    )
    assert hierarchy == Hierarchy(1, (Mount(f"{tmp_path}/good", "/"),), ())


def test_octal_escapes_of_a_mount_are_undone(tmp_path):
    hierarchy = with_mounts(tmp_path, r"1 2 0:3 /a\134b /with\040blank\011tab rw - cgroup2 none rw")
    assert hierarchy.mounts == (Mount(f"{tmp_path}/with blank\ttab", "/a\\b"),)


def test_only_a_line_end_ends_a_line(tmp_path):
    # The kernel escapes blanks and line ends, and nothing else that str.splitlines would take for one.
    hierarchy = with_mounts(tmp_path, "1 2 0:3 / /odd\r\x0b\x85\u2028name rw - cgroup2 none rw")
    assert hierarchy.mounts == (Mount(f"{tmp_path}/odd\r\x0b\x85\u2028name", "/"),)
    (tmp_path / "proc/self/cgroup").write_text("4:memory:/a\r0::/b\n0::/c\n", newline="")
    assert read_membership(root=str(tmp_path)) == Membership("/a\r0::/b", "/c")


@pytest.mark.parametrize(
    ("root", "path", "folder"),
    [
        ("/", "/", "/m"),
        ("/", "/a/b", "/m/a/b"),
        ("/a", "/a", "/m"),
        ("/a", "/a/b", "/m/b"),
        ("/a", "/ab", None),
        ("/a", "/", None),
        ("/a/b", "/a", None),
        ("/", "/..", None),
        ("/", "/../b", None),
        ("/a", "/a/../b", None),
        ("/..", "/../b", "/m/b"),
        ("/..", "/b", None),
        ("/", "/a..b", "/m/a..b"),
    ],
)
def test_a_mount_shows_only_what_lies_below_its_root(root, path, folder):
    assert Mount("/m", root).locate(path) == folder


@pytest.mark.parametrize(
    ("root", "path", "expected"),
    [
        ("/", "/a/b", [("/a/b", "/m/a/b"), ("/a", "/m/a"), ("/", "/m")]),
        ("/a", "/a/b", [("/a/b", "/m/b"), ("/a", "/m")]),
        ("/", "/", [("/", "/m")]),
        ("/..", "/../b", [("/../b", "/m/b"), ("/..", "/m")]),
        ("/a", "/b", []),
    ],
)
def test_upwards_ends_at_the_mounts_root(root, path, expected):
    assert list(Mount("/m", root).upwards(path)) == expected


def test_the_first_mount_that_shows_a_path_is_taken():
    narrow, wide = Mount("/n", "/a"), Mount("/w", "/")
    hierarchy = Hierarchy(1, (narrow, wide), ())
    assert hierarchy.mount_of("/a/b") is narrow
    assert hierarchy.mount_of("/b") is wide
    assert Hierarchy(1, (narrow,), ()).mount_of("/b") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Membership(None, None)),
        ("0::/\n", Membership(None, "/")),
        ("4:memory:/a\n0::/b\n", Membership("/a", "/b")),
        ("4:cpu,memory,pids:/a:with:colons\n", Membership("/a:with:colons", None)),
        ("1:name=memory:/a\n2:memoryish:/b\n", Membership(None, None)),
        ("nonsense\n\n4:memory:/a", Membership("/a", None)),
    ],
)
def test_a_membership_is_parsed(text, expected):
    assert parse_membership(text) == expected


def test_a_membership_answers_for_the_hierarchy_that_accounts_memory():
    membership = Membership("/one", "/two")
    assert [membership.memory(version) for version in (0, 1, 2)] == [None, "/one", "/two"]


def test_a_process_that_has_ended_is_in_no_cgroup(tmp_path):
    assert read_membership(4242, str(tmp_path)) == Membership(None, None)


@given(PATHS, PATHS, st.booleans())
def test_a_membership_survives_any_name_that_the_kernel_allows(memory, unified, last_line_ends):
    text = f"9:name=systemd:/x\n4:cpu,memory:{memory}\n0::{unified}" + ("\n" if last_line_ends else "")
    assert parse_membership(text) == Membership(memory, unified)


@given(st.text(max_size=80))
def test_any_text_is_a_membership(text):
    membership = parse_membership(text)
    assert all(path is None or path in text for path in (membership.v1_memory, membership.unified))


@given(PATHS, PATHS)
def test_a_located_folder_is_the_path_without_the_mounts_root(root, below):
    path = f"{root.rstrip('/')}{below}" if below != "/" else root
    assert Mount("/m", root).locate(path) == f"/m{below}".rstrip("/")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PATHS)
def test_any_mount_point_is_found_as_the_kernel_writes_it(tmp_path, place):
    written = "".join(f"\\{ord(sign):03o}" if sign in " \t\n\\" else sign for sign in place)
    assert with_mounts(tmp_path, f"1 2 0:3 / {written} rw - cgroup2 none rw").mounts == (
        Mount(f"{tmp_path}/{place.lstrip('/')}", "/"),
    )
