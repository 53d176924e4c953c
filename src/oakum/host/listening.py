"""Which TCP ports a process listens on, and its connections: the sockets in its table of open files, looked up in its
network's table.

Source: proc_pid_net(5), proc_pid_fd(5).
"""

from __future__ import annotations

import os
import re
import socket
import struct
from collections.abc import Container, Iterable, Iterator

from oakum.host.gauge import ProcessFolder, read_whole
from oakum.model.debugger import Listener
from oakum.model.surroundings import Connection

LISTEN = b"0A"
ESTABLISHED = b"01"
_STATES = {ESTABLISHED: "established", b"08": "close-wait"}
"""Connections that somebody holds; the others are the kernel's, on their way in or out. Source: net/tcp_states.h."""

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


def table(folder: ProcessFolder) -> list[tuple[int, Listener]]:
    """(inode, its own end) of the sockets that listen in the network that ``folder``'s process sees."""
    return [row for raw in _tables(folder) for row in parse_table(raw)]


def established(folder: ProcessFolder) -> list[tuple[int, Listener, Listener]]:
    """(inode, its own end, the other end) of the connections in the network that ``folder``'s process sees."""
    rows = (fields for raw in _tables(folder) for fields in _rows(raw))
    ends = ((fields[9], _end(fields[1]), _end(fields[2])) for fields in rows if fields[3] == ESTABLISHED)
    return [(int(inode), own, other) for inode, own, other in ends if inode.isdigit() and own and other]


def _tables(folder: ProcessFolder) -> list[bytes]:
    found = []
    for name in TABLES:
        try:
            fd = folder.open(name)
        except FileNotFoundError:
            continue
        try:
            found.append(read_whole(fd, _TABLE_BYTES))
        finally:
            os.close(fd)
    return found


def parse_table(raw: bytes) -> list[tuple[int, Listener]]:
    """(inode of the socket, its own end) of the rows of /proc/PID/net/tcp or tcp6 that listen."""
    found = []
    for fields in _rows(raw):
        own = _end(fields[1]) if fields[3] == LISTEN else None
        if own is not None and fields[9].isdigit():
            found.append((int(fields[9]), own))
    return found


def connections(folder: ProcessFolder) -> list[Connection]:
    """Of the process itself. Raises OSError when it has ended or may not be looked at."""
    own = own_sockets(folder)
    return parse_connections(_tables(folder), own) if own else []


def parse_connections(tables: Iterable[bytes], own: Container[int]) -> list[Connection]:
    """Of the tables net/tcp and net/tcp6, the connections whose socket's inode is one of ``own``."""
    rows = [fields for raw in tables for fields in _rows(raw)]
    open_ports = {end.port for fields in rows if fields[3] == LISTEN and (end := _end(fields[1])) is not None}
    found = []
    for fields in rows:
        state = _STATES.get(fields[3])
        if state is None or not fields[9].isdigit() or int(fields[9]) not in own:
            continue
        here, there = _end(fields[1]), _end(fields[2])
        if here is None or there is None:
            continue
        inbound = here.port in open_ports
        address = f"[{there.address}]" if ":" in there.address else there.address
        found.append(Connection(inbound, f"port {here.port}" if inbound else f"{address}:{there.port}", state))
    return found


def _rows(raw: bytes) -> Iterator[list[bytes]]:
    for line in raw.splitlines()[1:]:
        fields = line.split()
        if len(fields) >= 10:
            yield fields


def _end(field: bytes) -> Listener | None:
    """Address and port; None for what is none."""
    address, _, port = field.partition(b":")
    try:
        words = bytes.fromhex(address.decode())
        # Each word of 32 bits is written as this machine's number, so its bytes stand in this machine's order.
        packed = struct.pack(f"={len(words) // 4}I", *struct.unpack(f">{len(words) // 4}I", words))
        return Listener(_text(packed), int(port, 16))
    except (ValueError, struct.error):
        return None


def _text(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET6 if len(packed) == 16 else socket.AF_INET, packed)
