"""Certificates that say who we are."""

from __future__ import annotations

import os
import ssl
from typing import Final

import anyio

ALERT_S: Final = 2.0
"""For so long the other side may take to refuse a connection, once it has been asked for."""


async def refusal(host: str, port: int, context: ssl.SSLContext) -> Exception | None:
    """What ends a connection that says nothing, None where nothing does.

    With TLS 1.3 a server refuses a client's certificate once the client holds the handshake for done: what it says
    of that is lost where a request is written meanwhile.
    """
    with anyio.move_on_after(ALERT_S):
        try:
            async with await anyio.connect_tcp(host, port, tls=True, ssl_context=context) as stream:
                await stream.receive()
        except (OSError, anyio.BrokenResourceError, anyio.EndOfStream) as exc:
            return exc
    return None


def load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """The key reaches OpenSSL through a file of memory: it never lies on a disk."""
    handle = os.memfd_create("oakum-login", os.MFD_CLOEXEC)
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
