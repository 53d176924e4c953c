"""How a process was started, so that it can be started again; and how it takes being asked to end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stdio:
    """Where one of the three standard streams leads. ``flags``: as open(2) takes them.

    ``path``: "" for what has no name to be opened again by (a pipe, a socket).
    """

    path: str
    flags: int
    shown: str


@dataclass(frozen=True, slots=True)
class Launch:
    """All of it is a secret: the environment is.

    ``executable``: what is executed; ``command``: its arguments, the first its own name.
    ``environment``: ``NAME=value`` in order, not UTF-8 as surrogates. ``limits``: (resource, soft, hard).
    ``cgroups``: the ``cgroup.procs`` files of its cgroups, of every hierarchy.
    ``lost``: what will not be as it was, one line each.
    """

    executable: str
    command: tuple[str, ...]
    environment: tuple[str, ...]
    folder: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    umask: int
    nice: int
    limits: tuple[tuple[int, int, int], ...]
    cgroups: tuple[str, ...]
    stdio: tuple[Stdio, ...]
    lost: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Launch:
        """The inverse of ``facts``."""
        return cls(
            **{
                **facts,
                "command": tuple(facts["command"]),
                "environment": tuple(facts["environment"]),
                "groups": tuple(facts["groups"]),
                "limits": tuple((number, soft, hard) for number, soft, hard in facts["limits"]),
                "cgroups": tuple(facts["cgroups"]),
                "stdio": tuple(Stdio(**stream) for stream in facts["stdio"]),
                "lost": tuple(facts["lost"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Manner:
    """``ends_on_term``: ``handler`` (it ends as its own code says), ``default`` (at once), ``ignored``.

    ``apart``: which of its namespaces, or its root, are not ours: it lives in a container or a jail.
    ``confined``: what its launcher put on it that cannot be put on another one from outside (seccomp, capabilities).
    ``takes_quit``: SIGQUIT has a handler, as in a JVM that can be attached to.
    """

    ends_on_term: str
    apart: tuple[str, ...] = ()
    confined: tuple[str, ...] = ()
    takes_quit: bool = False


@dataclass(frozen=True, slots=True)
class Started:
    """What became of one start. ``failure``: why it did not come to be, "" where it did."""

    pid: int
    start_ticks: int
    failure: str = ""
