"""Which redaction a file needs, by what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.census.file import is_census
from oakum.heap.formats.hprof.header import is_hprof
from oakum.heap.formats.pprof import HEAD_BYTES, is_pprof
from oakum.heap.formats.ruby.reader import is_ruby
from oakum.heap.formats.v8.sections import is_v8
from oakum.heap.redact.key import keys_of
from oakum.heap.redact.turns import Past
from oakum.model.errors import CallerError, DataError
from oakum.model.redaction import Share


class Redactor(Protocol):
    """One per format. ``stays``: in words, what no redaction of it touches."""

    format: str
    stays: str

    def pieces(self) -> Iterator[bytes]:
        """The redacted file, once. Raises DataError before the first piece."""

    def replaced(self) -> tuple[Share, ...]:
        """What was filled so far."""

    def stayed(self) -> tuple[Share, ...]:
        """Texts that were left as they are, so far."""


def redactor(data: NDArray[np.uint8], key: bytes, past: Past) -> Redactor:
    """``data``: uint8[b], the whole file; ``key``: KEY_BYTES. ``past`` is told how far the file was read.

    Raises CallerError for a format that is not redacted, DataError for what is no dump.
    """
    begin = data[:4096].tobytes()
    if is_hprof(begin):
        from oakum.heap.redact.hprof import RedactedHprof  # noqa: PLC0415  (loads its kernels)

        return RedactedHprof(data, keys_of(key), past)
    if is_v8(begin):
        from oakum.heap.redact.v8 import RedactedV8  # noqa: PLC0415

        return RedactedV8(data, keys_of(key), past)
    if is_ruby(begin):
        from oakum.heap.redact.ruby import RedactedRuby  # noqa: PLC0415

        return RedactedRuby(data, keys_of(key), past)
    if is_census(begin):
        raise CallerError(
            "a census is redacted when it is taken",
            why="texts are left out then, unless --raw was asked for",
            next_step="oakum heap capture pid/N --output FILE",
        )
    if is_pprof(data[:HEAD_BYTES].tobytes()):
        raise CallerError(
            "a heap profile needs no redaction",
            why="it counts bytes by call path, and holds no object's content",
            next_step="oakum heap analyze FILE",
        )
    raise DataError(
        "this is no heap dump that can be redacted",
        why=f"it begins with {begin[:16]!r}" if begin else "it is empty",
        next_step="file FILE",
    )
