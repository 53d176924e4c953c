"""What is known of a JVM before anything is sent to it."""

from __future__ import annotations

from dataclasses import dataclass

from oakum.model.debugger import Dispositions


@dataclass(frozen=True, slots=True)
class JvmStanding:
    """Read from outside. ``uid``: its effective user.

    ``libraries``: file names that it has mapped as code. ``command``: as it was started.
    ``performance``: what it tells in its performance data (hsperfdata), b"" where it keeps none.
    ``listens``: whether its attach socket is there. ``tmp_free_bytes``: of the disk under its /tmp, 0 where that is
    memory, None where it is not known.
    """

    uid: int
    libraries: frozenset[str]
    command: tuple[str, ...]
    dispositions: Dispositions
    performance: bytes
    listens: bool
    tmp_free_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the JVM printed. ``seconds``: from the question to the end of the answer; it stood still for no longer."""

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Streamed:
    """A file that the JVM wrote. ``begun_s``, ``ended_s``: its first and last byte, on the monotonic clock.

    ``text``: what the JVM said of it.
    """

    begun_s: float
    ended_s: float
    bytes: int
    text: str

    @property
    def seconds(self) -> float:
        return self.ended_s - self.begun_s
