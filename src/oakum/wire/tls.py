"""Certificates that say who we are."""

from __future__ import annotations

import os
import ssl


def load(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """The key reaches OpenSSL through a file of memory: it never lies on a disk."""
    handle = os.memfd_create("oakum-login", os.MFD_CLOEXEC)
    try:
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(certificate.rstrip() + b"\n" + key)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
