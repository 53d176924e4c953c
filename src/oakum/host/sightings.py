"""Looking at a process closely enough to tell it apart for ever, and at how it takes being asked to end."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

from oakum.host.cgroup import LiveCgroups
from oakum.host.procfs import LiveProcesses
from oakum.host.stat import TICKS_PER_S, parse_stat
from oakum.model.absent import Absent
from oakum.model.errors import TargetError
from oakum.model.launch import Manner
from oakum.model.sighting import Sighting

_NAMESPACES: Final = ("mnt", "pid", "net", "user", "ipc", "uts", "cgroup")
_BOOT_ID: Final = "/proc/sys/kernel/random/boot_id"


class LiveSightings:
    """Port Sightings."""

    def __init__(self) -> None:
        self._processes, self._cgroups = LiveProcesses(), LiveCgroups()

    def look(self, pid: int) -> Sighting:
        info = self._processes.info(pid)
        if info.state in {"Z", "X"}:
            raise TargetError(f"pid {pid} has ended", why="only its number is left", next_step="oakum scan host")
        memory = self._cgroups.memory(info.cgroup)
        limit = None if isinstance(memory, Absent) else memory.limit
        return Sighting(
            host=os.uname().nodename,
            boot=Path(_BOOT_ID).read_text(encoding="ascii").strip(),
            pid=pid,
            start_ticks=info.start_ticks,
            uid=info.uid,
            command=info.command,
            cgroup=info.cgroup,
            cgroup_inode=self._inode(info.cgroup),
            limit_cgroup="" if limit is None else limit.path,
            limit_bytes=None if limit is None else limit.limit_bytes,
        )

    def manner(self, pid: int) -> Manner:
        status, own = _status(pid), _status(os.getpid())
        return Manner(
            ends_on_term=_on_term(status),
            apart=tuple(name for name in _NAMESPACES if _differs(pid, f"ns/{name}"))
            + (("root",) if _differs(pid, "root") else ()),
            confined=tuple(_confined(status, own)),
            takes_quit=_has(status, "SigCgt", signal.SIGQUIT),
        )

    def runs(self, pid: int, start_ticks: int) -> bool:
        try:
            stat = parse_stat(Path(f"/proc/{pid}/stat").read_bytes())
        except OSError:
            return False
        return stat is not None and stat.start_ticks == start_ticks and stat.state not in {"Z", "X"}

    def cpu_s(self, pid: int) -> float:
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError as exc:
            raise TargetError(f"pid {pid} has ended", why=str(exc.strerror), next_step="oakum scan host") from exc
        # utime and stime (proc_pid_stat(5)); what its ended children used is theirs.
        return (int(fields[11]) + int(fields[12])) / TICKS_PER_S

    def family(self, pid: int) -> list[tuple[int, int]]:
        children: dict[int, list[tuple[int, int]]] = {}
        for process in self._processes.list():
            if process.state not in {"Z", "X"}:
                children.setdefault(process.parent_pid, []).append((process.pid, process.start_ticks))
        found = [(pid, self._processes.info(pid).start_ticks)]
        for member, _ in found:
            found.extend(children.get(member, ()))
        return found

    def _inode(self, path: str) -> int | None:
        mount = self._cgroups.hierarchy.mount_of(path)
        folder = None if mount is None else mount.locate(path)
        try:
            return None if folder is None else Path(folder).stat().st_ino
        except OSError:
            return None


def _status(pid: int) -> dict[str, str]:
    """The lines of /proc/PID/status by name. Raises TargetError when it has ended."""
    try:
        raw = Path(f"/proc/{pid}/status").read_bytes()
    except OSError as exc:
        raise TargetError(f"there is no process {pid}", why="it has ended", next_step="oakum scan host") from exc
    lines = (os.fsdecode(line).partition(":") for line in raw.split(b"\n"))
    return {name: value.strip() for name, _, value in lines}


def _has(status: dict[str, str], mask: str, number: int) -> bool:
    return bool(int(status.get(mask, "0"), 16) >> (number - 1) & 1)


def _on_term(status: dict[str, str]) -> str:
    if _has(status, "SigIgn", signal.SIGTERM) or _has(status, "SigBlk", signal.SIGTERM):
        # One that is blocked may wait for it by sigwait or signalfd: its own code then decides.
        return "ignored" if _has(status, "SigIgn", signal.SIGTERM) else "handler"
    return "handler" if _has(status, "SigCgt", signal.SIGTERM) else "default"


def _differs(pid: int, name: str) -> bool:
    """What may not be known is taken for ours: then starting it again fails by its own check."""
    try:
        theirs, ours = Path(f"/proc/{pid}/{name}").stat(), Path(f"/proc/self/{name}").stat()
    except OSError:
        return False
    return (theirs.st_dev, theirs.st_ino) != (ours.st_dev, ours.st_ino)


def _confined(status: dict[str, str], own: dict[str, str]) -> list[str]:
    """What a process started from here would not have, or would have beyond it."""
    told = []
    if status.get("Seccomp") != own.get("Seccomp") or status.get("Seccomp_filters") != own.get("Seccomp_filters"):
        told.append("a filter of system calls (seccomp)")
    if status.get("NoNewPrivs") != own.get("NoNewPrivs"):
        told.append("no_new_privs")
    root = status.get("Uid", "").split()[1:2] == ["0"]
    gained = int(own.get("CapBnd", "0"), 16) if root else 0
    if status.get("CapBnd") != own.get("CapBnd") or int(status.get("CapEff", "0"), 16) != gained:
        told.append("capabilities of its own")
    return told
