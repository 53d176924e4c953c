"""What is being looked at: one parser, one printer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from oakum.model.errors import CallerError

WORKLOAD_KINDS: Final = {
    "deploy": "deploy",
    "deployment": "deploy",
    "sts": "sts",
    "statefulset": "sts",
    "ds": "ds",
    "daemonset": "ds",
    "job": "job",
}
IN_CLUSTER: Final = frozenset({"deploy", "sts", "ds", "job", "pod"})
"""How a target of a cluster begins, as it is printed."""

_DNS_NAME: Final = re.compile(r"[a-z0-9]([-.a-z0-9]*[a-z0-9])?")
_PATHS: Final = ("/", "./", "../")
_FOREIGN: Final = re.compile(r"[A-Za-z][\w+.-]{0,40}://")
_URL_SCHEMES: Final = ("redis", "rediss", "valkey", "valkeys", "postgresql", "postgres")
_PLACES: Final = frozenset({"host", "hostaddr", "port", "dbname", "service", "sslmode"})
"""What a query of a URL may say of where a server is; all else of it may be secret, and is not printed."""


@dataclass(frozen=True, slots=True)
class ProcessTarget:
    """``pid/N``: a process of this machine."""

    pid: int

    def __str__(self) -> str:
        return f"pid/{self.pid}"


@dataclass(frozen=True, slots=True)
class CgroupTarget:
    """``cgroup/PATH``: a control group of this machine, its path relative to the hierarchy's root."""

    path: str

    def __str__(self) -> str:
        return f"cgroup{self.path}"


@dataclass(frozen=True, slots=True)
class WorkloadTarget:
    """``deploy|sts|ds|job/NAMESPACE/NAME[@CONTEXT]``."""

    kind: str
    namespace: str
    name: str
    context: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}{_at(self.context)}"


@dataclass(frozen=True, slots=True)
class PodTarget:
    """``pod/NAMESPACE/NAME[/CONTAINER][@CONTEXT]``."""

    namespace: str
    name: str
    container: str | None = None
    context: str | None = None

    def __str__(self) -> str:
        container = f"/{self.container}" if self.container else ""
        return f"pod/{self.namespace}/{self.name}{container}{_at(self.context)}"


@dataclass(frozen=True, slots=True)
class NodeTarget:
    """``node/NAME[@CONTEXT]``."""

    name: str
    context: str | None = None

    def __str__(self) -> str:
        return f"node/{self.name}{_at(self.context)}"


@dataclass(frozen=True, slots=True)
class DependencyTarget:
    """A dependency by its URL: ``redis://…``, ``postgresql://…``. It may hold a password: print ``str()``."""

    url: str

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        login, at, host = parts.netloc.rpartition("@")
        user = login.partition(":")[0] + at if login.partition(":")[0] else ""
        places = urlencode([pair for pair in parse_qsl(parts.query) if pair[0] in _PLACES], safe="/")
        return f"{parts.scheme}://{user}{host}{parts.path}{'?' + places if places else ''}"


@dataclass(frozen=True, slots=True)
class LogTarget:
    """``log/PATH``, or a path that begins with ``/``, ``./`` or ``../``: a log file; ``-``: standard input."""

    path: str

    def __str__(self) -> str:
        return self.path if self.path.startswith(_PATHS) or self.path == "-" else f"log/{self.path}"


Target: TypeAlias = (
    ProcessTarget | CgroupTarget | WorkloadTarget | PodTarget | NodeTarget | DependencyTarget | LogTarget
)


def parse_target(text: str) -> Target:
    """Raises CallerError with the forms that would have been understood."""
    kind, slash, rest = text.partition("/")
    if text.partition("://")[0].lower() in _URL_SCHEMES and "://" in text:
        return _dependency(text)
    if text == "-" or text.startswith(_PATHS):
        return LogTarget(text)
    if _FOREIGN.match(text):
        # What stands behind it may hold a password.
        scheme = text.partition("://")[0]
        known = ", ".join(f"{each}://" for each in sorted(_URL_SCHEMES))
        raise _not_a_target(f"{scheme}://…", f"of dependencies it looks into {known}")
    if not slash or not rest:
        raise _not_a_target(text)
    if kind == "pid":
        # int() would take "+5", " 5" and digits of other scripts.
        if not rest.isascii() or not rest.isdigit() or int(rest) == 0:
            raise _not_a_target(text, "a process id is a positive whole number")
        return ProcessTarget(int(rest))
    if kind == "cgroup":
        path = "/" + rest.strip("/")
        if ".." in path.split("/"):
            raise _not_a_target(text, "a cgroup path may not climb out with ..")
        return CgroupTarget(path)
    if kind == "log":
        return LogTarget(rest)
    return _parse_cluster_target(text, kind, rest)


def _dependency(text: str) -> DependencyTarget:
    try:
        plain = _is_plain(text)
    except ValueError:
        plain = False
    if not plain:
        # The text may hold a password: it is not said again.
        raise CallerError(
            f"this is no {text.partition('://')[0].lower()}:// address that can be read",
            why="signs of a name, password or path such as @ / : # ? [ ] are written as %40 %2F %3A %23 %3F %5B %5D",
            next_step="oakum investigate postgresql://USER@HOST:5432/DATABASE    # the password in PGPASSWORD"
            if text.lower().startswith("postgres")
            else "oakum investigate redis://USER@HOST:6379    # the password in REDISCLI_AUTH",
        )
    return DependencyTarget(text)


def _is_plain(text: str) -> bool:
    """Whether no piece of a password can be taken for a host, path or query, and be printed. Raises ValueError."""
    parts = urlsplit(text)
    login, _, hosts = parts.netloc.rpartition("@")
    of_postgres = parts.scheme.startswith("postgres")
    # libpq ends a password at the first @, and takes several hosts, each with its port.
    for host in hosts.split(",") if of_postgres else (hosts,):
        _ = urlsplit(f"//{host}").port
    return not ("#" in text or "@" in parts.path + parts.query or (of_postgres and "@" in login))


def _parse_cluster_target(text: str, kind: str, rest: str) -> Target:
    names, _, context_text = rest.partition("@")
    context = context_text or None
    parts = names.split("/")
    if not all(_DNS_NAME.fullmatch(part) for part in parts):
        raise _not_a_target(text, "names in a cluster are lower-case letters, digits, '-' and '.'")
    match kind, parts:
        case "node", [name]:
            return NodeTarget(name, context)
        case "pod", [namespace, name]:
            return PodTarget(namespace, name, None, context)
        case "pod", [namespace, name, container]:
            return PodTarget(namespace, name, container, context)
        case _, [namespace, name] if kind in WORKLOAD_KINDS:
            return WorkloadTarget(WORKLOAD_KINDS[kind], namespace, name, context)
    raise _not_a_target(text)


def _at(context: str | None) -> str:
    return f"@{context}" if context else ""


def _not_a_target(text: str, why: str = "") -> CallerError:
    return CallerError(
        f"{_without_login(text)!r} is not a target",
        why=why
        or "a target is pid/N, cgroup/PATH, deploy|sts|ds|job/NAMESPACE/NAME, pod/NAMESPACE/NAME[/CONTAINER],"
        " node/NAME, log/PATH or ./FILE, redis://… or postgresql://…",
        next_step="oakum scan host    # lists the processes and cgroups of this machine",
    )


def _without_login(text: str) -> str:
    """What stands before an @ may be a password, but for a cluster's: there it says what, and a context follows."""
    login, at, rest = text.rpartition("@")
    in_cluster = login.partition("/")[0] in {*WORKLOAD_KINDS, "pod", "node"} and ":" not in login
    return text if in_cluster or not at else f"…@{rest}"
