"""The JVM probe: whether its attach socket may be asked, and when it must be left alone."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.attach import JvmStanding
from oakum.model.ports import Jvm, Processes
from oakum.probe.jvm_performance import may_attach, read_performance
from oakum.probe.jvm_session import JvmSession

HEAP = "what the heap holds"

_OPTION_VARIABLES: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")


@dataclass(frozen=True, slots=True)
class Reach:
    """How the JVM would be asked. ``signals``: SIGQUIT opens its socket first, once. ``version``: "" where not told."""

    signals: bool
    version: str
    tmp_free_bytes: int | None
    told: Mapping[str, int | str]

    def how(self, pid: int) -> str:
        """What would be done to it before anything is asked, in words."""
        if self.signals:
            return (
                f"Oakum would send SIGQUIT to pid {pid}, once: the JVM then opens its attach socket, for its own user"
                " and root, as for jcmd; it stays open."
            )
        return f"Oakum would ask pid {pid} by its attach socket, which is open, as jcmd does."


class JvmProbe:
    """One process. Nothing is sent to it here."""

    def __init__(self, pid: int, jvm: Jvm, processes: Processes) -> None:
        self._pid, self._jvm, self._processes = pid, jvm, processes

    def look(self) -> Reach | Absent:
        """Raises TargetError when it has ended."""
        standing = self._jvm.standing()
        if isinstance(standing, Absent):
            return standing
        told = read_performance(standing.performance)
        options = list(self._options(standing, told))
        refused = self._other_machine(standing) or self._attach_refusal(told, options)
        if refused is None and not standing.listens:
            refused = self._signal_refusal(standing, options)
        if refused is not None:
            return refused
        version = told.get("java.property.java.version", "")
        return Reach(not standing.listens, str(version), standing.tmp_free_bytes, told)

    def session(self, reach: Reach) -> JvmSession:
        return JvmSession(self._jvm, may_signal=reach.signals)

    def _options(self, standing: JvmStanding, told: Mapping[str, int | str]) -> Iterator[str]:
        """All that it was started with, as far as can be seen."""
        environment = self._processes.environment(self._pid)
        known = {} if isinstance(environment, Absent) else environment
        for name in _OPTION_VARIABLES:
            yield from known.get(name, "").split()
        yield from str(told.get("java.rt.vmArgs", "")).split()
        yield from _before_main(standing.command)

    def _other_machine(self, standing: JvmStanding) -> Absent | None:
        if any(name.startswith("libj9vm") for name in standing.libraries):
            return Absent(
                HEAP,
                AbsentKind.NOT_APPLICABLE,
                "it is Eclipse OpenJ9, which speaks another attach protocol than HotSpot; nothing is sent",
                f"jcmd {self._pid} Dump.heap file=/path/heap.hprof of its own JDK; then oakum heap analyze FILE",
            )
        if "libjvm.so" not in standing.libraries:
            return Absent(
                HEAP,
                AbsentKind.NOT_APPLICABLE,
                "no HotSpot is mapped in it: it is none, or it is starting",
                "the same command once it runs",
            )
        return None

    def _attach_refusal(self, told: Mapping[str, int | str], options: Sequence[str]) -> Absent | None:
        by_data = may_attach(told)
        if by_data is False or (by_data is None and _is_on(options, "DisableAttachMechanism")):
            return Absent(
                HEAP,
                AbsentKind.NOT_PERMITTED,
                "it was started with -XX:+DisableAttachMechanism: it takes no questions, and a signal would make it"
                " print all its threads; none is sent",
                "start it without that option; -XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=… works in any case",
            )
        return None

    def _signal_refusal(self, standing: JvmStanding, options: Sequence[str]) -> Absent | None:
        """Why SIGQUIT must not be sent."""
        reduced = "-Xrs" in options or _is_on(options, "ReduceSignalUsage")
        caught = signal.SIGQUIT in standing.dispositions.caught
        if caught and not reduced:
            return None
        if caught:
            why = "it was started with -Xrs, so its SIGQUIT handler is not the JVM's: none is sent"
        elif reduced:
            why = "it was started with -Xrs and does not handle SIGQUIT: the signal would end it; none is sent"
        else:
            why = "it does not handle SIGQUIT (yet): the signal would end it; none is sent"
        get = (
            "start it with -XX:+StartAttachListener: then no signal is needed"
            if reduced
            else "the same command once it has started"
        )
        return Absent(HEAP, AbsentKind.NOT_APPLICABLE, why, get)


def _before_main(command: Sequence[str]) -> Iterator[str]:
    """Options of the JVM itself: what follows the main class is the application's."""
    takes_one = {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules"}
    words = iter(command[1:])
    for word in words:
        if not word.startswith(("-", "@")) or word in {"-jar", "-m", "--module"}:
            return
        if word in takes_one:
            next(words, None)
            continue
        yield word


def _is_on(options: Sequence[str], name: str) -> bool:
    """The last one counts."""
    found = [option for option in options if option in {f"-XX:+{name}", f"-XX:-{name}"}]
    return bool(found) and found[-1].startswith("-XX:+")
