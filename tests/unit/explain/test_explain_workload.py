"""The sentences about a workload."""

from __future__ import annotations

import pytest

from oakum.explain.workload import compared, kill_line, kills_line, reasons, restarts_facts, restarts_line
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster_pod import Container, Pod, Role, Running, Terminated
from oakum.model.kill import Boundary, Ended, Kill, KillKind
from oakum.model.oom import Blame

MIB = 1 << 20


def kill(at_s=0.0, kind=KillKind.OOM, *, boundary=Boundary.CONTAINER, blame=None, size=96 * MIB):
    return Kill(
        ("u", "app", 0, at_s), "shop", "cart-1", "app", kind, 0.97, at_s, boundary, size, None, (), (), (), blame
    )


@pytest.mark.parametrize(
    ("made", "line"),
    [
        (kill(), "cart-1/app: oom-killed (97 %) at 1970-01-01 00:00:00Z, at the limit of its container (96.0 MiB)"),
        (kill(boundary=Boundary.ANCESTOR, size=None), "…, at the limit of all pods of the node"),
        (kill(kind=KillKind.LIVENESS, boundary=None), "cart-1/app: liveness-killed (97 %) at 1970-01-01 00:00:00Z"),
        (kill(None, boundary=None), "cart-1/app: oom-killed (97 %)"),
        (kill(blame=Blame("cache", (7,), False, ())), "…its container (96.0 MiB); cache held most, and was not killed"),
        (kill(blame=Blame("app", (7,), True, ())), "…its container (96.0 MiB)"),
    ],
)
def test_a_kill_is_one_line_with_whose_limit_and_who_was_spared(made, line):
    told = kill_line(made)
    assert told.endswith(line[1:]) if line.startswith("…") else told == line


def test_kills_are_counted_by_kind_and_their_rhythm_is_told_from_three_on():
    assert kills_line([]) == ""
    assert kills_line([kill(0), kill(60)]) == "2 oom-killed"
    told = kills_line([kill(0), kill(60), kill(120), kill(90, KillKind.LIVENESS)])
    assert told == "3 oom-killed, 1 liveness-killed; for memory about every 1 min (3 times)"


def test_replicas_that_hold_alike_are_told_from_one_that_stands_out_and_one_alone_says_nothing():
    assert compared("app", [("a", MIB)]) == ""
    assert compared("app", [("a", 100 * MIB), ("b", 110 * MIB)]).endswith("hold 100 MiB to 110 MiB: alike")
    told = compared("app", [("a", 100 * MIB), ("b", 110 * MIB), ("c", 400 * MIB)])
    assert told.endswith("c holds 3.6 times what the median one holds")
    assert compared("app", [("a", 0), ("b", 0)]).endswith("alike")


def test_a_kill_at_another_s_limit_does_not_speak_of_a_limit_that_is_too_small():
    nobody = Blame("", (), None, ("2.00 GiB of 2.50 GiB is no process's",))
    own, above = kill(), kill(boundary=Boundary.ANCESTOR, blame=nobody)
    told = list(reasons([own, above], ["restarted"], ["alike"]))
    assert told[1] == "once it was the container's own limit: a leak, or a limit that is too small for it"
    assert told[2].startswith("once it was not its own limit")
    assert told[2].endswith("2.00 GiB of 2.50 GiB is no process's")
    assert told[3:] == ["restarted", "alike"]
    assert list(reasons([], [], [])) == ["no end of a run and no kill is known"]


def ended(lasted_s, number):
    moment = 1e9 + 1000.0 * number
    end = Terminated("OOMKilled", 137, moment, moment + lasted_s)
    return Ended("shop", "cart-1", "u", "n", "app", Role.MAIN, "shop:1", number, end, 96 * MIB, liveness=False)


def restarted(*lasted_s):
    no = Absent("it", AbsentKind.NOT_YET, "not told")
    many = len(lasted_s)
    app = Container("app", Role.MAIN, "shop:1", Running(1e9), None, many, None, 96 * MIB, no, ready=True, program="a")
    pod = Pod("shop", "cart-1", "u", "1", 1e9, None, {}, (), "n", "Running", "", "", "Burstable", (app,))
    return restarts_line(pod, app, [ended(each, number) for number, each in enumerate(lasted_s)])


def test_restarts_tell_whether_the_runs_get_shorter_from_five_on():
    assert restarted(10.0, 9.0, 8.0, 7.0).endswith("its last runs lasted 10 s, 9.00 s, 8.00 s, 7.00 s")
    shorter = restarted(60.0, 40.0, 30.0, 20.0, 10.0)
    assert shorter.endswith("10 s: shorter and shorter (5 runs, Kendall's tau -1.00)")
    assert restarted(6.0, 10.0, 7.0, 7.0, 12.0, 11.0).endswith(": no trend (6 runs, Kendall's tau +0.53)")


def test_what_restarts_tell_is_in_the_facts_too():
    many = [ended(each, number) for number, each in enumerate([60.0, 40.0, 30.0, 20.0, 10.0])]
    assert restarts_facts(many)["lifetimes_trend"]["tendency"] == "shorter"
    assert restarts_facts(many[:2]) == {"lasted_s": [60.0, 40.0], "lifetimes_trend": None}
