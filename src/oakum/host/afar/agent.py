"""Asks the program that looks at a container's processes, and reads what it answers: ``agent_program`` is the protocol.

Every answer is as long as it says and has the hash that it says, or nothing of it is used.
"""

from __future__ import annotations

import os
import time
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from pathlib import Path
from threading import Condition, Lock
from typing import Final, TypeAlias

from oakum.model.errors import DataError, OakumError, SilentError, TargetError
from oakum.model.ports import Channel

PROTOCOL: Final = 1
ANSWER_S: Final = 30.0
"""An agent that says nothing for so long is given up, in seconds."""

PIECE_BYTES: Final = 1 << 20
"""No answer is larger."""

AHEAD: Final = 64
"""So many requests are under way at once: together they fit into any pipe."""

HEADER_BYTES: Final = 256

Word: TypeAlias = int | str | bytes
Request: TypeAlias = tuple[Word, ...]
"""A verb and its words."""

# Where it is the first process of its namespace, a signal without a handler does not end it.
_BEGIN: Final = """\
import os, signal
signal.signal(signal.SIGALRM, lambda *_: os._exit(1))
signal.alarm(60)
n, b = SIZE, b""
while len(b) < n:
    c = os.read(0, n - len(b))
    c or os._exit(0)
    b += c
exec(compile(b, "oakum", "exec"), {"__name__": "__main__"})
"""


def program() -> bytes:
    """What is run in the container."""
    return Path(__file__).with_name("agent_program.py").read_bytes()


def command(python: str = "python3") -> tuple[str, ...]:
    """By which a Python waits for the program on its standard input; it writes nothing and loads no site."""
    return python, "-I", "-S", "-B", "-c", _BEGIN.replace("SIZE", str(len(program())))


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the agent says of itself. ``up_s``: since the boot of its node. ``yama``: ptrace_scope there."""

    pid: int
    uid: int
    page_bytes: int
    ticks_per_s: int
    up_s: float
    python: str
    yama: int


@dataclass(frozen=True, slots=True)
class Answer:
    """``name``: of the request, or ``sK`` of a connection. ``errno``: 0 where it is no refusal."""

    name: str
    told: bytes
    errno: int = 0


class Answers:
    """What came so far, read as answers; fed with bytes, however they were cut."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, came: bytes) -> Iterator[Answer]:
        """Raises DataError for what no agent of ours says."""
        self._rest += came
        while (end := self._rest.find(b"\n", 0, HEADER_BYTES)) >= 0:
            fields = self._rest[:end].decode("ascii", "replace").split(" ")
            if len(fields) != 5 or not fields[2].isdigit() or not fields[3].isdigit():
                raise _odd(f"it says {bytes(self._rest[:60])!r}")
            name, state, size, sent = fields[0], fields[1], int(fields[2]), int(fields[3])
            # Connections and files may be told a bit longer than what was asked for; nothing is as long as this.
            if max(size if state != "no" else 0, sent) > 17 * PIECE_BYTES:
                raise _odd(f"an answer of {sent} bytes")
            if len(self._rest) < end + 1 + sent:
                return
            told = bytes(self._rest[end + 1 : end + 1 + sent])
            del self._rest[: end + 1 + sent]
            if fields[4] != (blake2b(told, digest_size=16).hexdigest() if told else "-"):
                raise _odd("the hash of an answer is not that of what came")
            yield _answer(name, state, size, told)
        if len(self._rest) > HEADER_BYTES and b"\n" not in self._rest[:HEADER_BYTES]:
            raise _odd(f"it says {bytes(self._rest[:60])!r}")


def _answer(name: str, state: str, size: int, sent: bytes) -> Answer:
    if state == "no":
        return Answer(name, sent, size)
    if state == "ok":
        told = sent
    else:
        try:
            unpacking = zlib.decompressobj()
            told = unpacking.decompress(sent, size + 1)
        except zlib.error as exc:
            raise _odd("what it packed cannot be unpacked") from exc
    if len(told) != size:
        raise _odd(f"{len(told)} bytes came in the place of {size}")
    return Answer(name, told)


def _odd(why: str) -> DataError:
    return DataError("what the agent answers cannot be understood", why=why, next_step="the same command again")


class Agent:
    """One agent.

    ``sent_bytes``, ``came_bytes``: what crossed; ``told_bytes``: that, unpacked; ``answers``: how many, all checked.
    """

    def __init__(self, channel: Channel) -> None:
        """Starts it: ``channel`` leads to a Python that runs ``command``. Raises TargetError, DataError."""
        self._channel, self._answers, self._lock = channel, Answers(), Lock()
        self._next, self._numbered = 0, 0
        self._lost: OakumError | None = None
        self._turn, self._reading = Condition(), False
        self._told: deque[Answer] = deque()
        self._came: dict[str, deque[bytes]] = {}
        self.sent_bytes = self.came_bytes = self.told_bytes = self.answers = 0
        self.begun_s = time.monotonic()
        self._send(program())
        self.greeting = _greeting(self.ask("hello"))

    def ask(self, *request: Word) -> bytes:
        """Raises OSError where it refuses; TargetError, DataError where it is lost."""
        (answer,) = self.ask_all([request])
        if isinstance(answer, OSError):
            raise answer
        return answer

    def ask_all(self, requests: Sequence[Request]) -> list[bytes | OSError]:
        """In the order asked, without waiting for each."""
        return list(self.ask_each(requests))

    def ask_each(self, requests: Sequence[Request]) -> Generator[bytes | OSError, None, None]:
        """As ``ask_all``, each as it comes. Closed before its end, it hears what was asked already and drops it."""
        if self._lost is not None:
            raise TargetError(self._lost.what, why=self._lost.why, next_step=self._lost.next_step)
        with self._lock:
            first, asked, heard, wanted = self._next, 0, 0, True
            self._next += len(requests)
            while heard < (len(requests) if wanted else asked):
                ahead = requests[asked : heard + AHEAD] if wanted else ()
                asked += len(ahead)
                lines = b"".join(map(_line, count(first + asked - len(ahead)), ahead))
                for answer in self._answered(first + heard, lines):
                    heard += 1
                    if not wanted:
                        continue
                    try:
                        yield answer
                    except GeneratorExit:
                        wanted = False

    def _answered(self, number: int, asked: bytes) -> list[bytes | OSError]:
        """What comes next, from that number on. Whatever goes wrong here, nothing is asked any more."""
        try:
            if asked:
                self._send(asked)
            told = self._next_answers(number)
        except OakumError as exc:
            self._lost = exc
            raise
        except BaseException:
            # Answers that are still to come would be taken for those to the next question.
            self._lost = TargetError("the agent is lost", why="a question to it was not heard to its end")
            raise
        return [
            OSError(answer.errno, answer.told.decode("utf-8", "replace")) if answer.errno else answer.told
            for answer in told
        ]

    def number(self) -> int:
        """A new one, for a process or a connection."""
        self._numbered += 1
        return self._numbered

    def drop(self, numbers: Sequence[int]) -> None:
        """Lets processes go. Raises nothing: an agent that is lost lets go of all by ending."""
        with suppress(TargetError, DataError):
            self.ask_all([("drop", number) for number in numbers])

    def begin(self, *request: Word) -> int:
        """A connection, by a verb whose first word it is. Raises as ``ask``."""
        number = self.number()
        verb, *words = request
        self._came[f"s{number}"] = deque()
        try:
            self.ask(verb, number, *words)
        except BaseException:
            del self._came[f"s{number}"]
            raise
        return number

    def expect(self) -> int:
        """The number of a connection that the agent begins by itself."""
        number = self.number()
        self._came[f"s{number}"] = deque()
        return number

    def hear(self, number: int, until_s: float) -> bytes | None:
        """What comes on a connection next, b"" at its end; None where nothing came until then.

        Raises TargetError, DataError where the agent is lost.
        """
        came = self._came[f"s{number}"]
        if not self._waited(lambda: bool(came), until_s):
            return None
        return came.popleft() if came[0] else b""

    def hear_any(self, numbers: Sequence[int], until_s: float) -> int | None:
        """The number of a connection on which something came: its end is something too."""
        if not self._waited(lambda: any(self._came[f"s{each}"] for each in numbers), until_s):
            return None
        return next(each for each in numbers if self._came[f"s{each}"])

    def shut(self, number: int) -> None:
        """What still comes on it is dropped. Raises TargetError, DataError where the agent is lost."""
        self.ask("shut", number)
        self._came.pop(f"s{number}", None)

    def _send(self, data: bytes) -> None:
        self.sent_bytes += len(data)
        self._channel.send(data)

    def _next_answers(self, number: int) -> list[Answer]:
        if not self._waited(lambda: bool(self._told), time.monotonic() + ANSWER_S):
            raise SilentError(
                "the agent says nothing", why=f"no answer came in {ANSWER_S:.0f} s", next_step="kubectl get pods"
            )
        with self._turn:
            told, self._told = list(self._told), deque()
        if [answer.name for answer in told] != [str(number + at) for at in range(len(told))]:
            raise _odd("it answers out of turn")
        return told

    def _waited(self, is_there: Callable[[], bool], until_s: float) -> bool:
        """Whoever waits reads, one at a time, for all who wait. False: it was not there in time."""
        with self._turn:
            while not is_there():
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    return False
                if self._reading:
                    self._turn.wait(left_s)
                    continue
                self._reading = True
                self._turn.release()
                found: list[Answer] = []
                try:
                    found = self._received(left_s)
                finally:
                    self._turn.acquire()
                    self._reading = False
                    self._sort(found)
                    self._turn.notify_all()
        return True

    def _received(self, within_s: float) -> list[Answer]:
        try:
            came = self._channel.receive(min(within_s, ANSWER_S))
        except SilentError:
            return []
        self.came_bytes += len(came)
        found = list(self._answers.feed(came))
        self.answers += len(found)
        self.told_bytes += sum(len(answer.told) for answer in found)
        return found

    def _sort(self, found: list[Answer]) -> None:
        for answer in found:
            if answer.name.startswith("s"):
                # Of a connection that was shut meanwhile, nobody wants to know.
                self._came.get(answer.name, deque[bytes]()).append(answer.told)
            else:
                self._told.append(answer)


def _line(number: int, request: Request) -> bytes:
    verb, *words = request
    return f"{number} {verb!s} {' '.join(map(_word, words))}\n".encode("ascii")


def _word(word: Word) -> str:
    # An empty text has a word too.
    return str(word) if isinstance(word, int) else os.fsencode(word).hex() or "-"


def _greeting(told: bytes) -> Greeting:
    rows = dict(line.split(" ", 1) for line in told.decode("ascii", "replace").splitlines())
    try:
        if int(rows["protocol"]) != PROTOCOL:
            raise _odd(f"it speaks version {rows['protocol']}")
        return Greeting(
            int(rows["pid"]),
            int(rows["uid"]),
            int(rows["page"]),
            int(rows["ticks"]),
            float(rows["up"]),
            rows["python"],
            int(rows["yama"]),
        )
    except (KeyError, ValueError) as exc:
        raise _odd("its greeting is not whole") from exc


def gone(pid: int) -> TargetError:
    return TargetError(f"pid {pid} has ended", why="its container knows it no more", next_step="kubectl get pods")
