"""A TCP connection made inside another process's network namespace: a container's loopback is its own."""

from __future__ import annotations

import ctypes
import os
import socket
import threading

from oakum.host.gauge import ProcessFolder

_NEW_NETWORK = 0x4000_0000
"""CLONE_NEWNET of sched.h."""

_libc = ctypes.CDLL(None, use_errno=True)


def connect(folder: ProcessFolder, address: str, port: int, *, within_s: float) -> socket.socket:
    """Raises OSError: EPERM where the namespace is another one and CAP_SYS_ADMIN is missing."""
    with open("/proc/self/ns/net", "rb") as own:  # noqa: PTH123
        there = folder.open("ns/net")
        try:
            if os.fstat(there).st_ino == os.fstat(own.fileno()).st_ino:
                return socket.create_connection((address, port), timeout=within_s)
            return _elsewhere(there, address, port, within_s)
        finally:
            os.close(there)


def _elsewhere(namespace: int, address: str, port: int, within_s: float) -> socket.socket:
    """A thread of its own enters the namespace and ends there; its socket stays one of that network."""
    made: list[socket.socket] = []
    failed: list[OSError] = []

    def enter() -> None:
        try:
            _enter(namespace)
            made.append(socket.create_connection((address, port), timeout=within_s))
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
