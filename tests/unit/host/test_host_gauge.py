"""A process held open: hostile names, reads in parts, and nothing left open."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from oakum.host.gauge import LiveGauge, ProcessFolder, boot_s, read_info, read_whole

NAMED = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
print("named", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (") Z 0 0 0", ") Z 0 0 0"),
        ("((x)) R 1", "((x)) R 1"),
        ("a b  c", "a b  c"),
        ("line\nend", "line\nend"),
        ("Uid:\t0\t0", "Uid:\t0\t0"),
        ("\u00fcber", "\u00fcber"),
    ],
)
def test_a_name_that_looks_like_fields_moves_none(name, shown):
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", NAMED, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"named\n"
        folder = ProcessFolder(process.pid)
        info = read_info(folder)
        folder.close()
        process.stdin.close()
    assert info.name == shown
    assert (info.pid, info.parent_pid, info.uid, info.threads) == (process.pid, os.getpid(), os.geteuid(), 1)
    assert info.command[-1] == name


def test_a_start_is_between_the_boot_and_now(child):
    folder = ProcessFolder(child.pid)
    ours = ProcessFolder(os.getpid())
    assert boot_s() < read_info(ours).started_s <= read_info(folder).started_s + 0.011
    folder.close()
    ours.close()


def test_a_read_ends_at_its_bound_and_at_the_end():
    reader, writer = os.pipe()
    os.write(writer, b"one ")
    os.write(writer, b"two")
    assert read_whole(reader, 4) == b"one "
    os.close(writer)
    assert read_whole(reader, 100) == b"two"
    assert read_whole(reader, 100) == b""
    os.close(reader)


def test_a_link_that_is_none_reads_as_nothing(child):
    folder = ProcessFolder(child.pid)
    assert folder.link("exe").startswith("/")
    assert folder.link("stat") == ""
    assert folder.link("no such link") == ""
    folder.close()
    folder.close()


def test_a_gauge_of_one_that_ended_between_opening_and_holding_is_an_error_and_leaves_nothing_open(open_files, child):
    folder = ProcessFolder(child.pid)
    info = read_info(folder)
    child.end()
    with pytest.raises(OSError, match=r"."):
        LiveGauge(folder, info)
    folder.close()


def test_a_gauge_samples_again_and_again_through_one_descriptor(child):
    folder = ProcessFolder(child.pid)
    gauge = LiveGauge(folder, read_info(folder))
    before = len(os.listdir("/proc/self/fd"))
    samples = [gauge.sample() for _ in range(50)]
    assert len(os.listdir("/proc/self/fd")) == before
    assert all(sample.anon_bytes > 0 for sample in samples)
    assert [sample.at_s for sample in samples] == sorted(sample.at_s for sample in samples)
    gauge.close()
