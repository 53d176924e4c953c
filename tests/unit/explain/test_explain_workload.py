"""The sentences about a workload."""

from __future__ import annotations

import pytest

from oakum.explain.workload import compared, kill_line, kills_line, reasons
from oakum.model.kill import Boundary, Kill, KillKind
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
