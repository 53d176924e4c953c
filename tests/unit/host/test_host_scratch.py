"""Arrays in files without a name, and threads."""

from __future__ import annotations

import os
import resource
import tempfile
from pathlib import Path

import numpy as np
import pytest

from oakum.host.scratch import LiveScratch
from oakum.host.threads import LiveThreads
from oakum.model.errors import MachineError


def test_an_array_holds_what_is_put_into_it_and_leaves_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scratch = LiveScratch()
    array = scratch.array(1000, np.dtype(np.int64))
    assert not array.any()
    array[:] = np.arange(1000)
    assert array.sum() == 499_500
    assert list(tmp_path.iterdir()) == []
    assert scratch.used_bytes == 8000
    assert scratch.array(0, np.dtype(np.int32)).size == 0


def test_an_array_is_no_memory_of_the_process_own():
    scratch = LiveScratch()
    before = _anonymous_bytes()
    array = scratch.array(1 << 24, np.dtype(np.int32))
    array[:] = 7
    assert _anonymous_bytes() - before < 16 << 20
    assert int(array[-1]) == 7


def test_a_disk_without_room_is_one_clear_error(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, before[1]))
    try:
        with pytest.raises(MachineError, match="no room in") as error:
            LiveScratch().array(1 << 20, np.dtype(np.int64))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "8.00 MiB" in str(error.value)
    assert "TMPDIR=" in error.value.next_step
    assert list(tmp_path.iterdir()) == []


def test_answers_of_calls_side_by_side_come_in_order_and_the_first_error_is_raised():
    threads = LiveThreads(3)
    assert threads.each([lambda at=at: at * at for at in range(20)]) == [at * at for at in range(20)]
    with pytest.raises(ZeroDivisionError):
        threads.each([lambda: 1, lambda: 1 // 0, lambda: 2])
    assert 1 <= LiveThreads().count <= len(os.sched_getaffinity(0))


def _anonymous_bytes():
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return (int(fields[1]) - int(fields[2])) * resource.getpagesize()
