"""What a server says when it refuses, or that it says nothing, in Oakum's words: what, why, and the next step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from shlex import quote
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from oakum.model.errors import InternalError, OakumError, TargetError, TooMuchError
from oakum.prometheus.access import Access
from oakum.wire.faults import certificate_fault, of_our_certificate, tls_fault

_TOO_MUCH: Final = re.compile(
    r"too many (samples|points|time ?series|chunks)|maximum resolution|search\.max|err-mimir-max-"
    r"|exceed(ed|s) [a-z- ]*(limit|maximum)|(query|context) (timed out|timeout|deadline)|timed out in"
    r"|number of matching timeseries exceeds|response too large|larger than max",
    re.IGNORECASE,
)
"""How the servers of the family say that less must be asked at once; their codes for it differ."""

ASK: Final = "/api/v1/query?query=1"

_PLAIN_TO_TLS: Final = re.compile(r"HTTP request (was sent )?to (an )?HTTPS", re.IGNORECASE)
"""As Go's servers and nginx say it."""

_NO_PATH: Final = "unsupported path requested"
"""So VictoriaMetrics says 404."""

_NAMES: Final = frozenset({62, 63, 64})
_DATES: Final = frozenset({9, 10})

_TENANT: Final = re.compile(r"no org ?id|tenant|X-Scope-OrgID", re.IGNORECASE)


def words_of(content: bytes) -> str:
    """What an answer that is none says, on one line."""
    try:
        told = orjson.loads(content)
    except ValueError:
        told = None
    if isinstance(told, Mapping):
        said = told.get("error") or told.get("message") or ""
        return " ".join(str(said).split())[:400]
    text = content[:4096].decode("utf-8", "replace")
    title = re.search(r"<title>([^<]*)</title>", text, re.IGNORECASE)
    return " ".join((f"a page titled {title[1]!r}" if title else re.sub(r"<[^>]*>", " ", text)).split())[:400]


def refused(code: int, content: bytes, asked: str, access: Access) -> OakumError:
    """Of an answer that is none. ``asked``: the path and, where there is one, the query."""
    place = access.base
    words = words_of(content)
    why = f"{code}: {words}" if words else f"it answered {code}"
    # A server that is about to stop also speaks of time: only 503 of the query engine means the question.
    if code == 413 or (code in {400, 422, 500, 503} and _TOO_MUCH.search(words)):
        return TooMuchError(
            f"{place} does not answer so much at once", why=why, next_step="ask for less: --window 6h, or --namespace"
        )
    if code in {401, 403} or (code == 400 and _TENANT.search(words)):
        return _not_let_in(code, words, why, access)
    if 300 <= code < 400:
        return TargetError(
            f"{place} sends us elsewhere",
            why=f"it answered {code}, as a login page or an address without its path does",
            next_step=access.peek(ASK),
        )
    if code == 404 or (code == 400 and _NO_PATH in words):
        return TargetError(
            f"there is no Prometheus API at {place}",
            why=f"{asked}: {why}",
            next_step=_other_path(access),
        )
    if code == 400 and _PLAIN_TO_TLS.search(words):
        return TargetError(
            f"{place} speaks TLS only",
            why=why,
            next_step=f"oakum scan {quote('https' + place.removeprefix('http'))}",
        )
    if code in {400, 422}:
        return InternalError(f"{place} refused a query of ours", why=f"{why}, of {asked}")
    return TargetError(
        f"{place} is too busy or not whole",
        why=f"{asked}: {why}",
        next_step=f"{access.peek('/-/ready')}    # then the same command again",
    )


def _other_path(access: Access) -> str:
    """Where there is none, one may be missing; where there is one, it may be too much."""
    path = urlsplit(access.base).path
    if not path:
        return "is a path missing, as /prometheus (Mimir) or /select/0/prometheus (VictoriaMetrics cluster)?"
    return f"oakum scan {quote(access.source.removesuffix(path))}    # without its path, or with another one"


def _not_let_in(code: int, words: str, why: str, access: Access) -> TargetError:
    if code != 400 and access.withheld:
        return _withheld(why, access)
    if _TENANT.search(words):
        return TargetError(
            f"{access.base} wants to know whose data is meant",
            why=why,
            next_step="OAKUM_PROMETHEUS_TENANT=NAME, or tenant in [prometheus] of oakum.toml",
        )
    return TargetError(
        f"{access.base} does not let us in",
        why=why,
        next_step="set OAKUM_PROMETHEUS_TOKEN_FILE, or OAKUM_PROMETHEUS_USER and …_PASSWORD_FILE",
    )


def unreached(exc: Exception, access: Access, heard: Exception | None = None) -> OakumError:
    """Of a transport that failed. ``heard``: what the server said of it to a second connection."""
    place, exc = access.base, heard or exc
    fault = certificate_fault(exc)
    if fault is not None:
        return TargetError(
            f"the server {place} is not who it should be",
            why=f"its certificate is refused: {fault.verify_message}",
            next_step=_look_at(fault.verify_code, access),
        )
    tls = tls_fault(exc)
    if of_our_certificate(tls):
        return _our_certificate(tls.partition("_ALERT_")[2].replace("_", " ").lower(), access)
    if tls == "WRONG_VERSION_NUMBER":
        return TargetError(
            f"what answers at {place} does not speak TLS",
            why="https is asked for, and it sent something else",
            next_step=f"oakum scan {quote('http' + place.removeprefix('https'))}    # if that is the server",
        )
    told = " ".join(str(exc).split())
    return TargetError(f"{place} does not answer", why=told or type(exc).__name__, next_step=access.peek(ASK))


def _look_at(code: int, access: Access) -> str:
    """``code``: why OpenSSL does not take the server's certificate (X509_V_ERR of its x509_vfy.h)."""
    at = urlsplit(access.base)
    shown = f"openssl s_client -connect {at.hostname}:{at.port or 443} </dev/null | openssl x509 -noout"
    if code in _NAMES:
        return f"{shown} -ext subjectAltName    # then ask by a name that it has"
    if code in _DATES:
        return f"{shown} -dates; date    # the server's certificate, and the clock of this machine"
    return "OAKUM_PROMETHEUS_AUTHORITY_FILE=FILE    # who signed it"


def _our_certificate(said: str, access: Access) -> TargetError:
    if access.certificate:
        return TargetError(
            f"{access.base} does not take our client certificate",
            why=f"it ends the handshake with {said!r}",
            next_step="openssl x509 -noout -subject -issuer -dates -in FILE    # that of certificate_file",
        )
    if access.withheld:
        return _withheld(f"it wants a client certificate ({said!r})", access)
    return TargetError(
        f"{access.base} wants a client certificate",
        why=f"none was sent, and it ends the handshake with {said!r}",
        next_step="set OAKUM_PROMETHEUS_CERTIFICATE_FILE and OAKUM_PROMETHEUS_KEY_FILE",
    )


def _withheld(why: str, access: Access) -> TargetError:
    return TargetError(
        f"{access.base} does not let us in",
        why=f"{why}; the environment's login is for the server of OAKUM_PROMETHEUS_URL, and was not sent",
        next_step=f"export OAKUM_PROMETHEUS_URL={quote(access.source)}    # if it is for this one",
    )


def no_api(content: bytes, access: Access) -> TargetError:
    return TargetError(
        f"what answers at {access.base} does not speak Prometheus' API",
        why=f"JSON with a status is wanted, and it sent {words_of(content) or 'nothing'}",
        next_step=f"{access.peek(ASK)}    # is it the right port and path?",
    )


def no_stream(kind: str, access: Access) -> TargetError:
    if kind.startswith("application/x-protobuf"):
        return TargetError(
            f"{access.base} answers remote read with samples only",
            why="it was asked for chunks, which come piece by piece; its answer would have to be held whole",
            next_step=f"oakum scan {access.source} --no-remote-read",
        )
    return TargetError(
        f"{access.base} does not stream what it holds",
        why=f"its answer is {kind[:60] or 'of no type'}",
        next_step=f"oakum scan {access.source} --no-remote-read",
    )


def odd(access: Access, what: str, told: Any) -> TargetError:
    return TargetError(
        f"{access.base} answered what no Prometheus does",
        why=f"{what}: {str(told)[:120]}",
        next_step=access.peek(ASK),
    )
