"""What the HTTP library raises for a connection, and what lies behind it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx2

TRANSPORT = (httpx2.TransportError, httpx2.DecodingError, httpx2.TooManyRedirects, httpx2.StreamError, OSError)
"""What the HTTP library raises for a connection."""


def certificate_fault(exc: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((each for each in _chain(exc) if isinstance(each, ssl.SSLCertVerificationError)), None)


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = exc
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
