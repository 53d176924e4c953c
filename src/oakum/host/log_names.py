"""By which names a log, and what was rotated away from it, are known. Pure."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

DELETED: Final = " (deleted)"
MOST_BESIDE: Final = 3
"""Of a log that a process writes so many that were rotated away are read, the latest."""

SLACK_S: Final = 60.0
"""A file that was written so long before a process was started, in seconds, may still be its own: clocks differ."""

_LOG_NAME: Final = re.compile(r"\.(?:log|out|err)(?:\.\d+)?$|/logs?/|/log$|(?:^|[/_-])log[._-]", re.IGNORECASE)
_ROTATED: Final = re.compile(r"(?:\.\d{1,4}|-\d{8}(?:-?\d{1,6})?)(?:\.gz|\.zst)?$")


@dataclass(frozen=True, slots=True)
class Beside:
    """A file of a folder. ``changed_s``: UTC epoch seconds."""

    name: str
    device: int
    inode: int
    size_bytes: int
    changed_s: float


def whose(number: int, mode: int, flags: int, leads: str) -> str:
    """What an open file is to the process that has it open; "" for what is no log of it.

    ``flags``: of open(2). ``leads``: its name, as /proc/PID/fd tells it.
    """
    if not stat.S_ISREG(mode) or not flags & os.O_ACCMODE:
        return ""
    standard = {1: "its standard output", 2: "its standard error"}.get(number)
    return standard or ("a file that it writes" if _LOG_NAME.search(leads.removesuffix(DELETED)) else "")


def is_rotated(name: str, of: str) -> bool:
    """Both without their folder."""
    return name.startswith(of) and _ROTATED.fullmatch(name[len(of) :]) is not None


def rotated_since(path: str, files: Iterable[Beside], since_s: float) -> list[Beside]:
    """Of those beside ``path``: what was rotated away from it since then, the latest first."""
    own = PurePosixPath(path).name
    found = [each for each in files if is_rotated(each.name, own) and each.changed_s >= since_s - SLACK_S]
    return sorted(found, key=lambda each: (-each.changed_s, each.name))[:MOST_BESIDE]
