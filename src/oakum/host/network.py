"""Connections made inside another process's network namespace: a container's loopback is its own.

Unix sockets whose names are in no folder are of a network, too.
"""

from __future__ import annotations

import ctypes
import os
import socket
import threading
from collections.abc import Callable

from oakum.host.gauge import ProcessFolder

_NEW_NETWORK = 0x4000_0000
"""CLONE_NEWNET of sched.h."""

_libc = ctypes.CDLL(None, use_errno=True)


def connect(folder: ProcessFolder, address: str, port: int, *, within_s: float) -> socket.socket:
    """Raises OSError: EPERM where the namespace is another one and CAP_SYS_ADMIN is missing."""
    return _inside(folder, lambda: socket.create_connection((address, port), timeout=within_s))


def connect_unnamed(folder: ProcessFolder, name: bytes, *, within_s: float) -> socket.socket:
    """To a Unix socket that is in no folder; ``name`` without the zero byte before it. Raises OSError as above."""

    def made() -> socket.socket:
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            found.settimeout(within_s)
            found.connect(b"\0" + name)
        except BaseException:
            found.close()
            raise
        return found

    return _inside(folder, made)


def _inside(folder: ProcessFolder, make: Callable[[], socket.socket]) -> socket.socket:
    with open("/proc/self/ns/net", "rb") as own:  # noqa: PTH123
        there = folder.open("ns/net")
        try:
            if os.fstat(there).st_ino == os.fstat(own.fileno()).st_ino:
                return make()
            return _elsewhere(there, make)
        finally:
            os.close(there)


def _elsewhere(namespace: int, make: Callable[[], socket.socket]) -> socket.socket:
    """A thread of its own enters the namespace and ends there; its socket stays one of that network."""
    made: list[socket.socket] = []
    failed: list[OSError] = []

    def enter() -> None:
        try:
            _enter(namespace)
            made.append(make())
        except OSError as exc:
            failed.append(exc)

    thread = threading.Thread(target=enter, name="oakum-network", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return made[0]


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, _NEW_NETWORK):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
