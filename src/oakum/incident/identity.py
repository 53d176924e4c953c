"""What a target is known by across restarts and pids: the same service is the same target tomorrow."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

MOST: Final = 240
"""A longer identity is cut, and ends in a digest of the whole: databases index no long texts."""


def identity(target: str, labels: Mapping[str, str], *, host: str) -> str:
    """Of a target as it is printed, with the labels of its series.

    A process is known by its command and its systemd service; a pid means nothing tomorrow. Names of other cgroups
    (sessions, containers) change with each start, and tell no process from its successor.
    """
    kind = target.partition("/")[0]
    if kind == "pid":
        unit = labels.get("cgroup", "").rpartition("/")[2]
        service = f"{unit}: " if unit.endswith(".service") else ""
        return _short(f"{host}: {service}{labels.get('command', '') or target}")
    return _short(f"{host}: {target}" if kind == "cgroup" else target)


def _short(text: str) -> str:
    if len(text) <= MOST:
        return text
    return f"{text[:MOST]}…{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:16]}"
