"""The file behind a mapping: the very one that is mapped, though it was deleted, replaced or cut off since."""

from __future__ import annotations

import mmap
import os
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from oakum.host.memory import LiveMemories
from oakum.model.process import Region

PAGE = mmap.PAGESIZE
CONTENT = b"node.js/v20.20.2".ljust(PAGE, b".") + b"second page".ljust(PAGE, b".")


@contextmanager
def mapped(file, content=CONTENT):
    """(this process's own memory, the region of ``file`` in it)."""
    file.write_bytes(content)
    with (
        file.open("r+b") as opened,
        mmap.mmap(opened.fileno(), 0, mmap.MAP_PRIVATE) as pages,
        closing(LiveMemories().open(os.getpid())) as memory,
    ):
        pages[0]
        yield memory, region_of(memory, str(file))


def region_of(memory, path):
    return next(region for region in memory.regions() if region.path.startswith(path))


@pytest.fixture
def file(tmp_path):
    return tmp_path / "app"


def unopenable(region: Region) -> Region:
    """What is left where map_files may not be opened: that is by the bounds of the mapping."""
    return replace(region, start=region.start + PAGE, offset=region.offset + PAGE)


def test_a_file_is_read_from_any_place_in_it(file):
    with mapped(file) as (memory, region):
        assert memory.mapped(region, 0, 16) == b"node.js/v20.20.2"
        assert memory.mapped(region, PAGE, 11) == b"second page"
        assert memory.mapped(region, 2 * PAGE, 11) == b""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for map_files")
@pytest.mark.parametrize("successor", [b"", b"another program"])
def test_a_file_that_was_deleted_or_replaced_is_still_the_one_that_is_mapped(file, successor):
    with mapped(file) as (memory, _):
        file.unlink()
        if successor:
            file.write_bytes(successor)
        assert memory.mapped(region_of(memory, str(file)), 0, 16) == b"node.js/v20.20.2"


def test_one_of_the_same_name_with_another_inode_is_not_believed(file):
    with mapped(file) as (memory, region):
        file.unlink()
        file.write_bytes(b"x" * 2 * PAGE)
        other = unopenable(replace(region, inode=region.inode + 1_000_000))
        assert b"x" not in memory.mapped(other, PAGE, 11)


def test_without_the_right_to_open_a_mapping_its_name_leads_to_the_same_file(file):
    with mapped(file) as (memory, region):
        assert memory.mapped(unopenable(region), 0, 16) == b"node.js/v20.20.2"


def test_without_any_file_what_is_in_memory_speaks_and_nothing_is_brought_in(file):
    with mapped(file) as (memory, region):
        pages = memory.present(region.start, region.end).tolist()
        alone = replace(region, end=region.end + PAGE, inode=region.inode + 1_000_000, path=f"{region.path} (deleted)")
        assert memory.mapped(alone, 0, 16) == b"node.js/v20.20.2"
        assert memory.mapped(alone, 5, 3) == b"js/"
        assert memory.present(region.start, region.end).tolist() == pages


def test_a_file_that_was_cut_off_is_read_short(file):
    with mapped(file) as (memory, region):
        assert memory.mapped(region, 0, 4) == b"node"
        os.truncate(file, 8)
        assert memory.mapped(region, 0, 16) == b"node.js/"
        assert memory.mapped(region, PAGE, 16) == b""


def test_what_is_no_regular_file_is_not_opened():
    with (
        open("/dev/zero", "r+b", buffering=0) as device,  # noqa: PTH123
        mmap.mmap(device.fileno(), PAGE, mmap.MAP_PRIVATE),
        closing(LiveMemories().open(os.getpid())) as memory,
    ):
        before = set(os.listdir("/proc/self/fd"))
        assert memory.mapped(region_of(memory, "/dev/zero"), 0, 16) in {b"", bytes(16)}
        assert set(os.listdir("/proc/self/fd")) == before


def test_closing_leaves_no_file_open(file):
    before = set(os.listdir("/proc/self/fd"))
    with mapped(file) as (memory, region):
        memory.mapped(region, 0, 16)
    assert set(os.listdir("/proc/self/fd")) == before
