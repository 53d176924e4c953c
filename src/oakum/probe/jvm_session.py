"""What a JVM is asked, and what that costs it. Each question is a safepoint: the program stands still for a moment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from oakum.model.absent import Absent, AbsentKind
from oakum.model.attach import Answered, Streamed
from oakum.model.errors import OakumError, TargetError
from oakum.model.ports import Jvm, Spool
from oakum.probe.jvm_cost import DumpNeeds, dump_needs
from oakum.probe.jvm_flags import Flags, read_flags
from oakum.probe.jvm_histogram import Histogram, read_histogram
from oakum.probe.jvm_memory import Pools, read_heap_info, read_metaspace, read_native_memory
from oakum.probe.jvm_threads import LoaderCounts, ThreadCounts, read_loaders, read_threads

ANSWER_S = 15.0
"""How long a question that costs nothing may take, in seconds."""

HISTOGRAM = "GC.class_histogram -all"
"""Every object, garbage too. Without ``-all`` the JVM makes a full collection first, and the pause is that of one."""

DUMP = "GC.heap_dump -all -overwrite"
"""The same of a dump. ``-overwrite``: the pipe is there already."""

_RELEASE = re.compile(r"^JDK (\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DumpCommand:
    """``in_pieces``: this JVM writes the objects into further files, one for each thread that dumps."""

    text: str
    in_pieces: bool


class JvmSession:
    """Questions to one JVM. Its socket stays open once it is, as it does after jcmd."""

    def __init__(self, jvm: Jvm, *, may_signal: bool) -> None:
        self._jvm, self._may_signal = jvm, may_signal

    def version(self) -> str | Absent:
        """The first question: after it the socket is open, or is not asked again. Raises TargetError."""
        found = self._jvm.ask("VM.version", may_signal=self._may_signal, within_s=ANSWER_S)
        self._may_signal = False
        if isinstance(found, Absent):
            return found
        match = _RELEASE.search(found.text)
        return match[1] if match else found.text.strip().partition("\n")[0]

    def pools(self) -> Pools:
        """Raises TargetError or DataError."""
        heap = read_heap_info(self._ask("GC.heap_info").text)
        return Pools(*heap, *read_metaspace(self._ask("VM.metaspace").text))

    def histogram(self, *, within_s: float) -> tuple[Histogram, float]:
        """(the histogram, the longest that the program may have stood still). Raises TargetError or DataError."""
        found = self._ask(HISTOGRAM, within_s)
        return read_histogram(found.text), found.seconds

    def flags(self) -> Flags:
        return read_flags(self._ask("VM.flags -all").text)

    def threads(self) -> ThreadCounts:
        return read_threads(self._ask("Thread.print").text)

    def loaders(self) -> LoaderCounts:
        return read_loaders(self._ask("VM.classloader_stats").text)

    def native(self) -> Mapping[str, int] | Absent:
        return read_native_memory(self._ask("VM.native_memory summary").text)

    def dump_command(self) -> DumpCommand | Absent:
        """What this version of the JVM is told to write a dump through a pipe with."""
        try:
            known = self._ask("help GC.heap_dump").text
        except OakumError as exc:
            return Absent("a heap dump", AbsentKind.UNREADABLE, f"{exc.what}: {exc.why}")
        if "-overwrite" not in known:
            return Absent(
                "a heap dump",
                AbsentKind.NOT_APPLICABLE,
                "this JVM writes a dump into a new file only (GC.heap_dump without -overwrite), and Oakum fills no disk"
                " of a target",
                "jcmd PID GC.heap_dump /path/with/room/heap.hprof; then oakum heap analyze FILE",
            )
        in_pieces = "-parallel" in known
        return DumpCommand(f"{DUMP}{' -parallel=1' if in_pieces else ''} {{file}}", in_pieces)

    def dump_needs(self, used_bytes: int) -> DumpNeeds:
        """``used_bytes``: of its heap, or more."""
        return dump_needs(used_bytes, self._jvm.carried_bytes_per_s())

    def dump(self, command: DumpCommand, spool: Spool, *, within_s: float) -> Streamed:
        """Raises TargetError; RefusedError where it takes longer than ``within_s``, or is larger than its spool."""
        found = self._jvm.stream(command.text, spool, in_pieces=command.in_pieces, may_signal=False, within_s=within_s)
        if isinstance(found, Absent):
            raise _lost(found)
        return found

    def _ask(self, command: str, within_s: float = ANSWER_S) -> Answered:
        found = self._jvm.ask(command, may_signal=self._may_signal, within_s=within_s)
        if isinstance(found, Absent):
            raise _lost(found)
        return found


def _lost(absent: Absent) -> TargetError:
    """It answered before."""
    return TargetError("the JVM cannot be asked any more", why=absent.why, next_step=absent.get)
