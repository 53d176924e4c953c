"""The attach socket of a JVM of a container: asked by a child of the agent's, as the JVM's own user.

A heap dump comes as it is written: nothing of it is kept there, on a disk or in memory. So the JVM stands still for as
long as the connection takes, and no longer than was allowed: the agent measures that, and gives the pipe up in time.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from oakum.host import attach_program
from oakum.host.afar.agent import Agent
from oakum.host.afar.carried import Carried
from oakum.host.afar.folder import REFUSED, AfarFolder, translated
from oakum.host.attach_flow import BEGINS_WITHIN_S, GIVES_UP_WITHIN_S, REPLY_BYTES
from oakum.host.attach_words import (
    OPENS_WITHIN_S,
    Ids,
    Words,
    is_memory,
    libraries,
    listens,
    performance_path,
    socket_name,
    written_bytes,
)
from oakum.host.signals import parse_dispositions
from oakum.model.absent import Absent
from oakum.model.attach import Answered, JvmStanding, Streamed
from oakum.model.errors import DataError, OakumError
from oakum.model.ports import Spool

FILE_BYTES: Final = 1 << 20
MAPS_BYTES: Final = 16 << 20
STATUS_BYTES: Final = 1 << 16


class AfarJvms:
    """Port Jvms."""

    def __init__(self, agent: Agent) -> None:
        self._agent, self._carried = agent, Carried(agent)

    def open(self, pid: int) -> AfarJvm:
        return AfarJvm(AfarFolder.opened(self._agent, pid), self._carried)


@dataclass(frozen=True, slots=True)
class _Took:
    """What the agent says of a file: how large it was, over what time, and whether it was given up."""

    bytes: int
    hash: str
    seconds: float
    late: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """The numbers of two connections: the JVM's reply, and the file that it writes."""

    reply: int
    file: int


class AfarJvm:
    """Port Jvm. The agent holds its folder: it is tied to the process, not to its number."""

    def __init__(self, folder: AfarFolder, carried: Carried) -> None:
        """Takes over ``folder``."""
        self._folder, self._agent, self._carried = folder, folder.agent, carried
        self._words = Words(folder.pid)

    def standing(self) -> JvmStanding | Absent:
        try:
            status = self._folder.read("status", STATUS_BYTES)
            ids = Ids.parsed(status, self._folder.pid)
            maps = self._folder.read("maps", MAPS_BYTES)
            return JvmStanding(
                uid=ids.uid,
                libraries=libraries(maps),
                command=tuple(os.fsdecode(self._folder.read("cmdline", FILE_BYTES)).rstrip("\0").split("\0")),
                dispositions=parse_dispositions(status),
                performance=self._performance(maps),
                listens=self._listens(ids.pid),
                tmp_free_bytes=self._tmp_free_bytes(),
            )
        except OSError as exc:
            return self._unseen("what it has mapped", exc)

    def carried_bytes_per_s(self) -> float:
        return self._carried.bytes_per_s()

    def ask(self, command: str, *, may_signal: bool, within_s: float) -> Answered | Absent:
        begun_s = time.monotonic()
        with self._asked(command, may_signal=may_signal) as asked:
            if isinstance(asked, Absent):
                return asked
            # The reply may be here before it is known that the question was sent.
            until_s, raw = time.monotonic() + within_s, bytearray()
            while piece := self._agent.hear(asked.reply, until_s):
                raw += piece
                if len(raw) > REPLY_BYTES:
                    raise DataError(f"pid {self._folder.pid} does not stop answering", why=command)
            if piece is None:
                raise self._words.silent(command, within_s)
            return Answered(self._words.text(command, bytes(raw)), time.monotonic() - begun_s)

    def stream(
        self, command: str, spool: Spool, *, in_pieces: bool, may_signal: bool, within_s: float
    ) -> Streamed | Absent:
        with self._asked(command, may_signal=may_signal, in_pieces=in_pieces, within_s=within_s) as asked:
            if isinstance(asked, Absent):
                return asked
            begun_s, came, mark, text = self._flowed(asked, spool, command, within_s)
            took = None if begun_s is None else self._took(asked.file)
            if took is not None and took.late:
                raise self._words.too_slow(command, within_s)
            told = self._words.text(command, text)
            written = written_bytes(told)
            if begun_s is None or took is None or written is None:
                raise self._words.hung_up(command, told.strip()[-300:])
            if written != took.bytes:
                raise self._words.too_slow(command, within_s)
            if (took.bytes, took.hash) != (came, mark):
                raise DataError(
                    "a heap dump did not come as it was sent",
                    why=f"{came} of {took.bytes} bytes came, or their hash is another one",
                    next_step="the same command again",
                )
            return Streamed(begun_s, begun_s + took.seconds, came, told)

    def _flowed(
        self, asked: _Asked, spool: Spool, command: str, within_s: float
    ) -> tuple[float | None, int, str, bytes]:
        """(when the first byte came, how many, their hash, what the JVM said). Raises TargetError, DataError."""
        agent, open_ = self._agent, [asked.file, asked.reply]
        begun_s, came, mark, text = None, 0, blake2b(digest_size=16), bytearray()
        until_s = time.monotonic() + BEGINS_WITHIN_S
        # A JVM that refused hangs up, and never opens the pipe.
        while open_ and (begun_s is not None or len(open_) == 2):
            number = agent.hear_any(open_, until_s)
            if number is None:
                late = begun_s is not None
                raise self._words.too_slow(command, within_s) if late else self._words.silent(command, BEGINS_WITHIN_S)
            piece = agent.hear(number, until_s) or b""
            if not piece:
                open_.remove(number)
            elif number == asked.reply:
                text += piece
                if len(text) > REPLY_BYTES:
                    raise DataError("the JVM does not stop answering")
            else:
                if begun_s is None:
                    begun_s = time.monotonic()
                    # It is the agent that keeps to what was agreed; this waits for what is on its way.
                    until_s = begun_s + within_s + GIVES_UP_WITHIN_S
                mark.update(piece)
                spool.write(piece)
                came += len(piece)
        return begun_s, came, mark.hexdigest(), bytes(text)

    def _took(self, number: int) -> _Took:
        try:
            size, mark, seconds, late = self._agent.ask("took", number).decode("ascii").split()
            return _Took(int(size), mark, float(seconds), late != "0")
        except (OSError, ValueError) as exc:
            raise DataError("what the agent says of a heap dump is not whole", why=str(exc)) from exc

    @contextmanager
    def _asked(
        self, command: str, *, may_signal: bool, in_pieces: bool = False, within_s: float = 0.0
    ) -> Iterator[_Asked | Absent]:
        """Leaving it, however, closes both connections: the JVM finds a closed pipe and goes on."""
        agent = self._agent
        asked = _Asked(agent.expect(), agent.expect())
        try:
            yield self._begun(asked, command, may_signal=may_signal, in_pieces=in_pieces, within_s=within_s) or asked
        finally:
            # A lost agent has closed them itself.
            with suppress(OSError, OakumError):
                agent.shut(asked.file)
                agent.shut(asked.reply)

    def _begun(
        self, asked: _Asked, command: str, *, may_signal: bool, in_pieces: bool, within_s: float
    ) -> Absent | None:
        """Why the JVM was not asked."""
        try:
            ids = Ids.parsed(self._folder.read("status", STATUS_BYTES), self._folder.pid)
            request = {
                "uid": ids.uid, "gid": ids.gid, "pid": self._folder.pid, "nspid": ids.pid,
                "signal": may_signal, "opens_within_s": OPENS_WITHIN_S, "command": command, "in_pieces": in_pieces,
                "begins_within_s": BEGINS_WITHIN_S + GIVES_UP_WITHIN_S, "within_s": within_s + GIVES_UP_WITHIN_S,
            }  # fmt: skip
            program = Path(attach_program.__file__).read_bytes()
            words = (int(within_s * 1000), program, json.dumps(request))
            self._agent.ask("attach", asked.reply, asked.file, self._folder.number, *words)
        except OSError as exc:
            return self._unseen("its folders", exc)
        raw = self._agent.hear(asked.reply, time.monotonic() + 2 * OPENS_WITHIN_S)
        if raw is None:
            raise self._words.silent(command, 2 * OPENS_WITHIN_S)
        try:
            answer = json.loads(raw) if raw else {"is": "failed", "text": "what asks ended"}
            return None if answer["is"] == "asked" else self._words.unreached(answer)
        except (ValueError, TypeError, KeyError) as exc:
            raise DataError("what asks the JVM cannot be understood", why=repr(raw[:100])) from exc

    def _performance(self, maps: bytes) -> bytes:
        path = performance_path(maps)
        try:
            return b"" if path is None else self._agent.ask("file", self._folder.number, path, FILE_BYTES)
        except OSError:
            return b""

    def _listens(self, namespace_pid: int) -> bool:
        name = socket_name(namespace_pid)
        try:
            self._agent.ask("place", self._folder.number, f"tmp/{name}")
        except OSError:
            return False
        try:
            return listens(self._folder.read("net/unix", MAPS_BYTES), name)
        except OSError:
            # Where the kernel does not tell, whoever connects finds out.
            return True

    def _tmp_free_bytes(self) -> int | None:
        """None where its /tmp cannot be seen, 0 where it is memory."""
        try:
            _, _, disk, free = self._agent.ask("place", self._folder.number, "tmp").decode("ascii").split()
            return 0 if is_memory(self._folder.read("mountinfo", MAPS_BYTES), disk) else int(free)
        except (OSError, ValueError):
            return None

    def _unseen(self, what: str, exc: OSError) -> Absent:
        if exc.errno in REFUSED:
            return self._words.not_permitted(what)
        raise translated(self._folder.pid, exc) from exc

    def close(self) -> None:
        self._folder.close()
