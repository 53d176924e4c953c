"""What is not told of a container from another machine, and why."""

from __future__ import annotations

from oakum.model.absent import Absent, AbsentKind


class AfarKernelLog:
    """Port KernelLog: the kernel's words are its node's."""

    def oom_kills(self, since_s: float) -> Absent:
        del since_s
        return _unheard()

    def oom_reports(self, since_s: float) -> Absent:
        del since_s
        return _unheard()


def _unheard() -> Absent:
    why = "a container does not see the kernel's log of its node"
    return Absent("the kernel's log", AbsentKind.NOT_PERMITTED, why, "the same command on its node, as root")
