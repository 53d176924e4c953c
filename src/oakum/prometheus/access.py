"""Which server, as whom: its address, and what oakum.toml or the environment says of how it knows us."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from oakum.model.errors import CallerError, MachineError
from oakum.model.metrics import LOGIN
from oakum.model.source import PrometheusSource, ServiceSource, parse_source

TENANT: Final = "X-Scope-OrgID"
"""By which Mimir, Cortex and Loki know whose data is meant."""

_PATHS: Final = ("/api/v1/query_range", "/api/v1/query", "/api/v1", "/graph", "/vmui")
"""What people copy along with an address."""


_NAME: Final = re.compile(r"[A-Za-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Access:
    """``base``: without a name, a password, or a slash at the end. Nothing but it is ever printed.

    ``token_file``: read again for each request, for it is renewed. Certificates and the key are PEM.
    ``look``: the beginning of a command that asks it, where curl does not reach it from here.
    """

    base: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token_file: Path | None = None
    authority: str = field(default="", repr=False)
    certificate: bytes = field(default=b"", repr=False)
    key: bytes = field(default=b"", repr=False)
    look: str = ""
    service: str = ""
    """The source that ``oakum scan`` takes, where that is not ``base``."""
    withheld: bool = False
    """Whether the environment has a login, for another server."""

    @property
    def source(self) -> str:
        return self.service or self.base

    def peek(self, path: str) -> str:
        """A command that asks it."""
        return f"{self.look or f'curl -s {self.base}'}{path}"

    @property
    def local(self) -> bool:
        """Whether the server is on this very machine."""
        return urlsplit(self.base).hostname in {"localhost", "127.0.0.1", "::1"}

    def sent(self) -> dict[str, str]:
        """The headers of one request. Raises MachineError for a token that cannot be read."""
        if self.token_file is None:
            return dict(self.headers)
        return {**self.headers, "Authorization": f"Bearer {_line(self.token_file)}"}


def find_access(
    url: str, environment: Mapping[str, str], table: Mapping[str, Any], service: ServiceSource | None = None
) -> Access:
    """``table``: ``[prometheus]`` of oakum.toml. What it holds is sent to the server of its ``url`` and to no other.

    What the environment holds is sent to the server of $OAKUM_PROMETHEUS_URL alone, where that is set, else to any.
    ``service``: where it is one inside a cluster: another cluster's of the same name is another server.
    The environment wins over the table, and a name and password in ``url`` over both.
    Raises CallerError or MachineError for what cannot be used.
    """
    address = _address(url)
    base = _base(address)
    given = {name: environment[key] for name in LOGIN if environment.get(key := f"OAKUM_PROMETHEUS_{name.upper()}")}
    named = given.pop("url", "")
    withheld = bool(given and named) and not _is_same(address, service, named, "OAKUM_PROMETHEUS_URL")
    if withheld:
        given = {}
    kept = dict(table) if _is_same(address, service, table.get("url", ""), "[prometheus] url") else {}
    said: dict[str, Any] = {**_without_login(kept, given), **given}
    headers = _headers(said.get("headers", {}))
    if tenant := said.get("tenant"):
        headers[TENANT] = tenant
    token_file = None
    if address.username is not None:
        headers["Authorization"] = _basic(unquote(address.username), unquote(address.password or ""))
    elif said.get("token"):
        headers["Authorization"] = f"Bearer {said['token'].strip()}"
    elif said.get("token_file"):
        token_file = Path(said["token_file"]).expanduser()
        _line(token_file)
    elif said.get("user"):
        password = _line(Path(said["password_file"])) if said.get("password_file") else said.get("password", "")
        headers["Authorization"] = _basic(said["user"], password)
    _sendable(headers)
    certificate, key = said.get("certificate_file", ""), said.get("key_file", "")
    if bool(certificate) != bool(key):
        raise CallerError(
            "a client certificate and its key come together",
            why=f"only the {'certificate' if certificate else 'key'} is named",
            next_step="set certificate_file and key_file",
        )
    return Access(
        base,
        headers,
        token_file,
        _content(said["authority_file"]).decode("ascii", "replace") if said.get("authority_file") else "",
        _content(certificate) if certificate else b"",
        _content(key) if key else b"",
        "" if service is None else service.look,
        "" if service is None else str(service),
        withheld,
    )


def _without_login(table: dict[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """A login of the environment replaces that of the table as a whole."""
    login = {"token", "token_file", "user", "password", "password_file"}
    if not login & given.keys():
        return table
    return {name: value for name, value in table.items() if name not in login}


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise _no_address() from exc
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise _no_address()
    if parts.query or parts.fragment:
        raise CallerError(
            "the address of a Prometheus server ends with its path",
            why="this one goes on with ? or #, as a page that was copied from a browser does",
            next_step=f"oakum scan {_base(parts._replace(query='', fragment=''))}",
        )
    return parts


def _no_address() -> CallerError:
    return CallerError(
        "that is no address of a Prometheus server",
        why="http(s)://HOST[:PORT][/PATH] is wanted",
        next_step="oakum scan http://127.0.0.1:9090",
    )


def _base(parts: SplitResult) -> str:
    path = parts.path.rstrip("/")
    for copied in _PATHS:
        path = path.removesuffix(copied)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path.rstrip("/")))


def _is_same(address: SplitResult, service: ServiceSource | None, url: str, setting: str) -> bool:
    """Whether ``url``, of ``setting``, names it; the path is no part of which server it is."""
    if not url:
        return False
    try:
        own = parse_source(url)
    except CallerError as exc:
        raise CallerError(
            f"{setting} is no address of a Prometheus server",
            why="http(s)://HOST[:PORT][/PATH] is wanted, or kube+http(s)://SERVICE.NAMESPACE[:PORT][/PATH][@CONTEXT]",
            next_step="edit oakum.toml" if setting.startswith("[") else f"unset {setting}",
        ) from exc
    if service is not None:
        return isinstance(own, ServiceSource) and replace(own, path="") == replace(service, path="")
    return isinstance(own, PrometheusSource) and _place(urlsplit(own.url)) == _place(address)


def _place(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _headers(given: object) -> dict[str, str]:
    """A table of oakum.toml, or ``Name: value`` lines of the environment."""
    if isinstance(given, str):
        pairs = [line.partition(":") for line in given.splitlines() if line.strip()]
        if not all(colon for _, colon, _ in pairs):
            # The line may be a secret as a whole.
            raise CallerError(
                "a line of OAKUM_PROMETHEUS_HEADERS is no header",
                why="'Name: value' is wanted on each line, and one has no colon",
                next_step="export OAKUM_PROMETHEUS_HEADERS='X-Reason: oakum'",
            )
        return {name.strip(): value.strip() for name, _, value in pairs}
    if isinstance(given, Mapping) and all(isinstance(value, str) for value in given.values()):
        return {str(name): value for name, value in given.items()}
    raise CallerError("[prometheus] headers is no table of texts", next_step="edit oakum.toml")


def _sendable(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable() or not name or " " in name or ":" in name:
            # What is no name may be a secret that stands in its place.
            shown = f"the header {name[:40]!r}" if _NAME.fullmatch(name) else "a header"
            raise CallerError(
                f"{shown} for the Prometheus server cannot be sent",
                why="it holds letters that no header has",
                next_step="look at [prometheus] in oakum.toml and at OAKUM_PROMETHEUS_…",
            )


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _line(path: Path) -> str:
    """The only line of a file that holds a secret."""
    told = _content(str(path)).decode("utf-8", "replace").strip()
    if not told.isascii() or not told.isprintable() or not told:
        raise MachineError(f"{path} holds no token or password", why="one line is wanted", next_step=f"wc {path}")
    return told


def _content(name: str) -> bytes:
    path = Path(name).expanduser()
    try:
        return path.read_bytes()
    except OSError as exc:
        raise MachineError(f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {path}") from exc
