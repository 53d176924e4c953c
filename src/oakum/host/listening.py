"""Which TCP ports a process listens on: the sockets in its table of open files, looked up in its network's table.

Source: proc_pid_net(5), proc_pid_fd(5).
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Iterable

from oakum.host.gauge import ProcessFolder, read_whole
from oakum.model.debugger import Listener

LISTEN = b"0A"
ESTABLISHED = b"01"
_TABLE_BYTES = 64 << 20
_SOCKET = re.compile(r"socket:\[([0-9]+)\]")


TABLES = ("net/tcp", "net/tcp6")


def listeners(folder: ProcessFolder) -> list[Listener]:
    """Of the process itself. Raises OSError when it has ended or may not be looked at."""
    own = own_sockets(folder)
    return [listener for inode, listener in table(folder) if inode in own]


def taken(folder: ProcessFolder) -> list[Listener]:
    """Of every process in the network that ``folder``'s process sees."""
    return [listener for _, listener in table(folder)]


def own_sockets(folder: ProcessFolder) -> set[int]:
    """Inodes. Raises OSError."""
    fd = os.open("fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder.fd)
    try:
        return sockets(folder.link(f"fd/{name}") for name in os.listdir(fd))
    finally:
        os.close(fd)


def sockets(links: Iterable[str]) -> set[int]:
    """Their inodes, of what the links of a table of open files name."""
    return {int(match[1]) for link in links if (match := _SOCKET.fullmatch(link))}


def table(folder: ProcessFolder, state: bytes = LISTEN) -> list[tuple[int, Listener]]:
    """(inode, its own end) of the sockets in that state in the network that ``folder``'s process sees."""
    rows: list[tuple[int, Listener]] = []
    for name in TABLES:
        try:
            fd = folder.open(name)
        except FileNotFoundError:
            continue
        try:
            rows += parse_table(read_whole(fd, _TABLE_BYTES), state)
        finally:
            os.close(fd)
    return rows


def parse_table(raw: bytes, state: bytes = LISTEN) -> list[tuple[int, Listener]]:
    """(inode of the socket, its own end) of the rows of /proc/PID/net/tcp or tcp6 in that state."""
    found = []
    for line in raw.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != state:
            continue
        address, _, port = fields[1].partition(b":")
        try:
            words = bytes.fromhex(address.decode())
            # Each word of 32 bits is written as this machine's number, so its bytes stand in this machine's order.
            packed = struct.pack(f"={len(words) // 4}I", *struct.unpack(f">{len(words) // 4}I", words))
            found.append((int(fields[9]), Listener(_text(packed), int(port, 16))))
        except (ValueError, struct.error):
            continue
    return found


def _text(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6 if len(packed) == 16 else socket.AF_INET, packed)
