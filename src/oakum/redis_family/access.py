"""Which server, as whom: an address, and what the environment says of how it knows us."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import Final
from urllib.parse import unquote, urlsplit

from oakum.model.errors import CallerError, MachineError

PORT: Final = 6379
SCHEMES: Final = {"redis": False, "valkey": False, "rediss": True, "valkeys": True}
"""Whether each speaks TLS."""

FILES: Final = ("OAKUM_REDIS_AUTHORITY_FILE", "OAKUM_REDIS_CERTIFICATE_FILE", "OAKUM_REDIS_KEY_FILE")


@dataclass(frozen=True, slots=True)
class Access:
    """``database``: None for all of them. ``tls``: None for none. ``place`` alone is ever printed."""

    scheme: str
    host: str
    port: int
    database: int | None = None
    user: str = ""
    password: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def place(self) -> str:
        database = "" if self.database is None else f"/{self.database}"
        return f"{self.scheme}://{self.address}{database}"

    @property
    def client(self) -> str:
        """The beginning of a command that asks it; a password is read from REDISCLI_AUTH."""
        user = f" --user {quote(self.user)}" if self.user else ""
        return f"redis-cli -h {quote(self.host)} -p {self.port}{' --tls' if self.tls else ''}{user}"

    def at(self, host: str, port: int) -> Access:
        """Another node of its cluster: the same login."""
        return replace(self, host=host, port=port, database=None)


def find_access(url: str, environment: Mapping[str, str]) -> Access:
    """A password stands in ``url``, in the file of $OAKUM_REDIS_PASSWORD_FILE, or in $REDISCLI_AUTH.

    Raises CallerError for an address that cannot be read, MachineError for a file that cannot.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORT
        path = parts.path.strip("/")
        database = int(path) if path else None
    except ValueError:
        raise _no_address() from None
    if parts.scheme not in SCHEMES or not host or parts.query or parts.fragment or (database or 0) < 0:
        raise _no_address()
    password = unquote(parts.password or "") or _password(environment)
    tls = _context(environment) if SCHEMES[parts.scheme] else None
    return Access(parts.scheme, host, port, database, unquote(parts.username or ""), password, tls)


def _password(environment: Mapping[str, str]) -> str:
    named = environment.get("OAKUM_REDIS_PASSWORD_FILE")
    if not named:
        return environment.get("REDISCLI_AUTH", "")
    try:
        return Path(named).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise _unreadable("OAKUM_REDIS_PASSWORD_FILE", named, exc) from exc


def _context(environment: Mapping[str, str]) -> ssl.SSLContext:
    authority, certificate, key = (environment.get(name, "") for name in FILES)
    if bool(certificate) != bool(key):
        raise CallerError(
            "a client certificate and its key come together",
            why=f"only the {'certificate' if certificate else 'key'} is named",
            next_step="set OAKUM_REDIS_CERTIFICATE_FILE and OAKUM_REDIS_KEY_FILE",
        )
    context = ssl.create_default_context()
    try:
        if authority:
            context.load_verify_locations(cafile=authority)
    except (OSError, ssl.SSLError) as exc:
        raise _unreadable(FILES[0], authority, exc) from exc
    try:
        if certificate:
            context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as exc:
        raise _unreadable(FILES[1], certificate, exc) from exc
    return context


def _unreadable(setting: str, named: str, exc: Exception) -> MachineError:
    return MachineError(f"cannot read {named}, which {setting} names", why=str(exc), next_step=f"ls -l {named}")


def _no_address() -> CallerError:
    # The text may hold a password: it is not said again.
    return CallerError(
        "that is no address of a Redis or Valkey server",
        why="redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE] is wanted, rediss:// for TLS; signs such as @ / : in a"
        " name or password are written as %40 %2F %3A",
        next_step="oakum investigate redis://127.0.0.1:6379    # the password in REDISCLI_AUTH",
    )
