"""What is not told of a container from another machine, and why."""

from __future__ import annotations

from oakum.model.absent import Absent, AbsentKind
from oakum.model.ports import Spool


class AfarKernelLog:
    """Port KernelLog: the kernel's words are its node's."""

    def oom_kills(self, since_s: float) -> Absent:
        del since_s
        return _unheard()

    def oom_reports(self, since_s: float) -> Absent:
        del since_s
        return _unheard()


class AfarRubies:
    """Port Rubies: the helper of a Ruby is asked on its own machine."""

    def open(self, pid: int) -> AfarRuby:
        return AfarRuby(pid)


class AfarRuby:
    """Port Ruby."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def standing(self) -> Absent:
        return self._untold()

    def figures(self, *, within_s: float) -> Absent:
        del within_s
        return self._untold()

    def dump(self, spool: Spool, *, within_s: float) -> Absent:
        del spool, within_s
        return self._untold()

    def close(self) -> None:
        """Nothing was opened."""

    def _untold(self) -> Absent:
        why = "this version does not ask a Ruby's helper from another machine"
        get = "on its node: oakum investigate pid/N --inspect, with the process's number there"
        return Absent("what the heap holds", AbsentKind.NOT_APPLICABLE, why, get)


def _unheard() -> Absent:
    why = "a container does not see the kernel's log of its node"
    return Absent("the kernel's log", AbsentKind.NOT_PERMITTED, why, "the same command on its node, as root")
