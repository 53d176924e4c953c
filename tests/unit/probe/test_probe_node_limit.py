"""V8's limit of the heap against the cgroup's, and the signal that a Node.js was started to write snapshots for."""

from __future__ import annotations

import signal

import pytest

from oakum.model.debugger import Dispositions
from oakum.probe.node_limit import ending, old_space_mib
from oakum.probe.node_signalled import snapshot_signal

MIB = 1 << 20


def test_a_heap_that_fits_below_the_cgroups_limit_ends_by_v8():
    found = ending(256 * MIB, 512 * MIB, 60 * MIB, ["--max-old-space-size=240", "app.js"])
    assert (found.by_kernel, found.better) == (False, "")
    assert "256 MiB (--max-old-space-size=240)" in found.told
    assert "exit code 134" in found.told


def test_a_heap_that_does_not_fit_ends_by_the_kernel_and_a_limit_that_fits_is_advised():
    found = ending(4096 * MIB, 512 * MIB, 112 * MIB, ["app.js"])
    assert (found.by_kernel, found.better) == (True, "--max-old-space-size=320")
    assert "kills it first" in found.told
    assert "is not set" in found.told
    assert ending(256 * MIB, 100 * MIB, 90 * MIB, []).better == "a higher limit"


def test_without_a_cgroups_limit_v8_is_first():
    assert ending(256 * MIB, None, 60 * MIB, []).by_kernel is None


@pytest.mark.parametrize(
    ("words", "mib"),
    [
        (["--max-old-space-size=300"], 300),
        (["--max_old_space_size", "400", "app.js"], 400),
        (["--max-old-space-size=300", "--max-old-space-size=500"], 500),
        (["--max-old-space-size=much", "--max-semi-space-size=7"], None),
        (["--max-old-space-size=" + "9" * 5000], None),
        ([], None),
    ],
)
def test_the_option_of_the_old_space(words, mib):
    assert old_space_mib(words) == mib


@pytest.mark.parametrize(
    ("words", "caught", "found"),
    [
        (["--heapsnapshot-signal=SIGUSR2"], {signal.SIGUSR2}, signal.SIGUSR2),
        (["--heapsnapshot-signal", "SIGHUP", "app.js"], {signal.SIGHUP}, signal.SIGHUP),
        (["--heapsnapshot-signal=SIGUSR2"], set(), None),
        (["--heapsnapshot-signal=SIGNONE"], {signal.SIGUSR2}, None),
        (["app.js"], {signal.SIGUSR2}, None),
    ],
)
def test_a_signal_that_writes_a_snapshot_is_one_that_is_named_and_caught(words, caught, found):
    assert snapshot_signal(words, Dispositions(frozenset(caught), frozenset(), frozenset())) is found
