"""What a target is known by across restarts and pids: the same service is the same target tomorrow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from oakum.model.target import IN_CLUSTER

MOST: Final = 240
"""A longer identity is cut, and ends in a digest of the whole: databases index no long texts."""


def identity(target: str, labels: Mapping[str, str], *, host: str) -> str:
    """Of a target as it is printed, with the labels of its series.

    A process is known by its command and its systemd service; a pid means nothing tomorrow. Names of other cgroups
    (sessions, containers) change with each start, and tell no process from its successor. A workload of a cluster is
    known by the API server, its name and the container that is judged; contexts are names that everybody gives anew.
    A dependency is known by where it is, whoever asks it.
    """
    if labels.get("dependency"):
        return _short(labels["dependency"])
    kind = target.partition("/")[0]
    if kind in IN_CLUSTER and labels.get("workload"):
        return _short(within(labels.get("server", ""), labels["workload"]) + labels.get("container", ""))
    if kind == "pid":
        unit = labels.get("cgroup", "").rpartition("/")[2]
        service = f"{unit}: " if unit.endswith(".service") else ""
        return _short(f"{host}: {service}{labels.get('command', '') or target}")
    return _short(f"{host}: {target}" if kind == "cgroup" else target)


def within(server: str, workload: str) -> str:
    """How the identities of a workload's containers begin."""
    return f"{server}: {workload}/"


def _short(text: str) -> str:
    if len(text) <= MOST:
        return text
    return f"{text[:MOST]}…{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"
