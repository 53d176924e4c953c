"""What /proc/PID/stat, statm, status, smaps_rollup, cmdline and cgroup say: bytes in, values out.

Source: proc_pid_stat(5), proc_pid_statm(5), proc_pid_status(5).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_KERNEL_THREAD = 0x0020_0000
"""PF_KTHREAD among the task's flags."""


@dataclass(frozen=True, slots=True)
class Stat:
    """The fields of /proc/PID/stat that identify a process. ``start_ticks``: since boot."""

    name: str
    state: str
    parent_pid: int
    kernel_thread: bool
    threads: int
    start_ticks: int


def parse_stat(raw: bytes) -> Stat | None:
    """None for a text that the kernel did not write whole. The name may itself hold blanks and brackets."""
    head, _, tail = raw.rpartition(b")")
    fields = tail.split()
    if len(fields) < 20 or b"(" not in head:
        return None
    try:
        return Stat(
            name=os.fsdecode(head.partition(b"(")[2]),
            state=fields[0].decode(),
            parent_pid=int(fields[1]),
            kernel_thread=bool(int(fields[6]) & _KERNEL_THREAD),
            threads=int(fields[17]),
            start_ticks=int(fields[19]),
        )
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Statm:
    """Resident memory in bytes: all of it, and the part that is backed by files or shared."""

    rss_bytes: int
    file_bytes: int

    @property
    def anon_bytes(self) -> int:
        """RssAnon: the kernel counts resident = anonymous + file + shared memory."""
        return max(0, self.rss_bytes - self.file_bytes)


def parse_statm(raw: bytes) -> Statm | None:
    """None when the process has no memory any more: a zombie's figures are all 0."""
    fields = raw.split()
    if len(fields) < 3 or fields[0] == b"0" or not (fields[1].isdigit() and fields[2].isdigit()):
        return None
    return Statm(int(fields[1]) * PAGE_BYTES, int(fields[2]) * PAGE_BYTES)


def parse_kib_table(raw: bytes) -> dict[str, int]:
    """``Name:  123 kB`` lines of status and smaps_rollup, in bytes."""
    table = {}
    for line in raw.split(b"\n"):
        name, _, rest = line.partition(b":")
        fields = rest.split()
        if len(fields) == 2 and fields[1] == b"kB" and fields[0].isdigit():
            table[os.fsdecode(name)] = int(fields[0]) * 1024
    return table


def parse_ids(raw: bytes) -> tuple[int, int | None]:
    """(effective uid, pid in its own namespace) of /proc/PID/status; None where the kernel does not tell NSpid."""
    uid, namespace_pid = -1, None
    # Only a line end ends a line: the process's name, which it chose itself, may hold a carriage return.
    for line in raw.split(b"\n"):
        fields = line.split()
        if line.startswith(b"Uid:") and len(fields) > 2 and fields[2].isdigit():
            uid = int(fields[2])
        elif line.startswith(b"NSpid:") and fields[-1].isdigit():
            namespace_pid = int(fields[-1])
    return uid, namespace_pid


def parse_command(raw: bytes) -> tuple[str, ...]:
    """A process that wrote over its own arguments (nginx, postgres) pads them with NULs: those at the end go."""
    text = os.fsdecode(raw).rstrip("\0")
    return tuple(text.split("\0")) if text else ()
