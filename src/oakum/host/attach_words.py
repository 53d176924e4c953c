"""What is told of a JVM that was asked: what its replies say, and why one that cannot be asked is not."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import RefusedError, TargetError
from oakum.model.units import format_duration

OPENS_WITHIN_S = 10.0
"""How long the JVM may take to open its socket after the signal, in seconds: it does that between two safepoints."""

_ACCEPTS: Final = b"00010000"
"""__SO_ACCEPTCON of linux/net.h, in the column Flags of /proc/net/unix."""

_PERFORMANCE: Final = re.compile(rb"(/\S*/hsperfdata_[^/\n]+/[0-9]+)$", re.MULTILINE)
_WRITTEN: Final = re.compile(r"created \[([0-9]+) bytes")
_CODE: Final = re.compile(rb"^[0-9a-f]+-[0-9a-f]+ ..x. .*/([^/\n]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Ids:
    """``uid``, ``gid``: effective. ``pid``: in its innermost namespace."""

    uid: int
    gid: int
    pid: int

    @classmethod
    def parsed(cls, status: bytes, pid: int) -> Ids:
        fields = {}
        for line in status.splitlines():
            name, _, value = line.partition(b":")
            fields[name] = value.split()
        pids = fields.get(b"NSpid") or [str(pid).encode()]
        return cls(int(fields[b"Uid"][1]), int(fields[b"Gid"][1]), int(pids[-1]))


def libraries(maps: bytes) -> frozenset[str]:
    """Names of the files that are mapped as code."""
    return frozenset(os.fsdecode(name) for name in _CODE.findall(maps))


def performance_path(maps: bytes) -> str | None:
    match = _PERFORMANCE.search(maps)
    return None if match is None else os.fsdecode(match[1])


def socket_name(namespace_pid: int) -> str:
    return f".java_pid{namespace_pid}"


def listens(sockets: bytes, name: str) -> bool:
    """``sockets``: /proc/net/unix. A socket that an earlier process left stands there, and nobody listens on it."""
    # The JVM binds another name first and gives it the right one then; the kernel tells the first.
    names = (os.fsencode(name), os.fsencode(f"{name}.tmp"))
    return any(row.endswith(names) and row.split()[3:4] == [_ACCEPTS] for row in sockets.splitlines())


def is_memory(mountinfo: bytes, disk: str) -> bool:
    """Whether a file there would take memory. ``disk``: MAJOR:MINOR."""
    mounts = mountinfo.decode("utf-8", "replace").splitlines()
    kinds = {line.partition(" - ")[2].split(" ")[0] for line in mounts if line.split(" ")[2:3] == [disk]}
    return bool(kinds & {"tmpfs", "ramfs"})


def written_bytes(text: str) -> int | None:
    """How large a file is that the JVM says it wrote."""
    match = _WRITTEN.search(text)
    return None if match is None else int(match[1])


@dataclass(frozen=True, slots=True)
class Words:
    """Of one JVM."""

    pid: int

    def unreached(self, answer: dict[str, object]) -> Absent:
        """Why the JVM was not asked."""
        pid, what = self.pid, f"what the JVM of pid {self.pid} tells"
        how = answer["is"]
        if how == "another user" or answer.get("errno") in {errno.EACCES, errno.EPERM}:
            return self.not_permitted("what it tells")
        told = {
            "closed": (
                AbsentKind.NOT_YET,
                "its attach socket is not open, and no signal may be sent",
                f"oakum investigate pid/{pid} --inspect",
            ),
            "not caught": (
                AbsentKind.NOT_APPLICABLE,
                "it does not handle SIGQUIT: the signal would end it, and none is sent",
                "start it without -Xrs",
            ),
            "silent": (
                AbsentKind.UNREADABLE,
                f"SIGQUIT was sent once, and no attach socket opened within {OPENS_WITHIN_S:.0f} s",
                "the same command once it is less busy; -XX:+DisableAttachMechanism would explain it too",
            ),
            "foreign": (
                AbsentKind.NOT_APPLICABLE,
                "another process or user owns its attach socket: nothing is sent there",
                f"ls -l /proc/{pid}/root/tmp/.java_pid*",
            ),
        }
        kind, why, get = told.get(
            str(how), (AbsentKind.UNREADABLE, f"its attach socket cannot be reached: {answer.get('text')}", "df /tmp")
        )
        return Absent(what, kind, why, get)

    def not_permitted(self, what: str) -> Absent:
        return Absent(
            f"{what} (pid {self.pid})",
            AbsentKind.NOT_PERMITTED,
            "it belongs to another user",
            "run oakum as the user of the process, or as root",
        )

    def text(self, command: str, raw: bytes) -> str:
        """The body of a reply: its first line is the code. Raises TargetError for what is none, or a refusal."""
        code, end, body = raw.partition(b"\n")
        text = body.decode("utf-8", "replace")
        if not end or not code.isdigit():
            raise self.hung_up(command, "the connection closed without a reply")
        if int(code):
            last = text.strip().splitlines()[-1:] or [f"code {int(code)}"]
            raise TargetError(f"the JVM refuses {command}", why=last[0][:300], next_step="oakum doctor")
        return text

    def silent(self, command: str, within_s: float) -> TargetError:
        pid = self.pid
        return TargetError(
            f"the JVM of pid {pid} does not answer",
            why=f"{command} was asked, and nothing came within {format_duration(within_s)}",
            next_step=f"grep State /proc/{pid}/status    # T: it is stopped, D: it waits for a disk",
        )

    def hung_up(self, command: str, why: str) -> TargetError:
        pid = self.pid
        return TargetError(
            f"the JVM of pid {pid} hung up on {command}", why=why, next_step=f"oakum investigate pid/{pid}"
        )

    def too_slow(self, command: str, within_s: float) -> RefusedError:
        pid = self.pid
        return RefusedError(
            f"{command.partition(' ')[0]} was given up",
            why=f"it was not done within {format_duration(within_s)}; the JVM runs on",
            next_step=f"oakum investigate pid/{pid} --max-pause {format_duration(4 * within_s).replace(' ', '')}",
        )
