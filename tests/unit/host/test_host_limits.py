"""Limits of cgroups read and written: on a v2 and a v1 tree of files that takes what the kernel would take."""

from __future__ import annotations

import pytest

from oakum.host.limits import LiveMemoryLimits
from oakum.model.absent import Absent
from oakum.model.errors import RefusedError, TargetError

MIB = 1 << 20
MOUNTS = {
    2: "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    1: "30 23 0:26 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
}


def tree(folder, version):
    (folder / "proc/self").mkdir(parents=True)
    (folder / "proc/self/mountinfo").write_text(MOUNTS[version])
    place = folder / ("sys/fs/cgroup/shop" if version == 2 else "sys/fs/cgroup/memory/shop")
    place.mkdir(parents=True)
    if version == 2:
        (place / "memory.max").write_text("max\n")
        (place / "memory.high").write_text(f"{64 * MIB}\n")
    else:
        (place / "memory.limit_in_bytes").write_text(f"{64 * MIB}\n")
        (place / "memory.memsw.limit_in_bytes").write_text("9223372036854771712\n")
    return place


@pytest.mark.parametrize(
    ("version", "limits"),
    [
        (2, {"memory.max": None, "memory.high": 64 * MIB}),
        (1, {"memory.limit_in_bytes": 64 * MIB, "memory.memsw.limit_in_bytes": None}),
    ],
)
def test_limits_are_read_as_bytes_and_none_is_no_limit(tmp_path, version, limits):
    place = tree(tmp_path, version)
    found = LiveMemoryLimits(str(tmp_path)).read("/shop")
    assert (found.version, found.limits, found.inode) == (version, limits, place.stat().st_ino)


def test_limits_are_written_in_the_words_of_each_version(tmp_path):
    for version, name, none in ((2, "memory.max", "max"), (1, "memory.limit_in_bytes", "-1")):
        folder = tmp_path / str(version)
        place = tree(folder, version)
        limits = LiveMemoryLimits(str(folder))
        inode = place.stat().st_ino
        limits.write("/shop", inode, [(name, 96 * MIB)])
        assert (place / name).read_text().startswith(str(96 * MIB))
        limits.write("/shop", inode, [(name, None)])
        assert (place / name).read_text().startswith(none)


def test_what_already_stands_there_is_not_written(tmp_path):
    place = tree(tmp_path, 2)
    (place / "memory.high").chmod(0o444)
    before = (place / "memory.high").stat().st_mtime_ns
    LiveMemoryLimits(str(tmp_path)).write("/shop", place.stat().st_ino, [("memory.high", 64 * MIB)])
    assert (place / "memory.high").stat().st_mtime_ns == before


def test_a_cgroup_that_was_made_again_is_another_one(tmp_path):
    place = tree(tmp_path, 2)
    with pytest.raises(RefusedError, match="made again"):
        LiveMemoryLimits(str(tmp_path)).write("/shop", place.stat().st_ino + 1, [("memory.max", MIB)])
    assert (place / "memory.max").read_text() == "max\n"


def test_a_cgroup_that_is_not_there_is_absent_to_read_and_an_error_to_write(tmp_path):
    tree(tmp_path, 2)
    limits = LiveMemoryLimits(str(tmp_path))
    assert isinstance(limits.read("/gone"), Absent)
    assert isinstance(limits.read("/"), Absent)
    with pytest.raises(TargetError):
        limits.write("/gone", 1, [("memory.max", MIB)])
