"""The memory of a live process: a real child's, whose bytes are known."""

from __future__ import annotations

import errno
import mmap
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_child import PATTERN

from oakum.host import memory
from oakum.host.memory import LiveMemories, LiveMemory
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, TargetError
from oakum.model.process import Region

MEMORIES = LiveMemories()


@pytest.fixture
def live(child):
    live = MEMORIES.open(child.pid)
    yield live
    live.close()


def test_a_read_larger_than_one_batch_is_whole(child, live, monkeypatch):
    monkeypatch.setattr(memory, "BATCH_BYTES", 1000)
    assert live.read(child.pattern_at, len(PATTERN)) == PATTERN


def test_a_read_ends_where_the_memory_ends(child, live):
    region = next(region for region in live.regions() if region.start <= child.sparse_at < region.end)
    beyond = next((other.start for other in live.regions() if other.start >= region.end), region.end)
    if beyond > region.end:
        assert len(live.read(region.end - 4096, 8192)) == 4096
    assert live.read(8, 8) == b""
    assert live.read(child.pattern_at, 0) == b""


def test_only_pages_that_were_touched_are_present(child, live):
    end = child.sparse_at + 4 * mmap.PAGESIZE
    assert live.present(child.sparse_at, end).tolist() == [True, False, True, False]
    # Part of a page is that page.
    assert live.present(child.sparse_at, child.sparse_at + 1).tolist() == [True]
    assert live.present(child.sparse_at, child.sparse_at).tolist() == []


def test_asking_whether_a_page_is_present_does_not_bring_it_in(child, live):
    for _ in range(2):
        assert not live.present(child.sparse_at + mmap.PAGESIZE, child.sparse_at + 2 * mmap.PAGESIZE).any()


def test_an_ended_process_is_told_by_every_question(child, live):
    child.end()
    with pytest.raises(TargetError, match="has ended"):
        live.read(child.pattern_at, 10)
    with pytest.raises(TargetError, match="has ended"):
        live.regions()
    with pytest.raises(TargetError, match="has ended"):
        MEMORIES.open(child.pid)


def test_a_next_owner_of_the_pid_is_never_read(child, live, monkeypatch):
    own = bytearray(PATTERN)
    address = memory.ctypes.addressof((memory.ctypes.c_char * 1).from_buffer(own))
    child.end()
    # As if its number had passed to us: the kernel's copy succeeds, and the open folder tells that it is another's.
    monkeypatch.setattr(live, "pid", os.getpid())
    with pytest.raises(TargetError, match="has ended"):
        live.read(address, 10)


def test_a_thread_is_not_a_process(child):
    child.ask("threads 1")
    thread_id = max(int(name) for name in os.listdir(f"/proc/{child.pid}/task"))
    with pytest.raises(TargetError, match="not a process"):
        MEMORIES.open(thread_id)


@pytest.mark.parametrize("pid", [0, -1, 2**31, 2**70])
def test_a_number_that_no_process_has_is_the_targets_error(pid):
    with pytest.raises(TargetError):
        MEMORIES.open(pid)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES])
def test_a_refusal_is_absent_says_what_would_permit_it_and_leaves_nothing_open(open_files, child, monkeypatch, number):
    def refused(live, address, target, size):
        raise OSError(number, os.strerror(number))

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(LiveMemory, "_copy", refused)
    found = MEMORIES.open(child.pid)
    assert isinstance(found, Absent)
    assert (found.kind, found.what) == (AbsentKind.NOT_PERMITTED, f"the memory of pid {child.pid}")
    assert "SYS_PTRACE" in found.get
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_full_file_table_is_not_called_a_refusal(child, monkeypatch):
    def full(pid):
        raise OSError(errno.EMFILE, "full")

    monkeypatch.setattr(os, "pidfd_open", full)
    with pytest.raises(MachineError, match="too many open files"):
        MEMORIES.open(child.pid)


def test_a_closed_memory_leaves_nothing_open(child):
    before = sorted(os.listdir("/proc/self/fd"))
    MEMORIES.open(child.pid).close()
    assert sorted(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("line", "region"),
    [
        (
            b"7f00-8f00 r-xp 0001a000 fe:00 4242                       /lib/with blanks (deleted)\n",
            Region(0x7F00, 0x8F00, True, False, True, True, 0x1A000, 4242, "/lib/with blanks (deleted)"),
        ),
        (
            b"1000-2000 rw-s 00000000 00:01 7 /dev/zero\n",
            Region(4096, 8192, True, True, False, False, 0, 7, "/dev/zero"),
        ),
        (b"1000-2000 ---p 00000000 00:00 0 \n", Region(4096, 8192, False, False, False, True, 0, 0, "")),
        (
            b"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n",
            Region(0xFFFFFFFFFF600000, 0xFFFFFFFFFF601000, False, False, True, True, 0, 0, "[vsyscall]"),
        ),
        (b"1000-2000 rw-p 0 00:00 0 \xff\n", Region(4096, 8192, True, True, False, True, 0, 0, "\udcff")),
        (b"", None),
        (b"1000-2000 rw-p\n", None),
    ],
)
def test_a_line_of_maps_is_a_region(line, region):
    assert memory.parse_region(line) == region


@given(st.binary(max_size=80))
def test_any_line_is_a_region_or_none(line):
    region = memory.parse_region(line)
    assert region is None or region.start >= 0
