"""Profiles asked of a Go program, one GET each. No CPU profile and no trace: those cost it for as long as they run."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent
from oakum.model.debugger import Fetched, Listener
from oakum.model.errors import DataError, TargetError
from oakum.model.ports import Debuggee

ANSWERED_WITHIN_S: Final = 30.0
COLLECTED_WITHIN_S: Final = 120.0
"""A collection of a large heap runs beside the program, and takes its time."""

MOST_BYTES: Final = 32 << 20
_GZIP: Final = b"\x1f\x8b"
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """``raw``: unpacked. ``seconds``: from the question to the last byte; ``came_bytes``: over the wire."""

    raw: bytes
    seconds: float
    came_bytes: int


class GoSession:
    """What is asked of one endpoint.

    Raises TargetError where nothing came in time, DataError for what is no profile.
    """

    def __init__(self, pid: int, debuggee: Debuggee, listener: Listener, path: str) -> None:
        self._pid, self._debuggee, self._listener, self._path = pid, debuggee, listener, path

    def heap(self, *, collect: bool = False) -> Asked:
        """Call paths with what lives, and the runtime's figures, as text. ``collect``: a collection comes first."""
        within_s = COLLECTED_WITHIN_S if collect else ANSWERED_WITHIN_S
        return self._get(f"heap?{'gc=1&' if collect else ''}debug=1", b"heap profile: ", within_s)

    def goroutines(self) -> Asked:
        """Counts by stack, as pprof: in text, what they wait for is left out."""
        return self._get("goroutine", b"", ANSWERED_WITHIN_S)

    def stacks(self) -> Asked:
        """Each goroutine's stack with who made it and for how long it waits, as text; it stands still meanwhile."""
        return self._get("goroutine?debug=2", b"goroutine ", ANSWERED_WITHIN_S)

    def _get(self, name: str, begins: bytes, within_s: float) -> Asked:
        path = self._path + name
        answer = self._debuggee.fetch(self._listener, path, within_s=within_s, most_bytes=MOST_BYTES)
        if isinstance(answer, Absent):
            raise TargetError(
                f"pid {self._pid} did not answer {path}",
                why=answer.why,
                next_step=f"oakum investigate pid/{self._pid} --no-inspect",
            )
        raw = unpacked(answer.body)
        if answer.status != _OK or not raw.startswith(begins) or raw.lstrip()[:1] == b"<":
            raise DataError(
                f"what pid {self._pid} answers to {path} is no profile",
                why=_came(answer),
                next_step=f"curl -i 'http://{self._listener}{path}'",
            )
        return Asked(raw, answer.seconds, len(answer.body))


def unpacked(body: bytes) -> bytes:
    """Raises DataError for what is no gzip, or would be larger than MOST_BYTES."""
    if not body.startswith(_GZIP):
        return body
    packed = zlib.decompressobj(31)
    try:
        raw = packed.decompress(body, MOST_BYTES + 1)
    except zlib.error as exc:
        raise DataError("this profile cannot be unpacked", why=str(exc)) from exc
    if len(raw) > MOST_BYTES or not packed.eof:
        why = "it would be too large" if len(raw) > MOST_BYTES else "it is cut off"
        raise DataError("this profile cannot be unpacked", why=why)
    return raw


def _came(answer: Fetched) -> str:
    if answer.status != _OK:
        return f"it is HTTP {answer.status}"
    begin = answer.body[:40].decode("utf-8", "replace")
    return f"it is {answer.kind or 'of no kind that is told'}, and begins with {begin!r}"
