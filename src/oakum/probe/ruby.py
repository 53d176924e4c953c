"""The Ruby probe: whether a process answers for its heap, and what would make it.

Nothing is sent to a Ruby that was not made to answer. No debugger is used: a call that gdb makes in it (rb_eval_string)
runs wherever it was stopped, in the middle of a collection or with a lock held, and can hang it for good.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.ports import Processes, Ruby
from oakum.model.ruby import HELPER_COMMAND, RubyDeeper, RubyStanding

HEAP: Final = "what the heap holds"
SOCKET: Final = "@oakum-heap-"
TRACER: Final = "rbtrace.so"
DEBUG_WORDS: Final = ("rdbg", "ruby-debug")
STOPPED: Final = frozenset("Tt")
LOAD_IT: Final = f"{HELPER_COMMAND}; start the service with RUBYOPT=-r$PWD/oakum_heap.rb; then the same command"


@dataclass(frozen=True, slots=True)
class RubyReach:
    """How it would be asked."""

    socket: str

    def how(self, pid: int) -> str:
        """What would be done to it, in words."""
        return (
            f"Oakum would ask pid {pid} by its helper's socket ({self.socket}), which the service itself opened; no"
            " signal is sent, and no debugger is used."
        )


class RubyProbe:
    """One process. Nothing is sent to it here."""

    def __init__(self, pid: int, ruby: Ruby, processes: Processes) -> None:
        self._pid, self._ruby, self._processes = pid, ruby, processes

    def look(self) -> RubyReach | Absent:
        """Raises TargetError when it has ended."""
        standing = self._ruby.standing()
        if isinstance(standing, Absent):
            return standing
        if self._processes.info(self._pid).state in STOPPED:
            why = "it stands still, stopped by a signal or a debugger: nobody would answer"
            return Absent(HEAP, AbsentKind.NOT_YET, why, f"kill -CONT {self._pid}; then the same command")
        if standing.helper in standing.sockets:
            return RubyReach(standing.helper)
        return self._unreached(standing)

    def deeper(self, *, lines: bool | None = None) -> RubyDeeper | None:
        """None where it may not be looked at. Raises TargetError when it has ended."""
        standing = self._ruby.standing()
        if isinstance(standing, Absent):
            return None
        helper = standing.helper in standing.sockets
        return RubyDeeper(self._pid, helper, traced(standing), lines)

    def _unreached(self, standing: RubyStanding) -> Absent:
        if any(name.startswith(SOCKET) for name in standing.sockets):
            return Absent(
                HEAP,
                AbsentKind.NOT_YET,
                "the helper was loaded before this process was forked, and answers for its parent alone",
                "call OakumHeap.listen once it was forked (on_worker_boot, after_fork), or run Ruby 3.1 or later",
            )
        if traced(standing):
            return Absent(
                HEAP,
                AbsentKind.NOT_YET,
                "Oakum's helper is not loaded; rbtrace is, and it runs code for whoever may write to its queue, in a"
                " thread of the service: Oakum leaves that to a person",
                f"{load_by_tracer(self._pid)}; then the same command",
            )
        debugged = next((name for name in standing.sockets if any(word in name for word in DEBUG_WORDS)), "")
        if debugged:
            why = f"its debugger listens on {debugged}: whoever connects stops the program, so Oakum does not"
            return Absent(HEAP, AbsentKind.NOT_APPLICABLE, f"Oakum's helper is not loaded; {why}", LOAD_IT)
        why = (
            "Ruby answers nobody for its heap unless it was made to; a debugger's call (gdb, rb_eval_string) could hang"
            " it for good, and none is made"
        )
        return Absent(HEAP, AbsentKind.NOT_APPLICABLE, why, LOAD_IT)


def traced(standing: RubyStanding) -> bool:
    """Whether rbtrace is loaded, and its signal handled."""
    return TRACER in standing.libraries and signal.SIGURG in standing.dispositions.caught


def load_by_tracer(pid: int) -> str:
    return f"{HELPER_COMMAND} && rbtrace -p {pid} -e \"load '$PWD/oakum_heap.rb'\""


def helper() -> str:
    """The file that a service loads, as text."""
    return files("oakum.probe").joinpath("oakum_heap.rb").read_text(encoding="utf-8")
