"""Who came after a process that ended: it started again, or its master put another worker in its place."""

from __future__ import annotations

from collections.abc import Iterable

from oakum.model.process import ProcessInfo

SLACK_S = 1.0
"""A successor may be started this long before the last sample of the one that ended, in seconds: clocks of two kinds.

The kernel counts starts in ticks since boot; samples carry the wall clock."""


def find_successor(gone: ProcessInfo, last_s: float, newcomers: Iterable[ProcessInfo]) -> ProcessInfo | None:
    """The earliest of ``newcomers`` that runs the same command as the same user in the same place.

    ``last_s``: the last sample of ``gone``. ``newcomers``: processes that were not there when it was found.
    """
    fitting = [info for info in newcomers if info.started_s >= last_s - SLACK_S and _same_role(gone, info)]
    return min(fitting, key=lambda info: (info.started_s, info.pid), default=None)


def _same_role(gone: ProcessInfo, other: ProcessInfo) -> bool:
    """Same command and user, and the same master or a cgroup that is the workload's own."""
    if (other.command, other.uid) != (gone.command, gone.uid) or other.pid == gone.pid:
        return False
    same_master = other.parent_pid == gone.parent_pid and gone.parent_pid > 1
    return same_master or (other.cgroup == gone.cgroup and gone.cgroup != "/")
