"""What the kernel says of an OOM kill, in its old and its new words."""

from __future__ import annotations

from oakum.host.kernel_log import Record, parse_kills, parse_record

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
