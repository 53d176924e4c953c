"""Where a program serves its profiles over HTTP: a port of its own, and a path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from oakum.model.errors import CallerError

PPROF_PATH: Final = "/debug/pprof/"
"""As net/http/pprof serves them, where nobody chose another."""

_TEXT = re.compile(
    r"(?:http://)?(?:(?:127\.0\.0\.1|localhost|\[::1\])?:)?(?P<port>\d{1,5})?(?P<path>/[!-~]*)?", re.IGNORECASE
)
_LONGEST = 300
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Served:
    """``port`` None: any of those that it listens on. ``path`` ends with a slash."""

    port: int | None = None
    path: str = PPROF_PATH

    def __str__(self) -> str:
        return f"{self.port or ''}{self.path}"


def parse_served(text: str) -> Served:
    """``6060``, ``/internal/pprof``, ``6060/internal/pprof`` or ``http://127.0.0.1:6060/debug/pprof/``.

    Raises CallerError for what else there is: it is asked inside of the target's own network, so another host is none.
    """
    match = _TEXT.fullmatch(text) if text and len(text) <= _LONGEST else None
    port = int(match["port"]) if match is not None and match["port"] else None
    if match is None or "?" in text or "#" in text or (port is not None and not 0 < port <= _LAST_PORT):
        raise CallerError(
            f"--pprof {text[:80]!r} names no place where a process serves its profiles",
            why="it is a port of the target, a path, or both; the target is asked inside of its own network",
            next_step="--pprof 6060, --pprof /internal/pprof or --pprof 6060/internal/pprof",
        )
    path = match["path"] or PPROF_PATH
    return Served(port, path if path.endswith("/") else f"{path}/")
