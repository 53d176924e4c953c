"""The program that a shell in a container runs, run here by a real shell over folders like a container's."""

from __future__ import annotations

import subprocess

import pytest

from oakum.sense.shell_memory import NO_FILES, ShellLines, ShellSample, command

FIRST = "cache 4096\nrss 100\ntotal_cache 8192\ntotal_rss 52428800\ntotal_rss_huge 0\n"
SECOND = "anon 31457280\nfile 8192\nanon_thp 0\ninactive_anon 5\n"


def printed(folder, seconds=0.0):
    name, option, loop = command(seconds)
    program = loop.replace("/sys/fs/cgroup", str(folder))
    return subprocess.run([name, option, program], capture_output=True, timeout=30, check=False)


@pytest.fixture
def first(tmp_path):
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.stat").write_text(FIRST)
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("134217728\n")
    return tmp_path


def test_version_one_tells_what_processes_hold_with_what_is_below_and_the_limit(first):
    assert ShellLines().feed(printed(first).stdout) == [ShellSample(50 << 20, 128 << 20)]


def test_version_two_tells_it_as_anon_and_a_limit_that_is_none(tmp_path):
    (tmp_path / "memory.stat").write_text(SECOND)
    (tmp_path / "memory.max").write_text("max\n")
    assert ShellLines().feed(printed(tmp_path).stdout) == [ShellSample(30 << 20, None)]


def test_a_limit_as_version_one_writes_that_there_is_none_is_none(first):
    (first / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    assert ShellLines().feed(printed(first).stdout) == [ShellSample(50 << 20, None)]


def test_it_prints_once_a_second_and_ends_by_itself(first):
    done = printed(first, 1.0)
    assert (done.returncode, len(ShellLines().feed(done.stdout))) == (0, 2)


def test_a_container_that_does_not_see_its_own_cgroup_says_so_by_its_exit_code(tmp_path):
    assert printed(tmp_path).returncode == NO_FILES


def test_a_privileged_container_that_sees_its_node_s_root_cgroup_does_not_report_the_node(tmp_path):
    (tmp_path / "memory.stat").write_text(SECOND)
    assert (printed(tmp_path).returncode, printed(tmp_path).stdout) == (NO_FILES, b"")


def test_lines_that_come_in_pieces_are_put_together_and_odd_ones_are_counted():
    lines = ShellLines()
    content = b"100 max\nsh: not found\n200 4096\n-5 max\n300 "
    found = [sample for byte in content for sample in lines.feed(bytes([byte]))]
    assert found == [ShellSample(100, None), ShellSample(200, 4096)]
    assert lines.odd == 2
    assert lines.feed(b"max\n") == [ShellSample(300, None)]


def test_what_never_ends_a_line_is_not_kept():
    lines = ShellLines()
    for _ in range(1000):
        lines.feed(b"x" * 1000)
    assert lines.feed(b"\n7 max\n") == [ShellSample(7, None)]
