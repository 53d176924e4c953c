"""Memory that ran out, as kernels of several ages tell it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.host.journal import parse_journal
from oakum.host.kernel_log import parse_kills
from oakum.host.oom_report import parse_reports
from oakum.host.records import Record

RECORDED = Path(__file__).parents[2] / "recordings" / "oom"

OLD = """
java invoked oom-killer: gfp_mask=0x24280ca, order=0, oom_score_adj=0
[ pid ]   uid  tgid total_vm      rss nr_ptes nr_pmds swapents oom_score_adj name
[  301]     0   301     9000      100      20       3        0         -1000 systemd-udevd
[ 1200]   999  1200   800000   250000     600       6     5000             0 java
[ 1300]    33  1300    50000     4000      60       4        0           500 my worker
Out of memory: Kill process 1300 (my worker) score 512 or sacrifice child
Killed process 1300 (my worker) total-vm:200000kB, anon-rss:12000kB, file-rss:4000kB, shmem-rss:0kB
"""

MIDDLE = """
node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=986
memory: usage 524288kB, limit 524288kB, failcnt 812
Tasks state (memory values in pages):
[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
[   5001]     0  5001      244        1    28672        0          -998 pause
[   5040]  1000  5040   300000    90000   900000        0           986 node
[   5055]  1000  5055   300000    30000   900000        0           986 node
oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),oom_memcg=/pods/pod7,task_memcg=/pods/pod7/c1,task=node,pid=5040,uid=1000
Memory cgroup out of memory: Killed process 5040 (node) total-vm:1200000kB, anon-rss:360000kB, file-rss:0kB
Tasks in /pods/pod7/c1 are going to be killed due to memory.oom.group set
Memory cgroup out of memory: Killed process 5055 (node) total-vm:1200000kB, anon-rss:120000kB, file-rss:0kB
Memory cgroup out of memory: Killed process 5040 (node) total-vm:1200000kB, anon-rss:360000kB, file-rss:0kB
"""


def records(text, at_s=100.0):
    return [Record(at_s + number / 1000, line) for number, line in enumerate(text.strip().splitlines())]


def reports(*texts):
    told = [record for number, text in enumerate(texts) for record in records(text, 100.0 * (number + 1))]
    return parse_reports(told, parse_kills(told))


def test_a_real_report_of_this_kernel_is_read_whole():
    stamped = re.compile(r"^\[ *([\d.]+)\] (.*)$")
    lines = (RECORDED / "memcg-v1-6.18.txt").read_text(encoding="utf-8").splitlines()
    told = [Record(float(found[1]), found[2]) for line in lines if (found := stamped.match(line))]
    (report,) = parse_reports(told, parse_kills(told))
    assert (report.invoker, report.constraint, report.limit_bytes) == ("python", "memcg", 262144 * 1024)
    (task,) = report.tasks
    assert (task.pid, task.name, task.rss_bytes, task.anon_bytes) == (4908, "python", 67994 * 4096, 65303 * 4096)
    assert [kill.pid for kill in report.kills] == [4908]
    assert not report.ancestor


def test_the_old_table_is_read_by_its_heading_and_names_may_hold_spaces():
    (report,) = reports(OLD)
    assert [(task.pid, task.name, task.score_adj) for task in report.tasks] == [
        (301, "systemd-udevd", -1000),
        (1200, "java", 0),
        (1300, "my worker", 500),
    ]
    assert report.tasks[1].swap_bytes == 5000 * 4096
    assert (report.constraint, report.limit_bytes) == ("none", None)
    assert [(kill.pid, kill.anon_bytes) for kill in report.kills] == [(1300, 12000 * 1024)]
    assert report.largest.name == "java"


def test_a_group_that_is_killed_as_one_is_one_report_with_every_kill():
    (report,) = reports(MIDDLE)
    assert report.group == "/pods/pod7/c1"
    # The kernel tells the whole group, and so the first victim twice.
    assert MIDDLE.count("Killed process 5040") == 2
    assert [kill.pid for kill in report.kills] == [5040, 5055]
    assert report.ancestor
    assert report.limit_cgroup == "/pods/pod7"


def test_two_that_follow_each_other_stay_two():
    assert [[kill.pid for kill in report.kills] for report in reports(OLD, MIDDLE)] == [[1300], [5040, 5055]]


def test_a_kill_whose_report_has_left_the_log_is_told_without_a_table():
    found = reports(MIDDLE.strip().partition("\n")[2])
    assert [(report.invoker, report.tasks) for report in found] == [("", ()), ("", ())]
    assert [[kill.pid for kill in report.kills] for report in found] == [[5040], [5055]]


@given(st.lists(st.sampled_from([*OLD.strip().splitlines(), *MIDDLE.strip().splitlines(), "[ 1] 2", "[  pid  ] uid"])))
def test_lines_in_any_order_lose_no_kill(lines):
    told = records("\n".join(lines)) if lines else []
    kills = parse_kills(told)
    found = parse_reports(told, kills)
    assert sorted(kill.at_s for report in found for kill in report.kills) == sorted(kill.at_s for kill in kills)


def test_the_journal_gives_the_kernels_own_lines_only():
    lines = [
        '{"__REALTIME_TIMESTAMP":"1700000000000000","_TRANSPORT":"kernel","SYSLOG_FACILITY":"0","MESSAGE":"a kill"}',
        '{"__REALTIME_TIMESTAMP":"1700000001000000","_TRANSPORT":"kernel","MESSAGE":[104,105,255]}',
        '{"__REALTIME_TIMESTAMP":"1700000002000000","_TRANSPORT":"kernel","SYSLOG_FACILITY":"3","MESSAGE":"a program"}',
        '{"__REALTIME_TIMESTAMP":"1700000003000000","_TRANSPORT":"syslog","MESSAGE":"a program"}',
        "half a li",
        '{"MESSAGE":"no time"}',
    ]
    assert parse_journal(lines) == [Record(1.7e9, "a kill"), Record(1.7e9 + 1, "hi\ufffd")]


@pytest.mark.parametrize("text", ["", "[]", "null", "1", '{"__REALTIME_TIMESTAMP":[],"MESSAGE":"x"}'])
def test_what_is_no_entry_of_the_journal_is_passed_over(text):
    assert parse_journal([text]) == []
