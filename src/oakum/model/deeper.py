"""What could be asked of a CPython process beyond its heap, and what that needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deeper:
    """``command``: what started it. ``memray``: the folder in which it would find memray, "" for none that was seen.

    ``readable``: whether this user may look into it, which is what a debugger needs too. ``remote``: whether it runs
    scripts that are handed to it (sys.remote_exec: CPython 3.14 and later, unless that was turned off).
    """

    pid: int
    version: tuple[int, int]
    command: tuple[str, ...]
    memray: str
    readable: bool
    remote: bool
