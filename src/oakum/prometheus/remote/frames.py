"""Cuts the body of a streamed answer into frames: the length as a varint, four bytes of checksum, the message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from oakum.model.errors import DataError, TooMuchError
from oakum.model.units import format_size

LARGEST: Final = 16 << 20
"""Bytes of one frame. Servers send at most 1 MiB, and a whole chunk more; some let that be raised."""

_CHECK: Final = 4


class Frames:
    """Fed with a body piece by piece; holds no more of it than a frame and a piece."""

    def __init__(self, place: str) -> None:
        self._place, self._held = place, bytearray()

    def cut(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """(checksum as it was sent, message) of each frame that is whole now."""
        self._held += piece
        begin = 0
        try:
            while (found := self._frame(begin)) is not None:
                check, message, begin = found
                yield check, message
        finally:
            del self._held[:begin]

    def end(self) -> None:
        """Raises DataError where the body ended within a frame."""
        if self._held:
            raise self.broken("it ends within a frame")

    def broken(self, why: str) -> DataError:
        """A server that fails midway says so in plain words, where a frame should begin."""
        words = bytes(self._held[:300]).decode("ascii", "replace").strip()
        said = f"{why}; it says {words!r}" if words.isprintable() and words.isascii() else why
        return broken(self._place, said)

    def _frame(self, begin: int) -> tuple[int, bytes, int] | None:
        size = 0
        for number in range(10):
            at = begin + number
            if at >= len(self._held):
                return None
            size |= (self._held[at] & 0x7F) << 7 * number
            if self._held[at] < 0x80:
                break
        else:
            raise self.broken("a frame has no length")
        if size > LARGEST:
            raise TooMuchError(
                f"a frame of {self._place} is larger than {format_size(LARGEST)}",
                next_step="ask for less: --window 6h, or --namespace",
            )
        first = at + 1 + _CHECK
        if first + size > len(self._held):
            return None
        check = int.from_bytes(self._held[at + 1 : first], "big")
        return check, bytes(self._held[first : first + size]), first + size


def broken(place: str, why: str) -> DataError:
    """What was read until then is not used."""
    return DataError(
        f"what {place} sent by remote read is broken", why=why, next_step=f"oakum scan {place} --no-remote-read"
    )
