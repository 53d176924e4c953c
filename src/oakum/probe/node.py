"""The Node.js probe: how its inspector is reached, and when it must be left alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from oakum.model.absent import Absent, AbsentKind
from oakum.model.debugger import Listener
from oakum.model.ports import Clock, Debuggee, Memories, Processes
from oakum.probe.handlers import handles
from oakum.probe.node_options import node_options
from oakum.probe.node_session import NodeSession
from oakum.probe.node_signalled import how, snapshot_signal

HEAP = "what the heap holds"

DEFAULT_PORT = 9229
OPENS_WITHIN_S = 5.0
"""How long an inspector may take to open after the signal, in seconds: Node opens it on a thread of its own."""

LOOKED_EVERY_S = 0.02
STOPPED = frozenset("Tt")
"""States of such a process in proc(5)."""

STARTED_WITH = "start it with node --inspect=127.0.0.1:0; then the same command"


@dataclass(frozen=True, slots=True)
class Opening:
    """How the inspector would be reached. ``listener``: it is open already. Else SIGUSR1 opens it on ``port``.

    ``doubt``: what could not be made sure of before the signal, "" for nothing.
    """

    listener: Listener | None
    port: int
    doubt: str = ""

    def how(self, pid: int) -> str:
        """What would be done to it before anything is asked, in words."""
        if self.listener is not None:
            told = f"Its inspector is open on {self.listener}: Oakum would use it and leave it open."
        else:
            told = (
                f"Oakum would send SIGUSR1 to pid {pid}, once: Node.js then opens its inspector on port {self.port} of"
                " its loopback; until Oakum closes it, who can connect there can run code in it."
            )
        return f"{told} But {self.doubt}." if self.doubt else told


class NodeProbe:
    """One Node.js process. The signal is sent once at most, and never where it could do anything else."""

    def __init__(self, pid: int, debuggee: Debuggee, *, processes: Processes, memories: Memories, clock: Clock) -> None:
        self._pid, self._debuggee = pid, debuggee
        self._processes, self._memories, self._clock = processes, memories, clock
        self._signalled = False

    def look(self) -> Opening | Absent:
        """Nothing is sent to the process, but a greeting to an inspector that is open. Raises TargetError."""
        found = self._look()
        return self.without_inspector(found) if isinstance(found, Absent) else found

    def without_inspector(self, absent: Absent) -> Absent:
        """With the other way that this process was started with, where there is one. Raises TargetError."""
        number = snapshot_signal(node_options(self._pid, self._processes), self._debuggee.dispositions())
        if number is None or self._processes.info(self._pid).state in STOPPED:
            return absent
        return replace(absent, get=f"{absent.get}; or {how(self._pid, number)}")

    def _look(self) -> Opening | Absent:
        own = self._debuggee.listeners()
        if isinstance(own, Absent):
            return own
        ports = list(self._ports())
        for listener in sorted(own):
            likely = listener.port in ports or (0 in ports and listener.is_local)
            if likely and not isinstance(self._debuggee.inspector(listener), Absent):
                return Opening(listener, listener.port)
        has_handler = self._has_handler()
        return self._signal_refusal(has_handler=has_handler) or self._free(ports[-1], own, has_handler=has_handler)

    def _ports(self) -> Iterator[int]:
        """Where its inspector may be by its options, last the one that counts; 0: any."""
        yield DEFAULT_PORT
        yield from inspector_ports(node_options(self._pid, self._processes))

    def _signal_refusal(self, *, has_handler: bool | None) -> Absent | None:
        """Why SIGUSR1 must not be sent."""
        if self._processes.info(self._pid).state in STOPPED:
            return Absent(
                HEAP,
                AbsentKind.NOT_YET,
                "it stands still, stopped by a signal or a debugger: SIGUSR1 would open its inspector only later,"
                " when nobody is there to close it; none is sent",
                f"kill -CONT {self._pid}; then the same command",
            )
        does = self._debuggee.dispositions()
        if signal.SIGUSR1 not in does.caught:
            harm = "it would be ignored" if signal.SIGUSR1 in does.ignored else "it would end the process"
            return Absent(
                HEAP,
                AbsentKind.NOT_APPLICABLE,
                f"the target does not handle SIGUSR1 ({harm}): none is sent",
                STARTED_WITH,
            )
        if has_handler:
            return Absent(
                HEAP,
                AbsentKind.NOT_APPLICABLE,
                "the application has a SIGUSR1 handler of its own: the signal would run that, and open no inspector;"
                " none is sent",
                STARTED_WITH,
            )
        return None

    def _has_handler(self) -> bool | None:
        memory = self._memories.open(self._pid)
        if isinstance(memory, Absent):
            return None
        try:
            return handles(memory, signal.SIGUSR1)
        finally:
            memory.close()

    def _free(self, port: int, own: Sequence[Listener], *, has_handler: bool | None) -> Opening | Absent:
        taken = self._debuggee.taken()
        if port and not isinstance(taken, Absent) and any(row.port == port for row in taken):
            whose = "the target itself" if any(row.port == port for row in own) else "another process"
            return Absent(
                HEAP,
                AbsentKind.NOT_YET,
                f"port {port}, where Node.js would open its inspector, is taken by {whose}: no signal is sent",
                "end the other inspector (most are another Node.js's on 9229), then the same command",
            )
        doubt = "" if has_handler is False else "whether the application handles SIGUSR1 itself could not be told"
        return Opening(None, port, doubt)

    def open(self, opening: Opening) -> NodeSession | Absent:
        """Raises TargetError when the process ends meanwhile."""
        listener = opening.listener
        if listener is None:
            found = self._wake()
            if isinstance(found, Absent):
                return found
            listener = found
        made = self._debuggee.connect(listener)
        if isinstance(made, Absent):
            return made
        told = self._debuggee.inspector(listener)
        version = "" if isinstance(told, Absent) else told
        return NodeSession(made, self._debuggee, listener, self._clock, ours=opening.listener is None, version=version)

    def _wake(self) -> Listener | Absent:
        before = self._debuggee.listeners()
        if isinstance(before, Absent) or self._signalled:
            return before if isinstance(before, Absent) else _no_answer()
        self._signalled = True
        self._debuggee.wake()
        end_s = self._clock.monotonic_s() + OPENS_WITHIN_S
        while self._clock.monotonic_s() < end_s:
            now = self._debuggee.listeners()
            for listener in [] if isinstance(now, Absent) else sorted(set(now) - set(before)):
                if not isinstance(self._debuggee.inspector(listener), Absent):
                    return listener
            self._clock.sleep_until(self._clock.monotonic_s() + LOOKED_EVERY_S)
        return _no_answer()


def inspector_ports(words: Sequence[str]) -> Iterator[int]:
    """The ports that Node.js options name: ``--inspect[=[HOST:]PORT]``, ``--inspect-port PORT`` and their like."""
    names = {"--inspect", "--inspect-brk", "--inspect-wait", "--inspect-port", "--debug-port"}
    for word, following in zip_longest(words, words[1:], fillvalue=""):
        name, equals, value = word.partition("=")
        if name not in names:
            continue
        if not equals and name in {"--inspect-port", "--debug-port"}:
            value = following
        port = value.rpartition(":")[2]
        if port.isascii() and port.isdigit() and int(port) < 65536:
            yield int(port)


def _no_answer() -> Absent:
    return Absent(
        HEAP,
        AbsentKind.UNREADABLE,
        f"SIGUSR1 was sent once, and no inspector opened within {OPENS_WITHIN_S:.0f} s; it is not sent again",
        STARTED_WITH,
    )
