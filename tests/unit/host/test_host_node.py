"""A machine's memory from files of several kernels."""

from __future__ import annotations

import pytest

from oakum.host.node import LiveNode
from oakum.model.errors import MachineError

MEMINFO = """MemTotal:       8000000 kB
MemFree:         500000 kB
MemAvailable:   2000000 kB
Cached:         1200000 kB
AnonPages:      5000000 kB
SwapTotal:      1000000 kB
SwapFree:        250000 kB
"""
PRESSURE = "some avg10=1.50 avg60=0.50 avg300=12.25 total=1\nfull avg10=0.00 avg60=0.00 avg300=3.00 total=1\n"


def proc(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="ascii")
    return LiveNode(folder)


def test_all_that_a_kernel_tells(tmp_path):
    view = proc(tmp_path, meminfo=MEMINFO, pressure__memory=PRESSURE, vmstat="nr_x 1\noom_kill 7\n").view()
    assert (view.total_bytes, view.used_bytes, view.swap_used_bytes) == (8192000000, 6144000000, 768000000)
    assert view.used_share == pytest.approx(0.75)
    assert (view.pressure.some_10s, view.pressure.some_300s, view.pressure.full_300s) == (0.015, 0.1225, 0.03)
    assert view.oom_kills == 7


def test_what_a_kernel_does_not_count_is_none(tmp_path):
    view = proc(tmp_path, meminfo=MEMINFO, vmstat="nr_x 1\n").view()
    assert (view.pressure, view.oom_kills) == (None, None)


def test_a_proc_that_does_not_tell_is_an_error_with_a_next_step(tmp_path):
    with pytest.raises(MachineError, match="cannot read"):
        LiveNode(tmp_path).view()
    with pytest.raises(MachineError, match="has no MemAvailable"):
        proc(tmp_path, meminfo=MEMINFO.replace("MemAvailable", "Memory")).view()


def test_this_machine():
    view = LiveNode().view()
    assert 0 < view.used_bytes < view.total_bytes
