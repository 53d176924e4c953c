"""Where series come from: one parser, one printer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeAlias
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
class ClusterSource:
    """``kube://[CONTEXT]``."""

    context: str | None = None

    def __str__(self) -> str:
        return f"kube://{self.context or ''}"


Source: TypeAlias = HostSource | FileSource | PrometheusSource | ClusterSource


def parse_source(text: str) -> Source:
    """Raises CallerError for an empty text or a scheme that names no source."""
    if text == "host":
        return HostSource()
    scheme, separator, rest = text.partition("://")
    if separator:
        if scheme in {"http", "https"} and _has_host(text):
            return PrometheusSource(text)
        if scheme == "prometheus" and _has_host(text):
            return PrometheusSource(f"http://{rest}")
        if scheme == "kube":
            return ClusterSource(rest.strip("/") or None)
        raise CallerError(
            f"{_shown(scheme, rest)!r} is not a source",
            why="a source is host, a file, http(s)://… of a Prometheus server, or kube://[CONTEXT]",
            next_step="oakum scan host",
        )
    if not text:
        raise CallerError("an empty source", next_step="oakum scan host")
    return FileSource(PurePath(text))


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _shown(scheme: str, rest: str) -> str:
    """Without what stands before the last @: it may be a password, which may hold any letter."""
    return f"{scheme.rpartition('@')[2]}://{rest.rpartition('@')[2]}"
