"""Who may have taken the place of one that ended."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oakum.model.process import ProcessInfo
from oakum.sense.successor import SLACK_S, find_successor

GONE = ProcessInfo(10, 4, 100, 1000.0, 0, "worker", "/usr/bin/python3", ("worker",), "/shop", 1, "S", 10)
LAST_S = 2000.0


def newcomer(**changes):
    return replace(GONE, **({"pid": 11, "started_s": LAST_S + 1} | changes))


def test_the_earliest_that_fits_is_taken():
    later, earlier = newcomer(pid=12, started_s=LAST_S + 5), newcomer(pid=13, started_s=LAST_S + 2)
    assert find_successor(GONE, LAST_S, [later, earlier]) is earlier


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"cgroup": "/other"}, True),
        ({"parent_pid": 99}, True),
        ({"parent_pid": 99, "cgroup": "/other"}, False),
        ({"command": ("worker", "-v")}, False),
        ({"uid": 1}, False),
        ({"pid": 10}, False),
        ({"started_s": LAST_S - SLACK_S}, True),
        ({"started_s": LAST_S - SLACK_S - 0.01}, False),
    ],
)
def test_the_role_is_command_user_and_place(changes, fits):
    assert (find_successor(GONE, LAST_S, [newcomer(**changes)]) is not None) == fits


def test_init_is_nobodys_master_and_the_root_nobodys_place():
    orphan = replace(GONE, parent_pid=1, cgroup="/")
    assert find_successor(orphan, LAST_S, [newcomer(parent_pid=1, cgroup="/")]) is None
