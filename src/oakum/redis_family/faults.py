"""What a server says when it refuses, or that it says nothing, in Oakum's words: what, why, and the next step."""

from __future__ import annotations

import re
import ssl
from shlex import quote
from typing import Final

from redis import exceptions

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DeniedError, OakumError, SilentError, TargetError
from oakum.redis_family.access import Access

_UNKNOWN: Final = re.compile(r"unknown (sub)?command|not (supported|allowed|available)|disabled", re.IGNORECASE)
_REFUSED: Final = " is refused"
_OPEN: Final = re.compile(r"without any password configured|no password is set", re.IGNORECASE)
_KEYS: Final = re.compile(r"permissions? to access|access a key|one of the keys", re.IGNORECASE)


def denied(command: str, words: str) -> DeniedError:
    """``words``: of the server."""
    return DeniedError(f"{command}{_REFUSED}", why=words)


def _is_right(fault: DeniedError) -> bool:
    """Whether it is a matter of rights; else the server does not know the command."""
    return fault.why.startswith("NOPERM")


def _command(fault: DeniedError) -> str:
    return fault.what.removesuffix(_REFUSED)


def refused(exc: exceptions.ResponseError, command: str, access: Access) -> OakumError:
    """Of an error that the server sent."""
    words = " ".join(str(exc).split())[:200]
    told = f"NOPERM {words}" if isinstance(exc, exceptions.NoPermissionError) and "NOPERM" not in words else words
    if isinstance(exc, exceptions.NoPermissionError) or _UNKNOWN.search(words):
        return denied(command, told)
    known = words.startswith(("NOAUTH", "WRONGPASS")) or _OPEN.search(words)
    if isinstance(exc, exceptions.AuthenticationError) or known:
        return no_entry(words, access)
    return TargetError(f"{access.place} refuses {command}", why=words, next_step=f"{access.client} {command}")


def no_entry(words: str, access: Access) -> TargetError:
    if _OPEN.search(words):
        return TargetError(
            f"{access.place} does not let us in with a password",
            why=f"it has none: {words}",
            next_step="env -u REDISCLI_AUTH -u OAKUM_REDIS_PASSWORD_FILE"
            f" oakum investigate {quote(access.place)}    # leave the password out",
        )
    whom = f"as {access.user}" if access.user else "without a user"
    how = "with a password that it does not take" if access.password else "and no password is known"
    return TargetError(
        f"{access.place} does not let us in",
        why=f"{whom}, {how}: {words}",
        next_step="set REDISCLI_AUTH or OAKUM_REDIS_PASSWORD_FILE, and name the user: redis://USER@HOST:PORT",
    )


def unreached(exc: BaseException, access: Access, *, met: bool = False) -> OakumError:
    """Of a connection that failed. ``met``: it has answered before."""
    fault = _certificate(exc)
    if fault is not None:
        return TargetError(
            f"the server {access.place} is not who it should be",
            why=f"its certificate is refused: {fault.verify_message or fault}",
            next_step="OAKUM_REDIS_AUTHORITY_FILE=FILE    # who signed it",
        )
    if isinstance(exc, exceptions.AuthenticationError):
        return no_entry(" ".join(str(exc).split()), access)
    if isinstance(exc, exceptions.BusyLoadingError):
        return TargetError(
            f"{access.place} is still loading its data", why=str(exc), next_step=f"{access.client} INFO persistence"
        )
    words = " ".join(str(exc).split()) or type(exc).__name__
    if isinstance(exc, exceptions.TimeoutError | TimeoutError):
        why = str(exc) or "no answer came within the deadline"
        return SilentError(f"{access.place} does not answer in time", why=why, next_step=f"{access.client} PING")
    hint = "" if met else _hint(words, access)
    return TargetError(f"{access.place} cannot be reached", why=words + hint, next_step=f"{access.client} PING")


def _hint(words: str, access: Access) -> str:
    """TLS that only one of the two speaks looks like a connection that is closed."""
    if access.tls is not None:
        return "; does it speak TLS? redis:// is without"
    closed = "closed" in words.lower() or "reset" in words.lower()
    return "; does it want TLS? rediss:// is with" if closed else ""


def _certificate(exc: BaseException | None) -> ssl.SSLCertVerificationError | None:
    seen = 0
    while exc is not None and seen < 8:
        if isinstance(exc, ssl.SSLCertVerificationError):
            return exc
        exc, seen = exc.__cause__ or exc.__context__, seen + 1
    return None


def absent_of(what: str, fault: OakumError, user: str, access: Access) -> Absent:
    """What a refused command would have told, and the right that would get it."""
    if not isinstance(fault, DeniedError):
        return Absent(what, AbsentKind.UNREADABLE, fault.brief, fault.next_step)
    if not _is_right(fault):
        return Absent(what, AbsentKind.NOT_APPLICABLE, f"this server has no {_command(fault)}: {fault.why}")
    return Absent(what, AbsentKind.NOT_PERMITTED, fault.why, right(fault, user, access))


def right(fault: DeniedError, user: str, access: Access) -> str:
    """``ACL SETUSER`` as its owner types it. ``%R~*``: read any key, nothing else (Redis 7.0, Valkey)."""
    whom = quote(user or access.user or "default")
    asker = f"redis-cli -h {quote(access.host)} -p {access.port}{' --tls' if access.tls else ''}"
    if _KEYS.search(fault.why):
        return f"{asker} ACL SETUSER {whom} '%R~*'"
    return f"{asker} ACL SETUSER {whom} +{_command(fault).lower().replace(' ', '|')}"
