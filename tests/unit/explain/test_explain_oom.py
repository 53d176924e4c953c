"""Who held most when memory ran out, and who paid for it."""

from __future__ import annotations

from dataclasses import replace

from oakum.explain.oom import blame
from oakum.model.oom import OomReport, OomTask
from oakum.model.process import OomKill

MIB = 1 << 20


def task(pid, name, mib, adj=0):
    return OomTask(pid, 0, name, mib * MIB, 0, adj)


def report(tasks, *killed, limit="/shop", lived="/shop", group=""):
    names = {one.pid: one.name for one in tasks}
    kills = tuple(
        OomKill(1.0, "memcg" if limit else "none", limit, lived, names.get(pid, "gone"), pid, 0, 0, "")
        for pid in killed
    )
    return OomReport(
        1.0, "sh", "memcg" if limit else "none", limit, None, 200 * MIB if limit else None, tuple(tasks), kills, group
    )


def test_who_held_most_and_was_killed_is_both():
    found = blame(report([task(1, "tini", 1), task(2, "java", 180)], 2))
    assert (found.culprit, found.pids, found.killed) == ("java", (2,), True)
    assert found.why[0] == "the limit of /shop (200 MiB) was reached"


def test_a_victim_that_was_chosen_by_its_score_is_told_from_the_culprit():
    found = blame(report([task(1, "cache", 150), task(2, "web", 20, 500)], 2))
    assert (found.culprit, found.killed) == ("cache", False)
    assert "web (pid 2) was killed in its place: oom_score_adj 500 against 0" in found.why


def test_who_cannot_be_killed_is_named_all_the_same():
    found = blame(report([task(1, "agent", 150, -1000), task(2, "web", 20)], 2, limit="", lived="/web"))
    assert (found.culprit, found.killed) == ("agent", False)
    assert found.why[0] == "the whole machine ran out of memory"
    assert "spares it" in found.why[-1]


def test_many_of_one_name_are_to_blame_together():
    found = blame(report([*(task(pid, "worker", 30) for pid in range(10, 16)), task(1, "master", 35)], 12))
    assert (found.culprit, len(found.pids), found.killed) == ("worker", 6, True)


def test_a_limit_above_and_a_group_are_said():
    found = blame(report([task(2, "java", 180)], 2, limit="/pod", lived="/pod/c1", group="/pod/c1"))
    assert "stands above" in found.why[0]
    assert "memory.oom.group" in found.why[1]


def test_without_a_table_nobody_is_blamed():
    found = blame(report([], 2))
    assert (found.culprit, found.killed) == ("", None)
    assert "no longer in its log" in found.why[-1]


def test_where_nobody_was_killed_that_is_said():
    assert "nobody was killed for it" in blame(report([task(2, "java", 180)])).why


def test_memory_that_no_process_has_is_nobody_s_and_the_victim_is_not_called_the_culprit():
    found = blame(replace(report([task(1, "web", 40)], 1), usage_bytes=200 * MIB))
    assert (found.culprit, found.pids, found.killed) == ("", (), None)
    assert found.why[-1] == "160 MiB of 200 MiB is no process's: files in memory (tmpfs), or the kernel's own"
