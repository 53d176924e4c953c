"""Programs that are asked: by a debugger, over HTTP, by a JVM's attach socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from oakum.model.absent import Absent
from oakum.model.attach import Answered, JvmStanding, Streamed
from oakum.model.debugger import Dispositions, Fetched, Listener
from oakum.model.ports.dumps import Spool
from oakum.model.ruby import RubyCopied, RubyFigures, RubyStanding

Heard: TypeAlias = Callable[[str, Mapping[str, object]], None]
"""Called with the name and the values of an event that came between a question and its answer."""


class Inspection(Protocol):
    """A debugger's session with a program: Chrome DevTools Protocol."""

    def ask(
        self,
        method: str,
        parameters: Mapping[str, object] | None = None,
        *,
        within_s: float,
        heard: Heard | None = None,
    ) -> Mapping[str, object]:
        """The result. Raises TargetError when it refuses, ends, or does not answer in time."""

    def listen(self, is_done: Callable[[], bool], *, within_s: float, heard: Heard) -> None:
        """Hear events until ``is_done``, or until the time is up. Raises TargetError when the program ends."""

    def close(self) -> None:
        """The program runs on; its inspector stays open."""


class Debuggee(Protocol):
    """A process held open, that may have an inspector. A reused pid is never mistaken for it."""

    def listeners(self) -> Sequence[Listener] | Absent:
        """The TCP sockets on which this process itself listens."""

    def taken(self) -> Sequence[Listener] | Absent:
        """The same of every process in its network namespace."""

    def dispositions(self) -> Dispositions:
        """What it does with signals. Raises TargetError when it has ended."""

    def wake(self) -> None:
        """Send SIGUSR1. Whoever calls has made sure that the process handles it."""

    def inspector(self, listener: Listener) -> str | Absent:
        """The version of the Node.js whose inspector answers there."""

    def connect(self, listener: Listener) -> Inspection | Absent: ...

    def fetch(self, listener: Listener, path: str, *, within_s: float, most_bytes: int) -> Fetched | Absent:
        """What ``GET path`` answers there, asked inside of the process's own network.

        Absent where nothing comes within ``within_s`` for all of it, or more than ``most_bytes``.
        """

    def close(self) -> None: ...


class Debuggees(Protocol):
    """Opens processes for debugging. Nothing is sent to them by opening."""

    def open(self, pid: int) -> Debuggee:
        """Raises TargetError when there is no such process."""


class Jvm(Protocol):
    """A process held open that may be a HotSpot JVM. A reused pid is never mistaken for it."""

    def standing(self) -> JvmStanding | Absent:
        """Nothing is sent. Raises TargetError when it has ended."""

    def ask(self, command: str, *, may_signal: bool, within_s: float) -> Answered | Absent:
        """What the JVM prints for a command of jcmd.

        ``may_signal``: SIGQUIT may be sent, once, where its attach socket is not open; whoever calls has made sure that
        the process is a JVM and handles it. Raises TargetError when it refuses, ends, or does not answer in time.
        """

    def carried_bytes_per_s(self) -> float | None:
        """At least so fast a file comes that it writes: it stands still meanwhile. None: as fast as it writes."""

    def stream(
        self, command: str, spool: Spool, *, in_pieces: bool, may_signal: bool, within_s: float
    ) -> Streamed | Absent:
        """As ``ask``, for one that writes a heap dump where ``{file}`` stands: into ``spool``, through a pipe.

        ``in_pieces``: the JVM (22 and later) writes the objects into a file beside it first, on its own disk.

        ``within_s``: from the file's first byte to its last; later than that the pipe is closed, the JVM gives the file
        up and goes on. Raises RefusedError then.
        """

    def close(self) -> None: ...


class Jvms(Protocol):
    """Opens processes that may be JVMs. Nothing is sent to them by opening."""

    def open(self, pid: int) -> Jvm:
        """Raises TargetError when there is no such process."""


class Ruby(Protocol):
    """A process held open that may be a Ruby with a helper that answers for its heap. A reused pid is never it."""

    def standing(self) -> RubyStanding | Absent:
        """Nothing is sent. Raises TargetError when it has ended."""

    def figures(self, *, within_s: float) -> RubyFigures | Absent:
        """What its helper tells of itself. Raises TargetError when it ends or does not answer in time."""

    def dump(self, spool: Spool, *, within_s: float) -> RubyCopied | Absent:
        """Have a copy of it write its heap into ``spool``.

        Raises TargetError where it refuses, ends, or its dump breaks off; RefusedError beyond what ``spool`` takes, or
        ``within_s`` for all of it.
        """

    def close(self) -> None: ...


class Rubies(Protocol):
    """Opens processes that may be Rubies. Nothing is sent to them by opening."""

    def open(self, pid: int) -> Ruby:
        """Raises TargetError when there is no such process."""
