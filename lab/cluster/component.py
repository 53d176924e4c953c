"""A component is a command, a question that it answers once it is ready, and, by its name, a log."""

from __future__ import annotations

import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_ANSWER_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    """Asked again and again; nothing is changed by it."""


def says_ok(url: str, context: ssl.SSLContext | None = None) -> bool:
    return bool(get(url, context))


def get(url: str, context: ssl.SSLContext | None = None) -> bytes:
    """b"" where there is no answer, or another than 200."""
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_WITHIN_S, context=context) as reply:
            return bytes(reply.read())
    except (urllib.error.URLError, OSError):
        return b""


def unchecked() -> ssl.SSLContext:
    """The scheduler signs its own certificate; it is asked on loopback, and only whether it is ready."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """All held until all are known, so that no two are one."""
    held = [socket.create_server((address, 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in held]
    for one in held:
        one.close()
    return ports
