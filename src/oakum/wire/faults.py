"""What the HTTP library raises for a connection, and what lies behind it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import httpx2

TRANSPORT = (httpx2.TransportError, httpx2.DecodingError, httpx2.TooManyRedirects, httpx2.StreamError, OSError)
"""What the HTTP library raises for a connection."""


def certificate_fault(exc: BaseException) -> ssl.SSLCertVerificationError | None:
    return next((each for each in _chain(exc) if isinstance(each, ssl.SSLCertVerificationError)), None)


def tls_fault(exc: BaseException) -> str:
    """What OpenSSL calls that which ended a connection, as WRONG_VERSION_NUMBER; "" where it says nothing of it.

    What the other side said goes before what failed on our side after it.
    """
    found = [str(each.reason or "") for each in _chain(exc) if isinstance(each, ssl.SSLError)]
    return next((reason for reason in found if is_alert(reason)), next(iter(found), ""))


def is_alert(fault: str) -> bool:
    """Whether the other side said it."""
    return "_ALERT_" in fault


def of_our_certificate(fault: str) -> bool:
    """Whether the other side ended it for the certificate that we sent, or did not send (RFC 8446, 6.2)."""
    return is_alert(fault) and any(
        word in fault for word in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE", "DECRYPT_ERROR")
    )


def _chain(exc: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = exc
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
