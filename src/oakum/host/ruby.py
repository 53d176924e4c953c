"""Asks a Ruby process for its heap by the socket of its helper (``probe/oakum_heap.rb``).

Lines of JSON, one answer per connection: who it is; on ``dump``, that a copy was made; then what dump_all writes, the
names that dumps leave out, and a last line without which it broke off. Unix sockets: proc_pid_net(5), unix(7).
"""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from oakum.host import network, signals
from oakum.host.attach_words import libraries
from oakum.host.gauge import ProcessFolder, complete_info
from oakum.host.listening import sockets as inodes
from oakum.host.stat import parse_stat
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError, RefusedError, TargetError
from oakum.model.ports import Spool
from oakum.model.ruby import RubyCopied, RubyFigures, RubyStanding
from oakum.model.units import format_duration

HELPER: Final = "oakum-heap-"
"""Its socket is called by this, the process's number as the process itself knows it, and the inode of the namespace of
such numbers: processes of several namespaces may share a network.
"""

_MOST: Final = 1 << 62
"""Of nothing that a helper tells is there more."""

KEY: Final = "oakum_heap"
VERSION: Final = 1
PIECE_BYTES: Final = 1 << 20
LINE_BYTES: Final = 1 << 16
_TABLE_BYTES: Final = 64 << 20
_LISTENS: Final = b"00010000"
_CREDENTIALS: Final = struct.Struct("3i")


class LiveRubies:
    """Port Rubies."""

    def open(self, pid: int) -> LiveRuby:
        try:
            return LiveRuby(ProcessFolder(pid))
        except OSError as exc:
            raise _gone(pid, exc) from exc


class LiveRuby:
    """Port Ruby. The open folder ties it to the process, not to its number."""

    def __init__(self, folder: ProcessFolder) -> None:
        self._folder = folder

    def standing(self) -> RubyStanding | Absent:
        folder = self._folder
        try:
            return RubyStanding(
                helper=f"@{self._name()}",
                sockets=tuple(unix_names(folder.read("net/unix", _TABLE_BYTES), self._inodes())),
                libraries=libraries(folder.read("maps", _TABLE_BYTES)),
                dispositions=signals.dispositions(folder),
            )
        except PermissionError:
            return _not_permitted(folder.pid)
        except OSError as exc:
            raise _gone(folder.pid, exc) from exc

    def figures(self, *, within_s: float) -> RubyFigures | Absent:
        with self._asking(within_s) as asked:
            return asked if isinstance(asked, Absent) else _figures(asked.line(), self._folder.pid)

    def dump(self, spool: Spool, *, within_s: float) -> RubyCopied | Absent:
        with self._asking(within_s) as asked:
            if isinstance(asked, Absent):
                return asked
            _figures(asked.line(), self._folder.pid)
            begun_s = time.monotonic()
            try:
                asked.send(b"dump\n")
                copied = self._copied(asked.line())
                last = asked.pour(spool)
            except TimeoutError as exc:
                raise _given_up(self._folder.pid, within_s) from exc
            return RubyCopied(begun_s, time.monotonic(), copied, self._took(last), spool.size_bytes)

    def close(self) -> None:
        self._folder.close()

    def _copied(self, line: bytes) -> float:
        """For how long it stood still, in seconds."""
        told = _told(line)
        if told.get(KEY) == "failed":
            why = str(told.get("why", ""))[:200]
            raise TargetError(f"pid {self._folder.pid} could not be copied", why=why, next_step="free -m; ulimit -u")
        seconds = told.get("stood_still_s")
        if told.get(KEY) != "copy" or not isinstance(seconds, float | int) or not abs(seconds) < _MOST:
            raise _broken_off(self._folder.pid, "its helper did not say that a copy was made")
        return max(0.0, float(seconds))

    def _took(self, last: bytes) -> int | None:
        told = _told(last)
        if told.get(KEY) != "end":
            raise _broken_off(self._folder.pid, "it, or the copy that writes the dump, ended in the middle")
        took = told.get("took_bytes")
        return took if isinstance(took, int) and 0 < took < _MOST else None

    def _name(self) -> str:
        namespace = re.fullmatch(r"pid:\[([0-9]+)\]", self._folder.link("ns/pid"))
        return f"{HELPER}{self._namespace_pid()}-{namespace[1] if namespace else ''}"

    def _namespace_pid(self) -> int:
        stat = parse_stat(self._folder.read("stat"))
        if stat is None:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        return complete_info(self._folder, stat).namespace_pid

    def _inodes(self) -> set[int]:
        fd = os.open("fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._folder.fd)
        try:
            return inodes(self._folder.link(f"fd/{name}") for name in os.listdir(fd))
        finally:
            os.close(fd)

    @contextmanager
    def _asking(self, within_s: float) -> Iterator[_Asked | Absent]:
        """Connected to the socket that this very process holds. Translates what goes wrong meanwhile."""
        pid = self._folder.pid
        try:
            name = self._name()
            if f"@{name}" not in unix_names(self._folder.read("net/unix", _TABLE_BYTES), self._inodes()):
                yield Absent(
                    "its helper", AbsentKind.NOT_YET, f"it does not listen on @{name}", "the same command later"
                )
                return
            with network.connect_unnamed(self._folder, name.encode(), within_s=min(within_s, 5.0)) as made:
                _make_sure(made, pid, name)
                yield _Asked(made, pid, time.monotonic() + within_s)
        except PermissionError:
            yield _not_permitted(pid)
        except TimeoutError as exc:
            raise RefusedError(
                f"the helper of pid {pid} does not answer",
                why=f"nothing came within {format_duration(within_s)}: it writes a dump for somebody else, or"
                " the process has no file descriptor left, or is busy",
                next_step=f"ls /proc/{pid}/fd | wc -l; grep files /proc/{pid}/limits; pgrep -lP {pid}",
            ) from exc
        except ConnectionError as exc:
            raise _broken_off(pid, exc.strerror or "the connection was closed") from exc
        except OSError as exc:
            raise _gone(pid, exc) from exc


class _Asked:
    """One connection. Raises TimeoutError after ``until_s``, another OSError, or what a spool raises."""

    def __init__(self, made: socket.socket, pid: int, until_s: float) -> None:
        self._made, self._pid, self._until_s, self._rest = made, pid, until_s, b""

    def send(self, words: bytes) -> None:
        self._made.settimeout(self._left_s())
        self._made.sendall(words)

    def line(self) -> bytes:
        """b"" where it hangs up before."""
        while b"\n" not in self._rest:
            piece = self._received()
            if not piece or len(self._rest) > LINE_BYTES:
                return b""
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def pour(self, spool: Spool) -> bytes:
        """All that comes, into ``spool``; the last line."""
        piece, tail = self._rest, b""
        while piece or (piece := self._received()):
            spool.write(piece)
            tail = (tail + piece)[-LINE_BYTES:]
            piece = b""
        return tail.rstrip(b"\n").rpartition(b"\n")[2]

    def _received(self) -> bytes:
        self._made.settimeout(self._left_s())
        return self._made.recv(PIECE_BYTES)

    def _left_s(self) -> float:
        left_s = self._until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        return left_s


def unix_names(table: bytes, own: set[int]) -> Iterator[str]:
    """The names of the sockets of /proc/PID/net/unix that wait for connections and are among ``own`` (inodes)."""
    for row in table.splitlines()[1:]:
        fields = row.split(maxsplit=7)
        if len(fields) == 8 and fields[3] == _LISTENS and fields[6].isdigit() and int(fields[6]) in own:
            yield os.fsdecode(fields[7])


def _told(line: bytes) -> Mapping[str, object]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _figures(line: bytes, pid: int) -> RubyFigures | Absent:
    """Raises DataError for what is no answer of a helper that is known."""
    if not line:
        return _not_permitted(pid)
    told = _told(line)
    counts = told.get("gc")
    if told.get(KEY) != VERSION or not isinstance(counts, dict):
        raise DataError(
            f"what answers for pid {pid} is no helper that this version knows",
            why=f"it says {line[:60]!r}",
            next_step="oakum heap helper ruby > oakum_heap.rb    # then start it with that one",
        )
    slots, collections, major = (
        value if isinstance(value, int) and 0 <= value < _MOST else 0
        for value in (counts.get(name) for name in ("heap_live_slots", "count", "major_gc_count"))
    )
    return RubyFigures(str(told.get("ruby", ""))[:40], told.get("lines") is True, slots, collections, major)


def _not_permitted(pid: int) -> Absent:
    return Absent(
        "what its helper tells",
        AbsentKind.NOT_PERMITTED,
        f"pid {pid} belongs to another user; its helper answers that user and root alone",
        f"sudo oakum investigate pid/{pid} --inspect",
    )


def _make_sure(made: socket.socket, pid: int, name: str) -> None:
    """Raises RefusedError unless the process itself opened what answers: a name in the table can be anybody's."""
    by = _CREDENTIALS.unpack(made.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))[0]
    if by != pid:
        who = f"pid {by}" if by else "a process that cannot be seen from here"
        raise RefusedError(
            f"what listens on @{name} is not the helper of pid {pid}",
            why=f"the kernel says that {who} opened it",
            next_step=f"sudo nsenter -t {pid} -n ss -xlp | grep {HELPER}",
        )


def _given_up(pid: int, within_s: float) -> RefusedError:
    return RefusedError(
        f"the dump of pid {pid} was given up",
        why=f"it was not whole within {format_duration(within_s)}; the copy that wrote it ends at its next write",
        next_step=f"oakum investigate pid/{pid} --inspect    # once the machine is less busy",
    )


def _broken_off(pid: int, why: str) -> TargetError:
    return TargetError(
        f"the dump of pid {pid} broke off", why=why, next_step=f"dmesg | tail; oakum investigate pid/{pid} --inspect"
    )


def _gone(pid: int, exc: OSError) -> TargetError:
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return TargetError(
            f"pid {pid} may not be looked at", why=exc.strerror or "", next_step=f"sudo oakum investigate pid/{pid}"
        )
    if exc.errno in {errno.ENOENT, errno.ESRCH}:
        return TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host")
    return TargetError(
        f"the helper of pid {pid} cannot be reached", why=exc.strerror or str(exc), next_step=f"ls -l /proc/{pid}/fd"
    )
