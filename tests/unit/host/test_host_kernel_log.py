"""What the kernel says of an OOM kill, in its old and its new words."""

from __future__ import annotations

import errno
import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.host import kernel_log
from oakum.host.kernel_log import Record, parse_kills, parse_record, read_kmsg
from oakum.model.absent import Absent, AbsentKind

NEW = (
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/shop,"
    "task_memcg=/shop/web,task=python3,pid=4242,uid=1000"
)
KILLED = "Memory cgroup out of memory: Killed process 4242 (python3) total-vm:9kB, anon-rss:2048kB, file-rss:4kB"
OLD = "Out of memory: Kill process 77 (java) score 912 or sacrifice child"


def test_the_two_lines_of_a_new_kernel_are_one_kill():
    (kill,) = parse_kills([Record(10.0, NEW), Record(10.001, KILLED)])
    assert (kill.pid, kill.uid, kill.victim, kill.constraint) == (4242, 1000, "python3", "memcg")
    assert (kill.limit_cgroup, kill.task_cgroup) == ("/shop", "/shop/web")
    assert kill.anon_bytes == 2048 * 1024


def test_a_kill_of_the_whole_machine_has_no_limit_cgroup():
    text = "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,global_oom,task_memcg=/a,task=x,pid=5,uid=0"
    (kill,) = parse_kills([Record(1.0, text)])
    assert (kill.constraint, kill.limit_cgroup, kill.task_cgroup, kill.pid) == ("none", "", "/a", 5)


def test_old_words_still_tell_the_victim():
    (kill,) = parse_kills([Record(1.0, OLD)])
    assert (kill.pid, kill.victim) == (77, "java")


def test_two_kills_stay_two():
    other = KILLED.replace("4242", "4243")
    assert [kill.pid for kill in parse_kills([Record(1.0, NEW), Record(1.0, KILLED), Record(2.0, other)])] == [
        4242,
        4243,
    ]


def test_a_record_of_the_ring_buffer_is_read():
    record = parse_record(b"6,339,5140900,-,caller=T1;NET: Registered\n SUBSYSTEM=net", 100.0)
    assert record == Record(105.1409, "NET: Registered")
    assert parse_record(b"nonsense", 0.0) is None


@pytest.mark.parametrize(
    ("told", "constraint"), [("CPUSET", "cpuset"), ("MEMORY_POLICY", "mempolicy"), ("MEMCG", "memcg"), ("NONE", "none")]
)
def test_every_constraint_has_its_name(told, constraint):
    (kill,) = parse_kills([Record(1.0, NEW.replace("CONSTRAINT_MEMCG", f"CONSTRAINT_{told}"))])
    assert kill.constraint == constraint


@pytest.mark.parametrize("name", ["a,b", "a,pid=1,uid=0", "task=x", "(null)", ""])
def test_a_victims_name_may_hold_anything(name):
    (kill,) = parse_kills([Record(1.0, NEW.replace("task=python3", f"task={name}"))])
    assert (kill.victim, kill.pid, kill.uid) == (name, 4242, 1000)


def test_a_cgroups_name_may_hold_a_comma():
    (kill,) = parse_kills([Record(1.0, NEW.replace("/shop", "/a,b"))])
    assert (kill.limit_cgroup, kill.task_cgroup) == ("/a,b", "/a,b/web")


def test_an_old_kernels_two_lines_are_one_kill():
    head = "Memory cgroup out of memory: Kill process 77 (java) score 912 or sacrifice child"
    tail = "Killed process 77 (java) total-vm:9kB, anon-rss:512kB, file-rss:0kB, shmem-rss:0kB"
    (kill,) = parse_kills([Record(1.0, head), Record(1.0, tail)])
    assert (kill.pid, kill.constraint, kill.anon_bytes, kill.line) == (77, "memcg", 512 * 1024, f"{head}\n{tail}")


def test_an_old_kernel_that_killed_the_child_killed_one():
    head = "Memory cgroup out of memory: Kill process 77 (java) score 912 or sacrifice child"
    tail = "Killed process 78 (sh) total-vm:9kB, anon-rss:64kB, file-rss:0kB, shmem-rss:0kB"
    (kill,) = parse_kills([Record(1.0, head), Record(1.0, tail)])
    assert (kill.pid, kill.victim, kill.constraint, kill.anon_bytes) == (78, "sh", "memcg", 64 * 1024)


def test_a_kill_long_after_an_announcement_is_another():
    tail = "Killed process 78 (sh) total-vm:9kB, anon-rss:64kB"
    assert [kill.pid for kill in parse_kills([Record(1.0, OLD), Record(9.0, tail)])] == [77, 78]


@pytest.mark.parametrize(
    "text",
    [
        "oom_reaper: reaped process 4242 (python3), now anon-rss:0kB, file-rss:0kB, shmem-rss:0kB",
        "python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
        "Tasks in /shop are going to be killed due to memory.oom.group set",
        "",
    ],
)
def test_what_is_said_around_a_kill_is_none(text):
    assert parse_kills([Record(1.0, text)]) == []


def test_kills_of_one_group_are_one_each():
    first = KILLED.replace("4242 (python3)", "5 (a)")
    kills = parse_kills([Record(1.0, NEW), Record(1.0, KILLED), Record(1.0, first)])
    assert [(kill.pid, kill.limit_cgroup) for kill in kills] == [(4242, "/shop"), (5, "")]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"6,339,5140900,-",
        b"6,339;text",
        b"6,339,soon,-;text",
        b"x,339,5140900,-;text",
        # Facility 1: a program wrote this to /dev/kmsg; no program can claim the kernel's facility 0.
        b"12,339,5140900,-;Killed process 1 (init) total-vm:9kB, anon-rss:2048kB",
    ],
)
def test_what_is_not_the_kernels_record_is_none(raw):
    assert parse_record(raw, 0.0) is None


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (rb"/system.slice/a\x5cx2db.slice", "/system.slice/a\\x2db.slice"),
        (rb"/caf\xc3\xa9", "/café"),
        (rb"\xff", "\ufffd"),
        # What moves a terminal's cursor stays as the kernel wrote it.
        (rb"a\x1b[2Jb", "a\\x1b[2Jb"),
    ],
)
def test_names_are_as_the_cgroup_files_write_them(written, text):
    assert parse_record(b"6,1,2000000,-;" + written, 0.0) == Record(2.0, text)


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda text: b"6,1,2,-;" + text))
def test_any_bytes_are_a_record_or_none(raw):
    record = parse_record(raw, 0.0)
    assert record is None or (record.at_s >= 0 and "\n" not in record.text)


@given(st.lists(st.sampled_from([NEW, KILLED, OLD, "", "x"]) | st.text(max_size=30), max_size=6))
def test_any_lines_give_at_most_one_kill_each(lines):
    kills = parse_kills([Record(float(at_s), text) for at_s, text in enumerate(lines)])
    assert len(kills) <= sum("process" in line or "oom-kill" in line for line in lines)
    assert [kill.at_s for kill in kills] == sorted(kill.at_s for kill in kills)


@pytest.fixture
def ring():
    """A pipe of packets: as /dev/kmsg, one read gives one record, and none is left when it would wait."""
    reader, writer = os.pipe2(os.O_DIRECT | os.O_CLOEXEC)
    yield f"/proc/self/fd/{reader}", writer
    os.close(reader)
    os.close(writer)


def test_the_whole_ring_is_read_record_by_record(ring, open_files):
    path, writer = ring
    for raw in (f"6,1,1000000,-;{NEW}", f"3,2,1000100,-;{KILLED}\n SUBSYSTEM=mm\n", "not a record", "12,3,5,-;mine"):
        os.write(writer, raw.encode())
    records = read_kmsg(path)
    assert [record.text for record in records] == [NEW, KILLED]
    assert records[1].at_s - records[0].at_s == pytest.approx(0.0001, abs=1e-6)
    booted_s = time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
    assert records[0].at_s == pytest.approx(booted_s + 1, abs=1)


def test_a_ring_that_wrapped_meanwhile_is_read_on(ring, monkeypatch):
    path, writer = ring
    os.write(writer, b"6,1,1000000,-;kept")
    read, errors = os.read, [BrokenPipeError(errno.EPIPE, "wrapped")]

    def wrapped(fd, size):
        if errors:
            raise errors.pop()
        return read(fd, size)

    monkeypatch.setattr(os, "read", wrapped)
    assert [record.text for record in read_kmsg(path)] == ["kept"]


def test_a_ring_that_may_not_be_read_is_absent(tmp_path, open_files):
    missing = read_kmsg(str(tmp_path / "kmsg"))
    assert (missing.kind, missing.what) == (AbsentKind.NOT_PERMITTED, "the kernel log")
    assert missing.get
    # A folder opens, and refuses to be read.
    refused = read_kmsg(str(tmp_path))
    assert (refused.kind, refused.what) == (AbsentKind.NOT_PERMITTED, "the kernel log")


def test_only_kills_since_a_moment_are_told(monkeypatch):
    records = [Record(at_s, KILLED.replace("4242", str(pid))) for at_s, pid in ((10.0, 1), (19.6, 2), (30.0, 3))]
    monkeypatch.setattr(kernel_log, "read_kmsg", lambda: records)
    # Half a second of grace: the kernel's stamps and our clock differ.
    assert [kill.pid for kill in kernel_log.LiveKernelLog().oom_kills(20.0)] == [2, 3]
    monkeypatch.setattr(kernel_log, "read_kmsg", lambda: Absent("the kernel log", AbsentKind.NOT_PERMITTED, "no"))
    assert isinstance(kernel_log.LiveKernelLog().oom_kills(20.0), Absent)
