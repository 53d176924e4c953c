"""Where series come from: one parser, one printer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from shlex import quote
from typing import Final, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from oakum.model.errors import CallerError


@dataclass(frozen=True, slots=True)
class HostSource:
    """This machine: its processes and cgroups."""

    def __str__(self) -> str:
        return "host"


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file of series: CSV, Parquet, or the JSON of a Prometheus range query. Told apart by content."""

    path: PurePath

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True, slots=True)
class PrometheusSource:
    """A server of the Prometheus family. The URL may hold a password: print ``str()``."""

    url: str

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


@dataclass(frozen=True, slots=True)
class ServiceSource:
    """``kube+http(s)://SERVICE.NAMESPACE[:PORT][/PATH][@CONTEXT]``: a server of the Prometheus family in a cluster.

    It is reached through the API server, by port-forward. ``port``: of the service, None for its only one.
    ``path``: "" or with a slash at its beginning.
    """

    service: str
    namespace: str
    port: int | None = None
    path: str = ""
    secure: bool = False
    context: str | None = None

    @property
    def url(self) -> str:
        """As it is called within the cluster: the name that its certificate is for."""
        port = "" if self.port is None else f":{self.port}"
        return f"http{'s' * self.secure}://{self.service}.{self.namespace}.svc{port}{self.path}"

    @property
    def look(self) -> str:
        """The beginning of a command that asks it: a path follows."""
        context = f" --context {quote(self.context)}" if self.context else ""
        port = "" if self.port is None else f":{self.port}"
        name = f"https:{self.service}{port or ':'}" if self.secure else f"{self.service}{port}"
        return (
            f"kubectl get{context} --raw /api/v1/namespaces/{self.namespace}/services/{name}/proxy"
            f"{self.path.rstrip('/')}"
        )

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        context = f"@{self.context}" if self.context else ""
        return f"kube+http{'s' * self.secure}://{self.service}.{self.namespace}{port}{self.path}{context}"


@dataclass(frozen=True, slots=True)
class ClusterSource:
    """``kube://[CONTEXT]``."""

    context: str | None = None

    def __str__(self) -> str:
        return f"kube://{self.context or ''}"


MetricsSource: TypeAlias = PrometheusSource | ServiceSource
Source: TypeAlias = HostSource | FileSource | MetricsSource | ClusterSource

_SERVICE: Final = re.compile(r"([a-z]([-a-z0-9]*[a-z0-9])?)\.([a-z0-9]([-a-z0-9]*[a-z0-9])?)(\.svc(\.[-.a-z0-9]+)?)?")
"""SERVICE.NAMESPACE, and what pods write behind it: ``.svc``, ``.svc.cluster.local``."""

_SERVICES: Final = "oakum scan kube+http://prometheus.monitoring:9090    # kubectl get services -A"


def parse_source(text: str) -> Source:
    """Raises CallerError for an empty text or a scheme that names no source."""
    if text == "host":
        return HostSource()
    scheme, separator, rest = text.partition("://")
    if separator:
        if scheme in {"http", "https", "prometheus"} and _is_cut_short(text):
            raise _unclear("http(s)://[NAME:PASSWORD@]HOST[:PORT][/PATH]", "oakum scan http://127.0.0.1:9090")
        if scheme in {"http", "https"} and _has_host(text):
            return PrometheusSource(text)
        if scheme == "prometheus" and _has_host(text):
            return PrometheusSource(f"http://{rest}")
        if scheme == "kube":
            return ClusterSource(rest.strip("/") or None)
        if scheme in {"kube+http", "kube+https"}:
            return _service(scheme, rest)
        raise CallerError(
            f"{_shown(scheme, rest)!r} is not a source",
            why="a source is host, a file, http(s)://… of a Prometheus server, kube+http(s)://SERVICE.NAMESPACE:PORT of"
            " one inside a cluster, or kube://[CONTEXT]",
            next_step="oakum scan host",
        )
    if not text:
        raise CallerError("an empty source", next_step="oakum scan host")
    return FileSource(PurePath(text))


def metrics_source(text: str) -> MetricsSource:
    """Of a text that must name a server of the Prometheus family. Raises CallerError, without a password in it."""
    source = parse_source(text)
    if not isinstance(source, PrometheusSource | ServiceSource):
        raise CallerError(
            f"{str(source)!r} is no server of the Prometheus family",
            why="http(s)://… is wanted, or kube+http(s)://SERVICE.NAMESPACE:PORT of one inside a cluster",
            next_step="--prometheus http://127.0.0.1:9090",
        )
    return source


def _service(scheme: str, rest: str) -> ServiceSource:
    """What follows the first @ is the context, as in targets: a login stands in oakum.toml or the environment."""
    address, _, context = rest.partition("@")
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _unclear(f"{scheme}://SERVICE.NAMESPACE[:PORT][/PATH][@CONTEXT]", _SERVICES) from None
    found = _SERVICE.fullmatch(host)
    if found is None or port == 0 or parts.query or parts.fragment:
        raise CallerError(
            f"{_shown(scheme, rest)!r} is no service of a cluster",
            why=f"{scheme}://SERVICE.NAMESPACE[:PORT][/PATH][@CONTEXT] is wanted",
            next_step=_SERVICES,
        )
    return ServiceSource(found[1], found[3], port, parts.path.rstrip("/"), scheme == "kube+https", context or None)


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _is_cut_short(url: str) -> bool:
    """Whether a password may go on behind the host: one that holds / ? # ends it too early."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return True
    return "@" in f"{parts.path}{parts.query}{parts.fragment}"


def _unclear(wanted: str, next_step: str) -> CallerError:
    """Nothing of it is printed: what a password is in it is not known."""
    return CallerError(
        "the address of a server cannot be understood",
        why=f"{wanted} is wanted: a port is a number, and / ? # @ in a name or password are %2F %3F %23 %40",
        next_step=next_step,
    )


def _shown(scheme: str, rest: str) -> str:
    """Without what stands before the last @: it may be a password, which may hold any letter."""
    return f"{scheme.rpartition('@')[2]}://{rest.rpartition('@')[2]}"
