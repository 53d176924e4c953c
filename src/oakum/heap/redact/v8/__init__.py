"""A V8 snapshot with its contents filled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.redact.errors import broken
from oakum.heap.redact.turns import OUT_BYTES, Past, unwrapped
from oakum.heap.redact.v8 import kernels
from oakum.heap.redact.v8.parts import NUMBERS, Outline, begun, outline
from oakum.heap.redact.v8.roles import roles
from oakum.model.redaction import Share

__all__ = ["RedactedV8"]

STAYED = "names of classes, functions, variables, properties and scripts; sizes, references, lines"
CALLED = (
    b"(concatenated string)",
    b"(sliced string)",
    b"heap number",
    b"number",
    b"bigint",
    b"symbol",
    b"private symbol",
    b"<dummy>",
)
"""What V8 calls a value whose content it does not write."""

COPY_BYTES = 1 << 20
QUOTE = b'"'


class RedactedV8:
    """``data``: uint8[b], the whole file. The first piece comes when the whole file was found to be sound.

    Texts, parts of texts, sources of scripts, patterns, symbols, numbers that are written as texts, and the keys of
    plain objects that are used as tables are filled. O(bytes) time; 4 MiB of memory, and two bits for each string.
    """

    format = "v8"
    stays = STAYED

    def __init__(self, data: NDArray[np.uint8], keys: NDArray[np.uint64], past: Past) -> None:
        self._data, self._keys, self._past = data, keys, past
        self._tally = np.zeros(kernels.TALLIES, np.int64)
        self._roles = np.empty(0, np.uint8)

    def pieces(self) -> Iterator[bytes]:
        """Raises DataError before the first piece."""
        found = outline(self._data, self._past)
        self._roles = roles(self._data, found, self._past)
        yield from self._rewritten(found)

    def _rewritten(self, found: Outline) -> Iterator[bytes]:
        done = 0
        for part in found.parts:
            if part.key == "strings":
                yield from self._copied(done, part.begin)
                yield from self._filled(part.begin, part.end, naming=True)
            elif part.key == "snapshot":
                yield from self._copied(done, part.end)
            else:
                # A key that nobody knows may be a text as well.
                named = part.begin if part.key in NUMBERS else part.gap
                yield from self._copied(done, named)
                yield from self._without_texts(named, part.end)
            done = part.end
        yield from self._copied(done, self._data.size)

    def _copied(self, begin: int, end: int) -> Iterator[bytes]:
        for at in range(begin, end, COPY_BYTES):
            yield self._data[at : min(end, at + COPY_BYTES)].tobytes()

    def _without_texts(self, begin: int, end: int) -> Iterator[bytes]:
        """Numbers are copied as they are."""
        for at in range(begin, end, COPY_BYTES):
            piece = self._data[at : min(end, at + COPY_BYTES)].tobytes()
            if QUOTE in piece:
                yield from self._filled(at, end, naming=False)
                return
            yield piece
            self._past(at)

    def _filled(self, begin: int, end: int, *, naming: bool) -> Iterator[bytes]:
        state, hashed = begun(begin), np.zeros(1, np.uint64)
        state[kernels.STOP] = end
        out = np.empty(min(OUT_BYTES, max(1 << 16, end - begin)), np.uint8)
        words = np.frombuffer(b"".join(CALLED), np.uint8)
        ends = np.cumsum([len(word) for word in CALLED]).astype(np.int64)
        walk = chosen(kernels.rewrite, end - begin)
        while state[kernels.ENDED] != kernels.DONE:
            with unwrapped():
                written = walk(
                    *(self._data, state, out, hashed, self._keys, self._roles, words, ends, naming, self._tally)
                )
            if state[kernels.ENDED] == kernels.BROKEN:
                raise broken(int(state[kernels.POS]))
            self._past(int(state[kernels.POS]))
            yield out[: int(written)].tobytes()

    def replaced(self) -> tuple[Share, ...]:
        """What was filled so far."""
        return self._shares(
            ("strings that are contents", kernels.REPLACED, kernels.REPLACED_BYTES),
            ("strings elsewhere", kernels.ELSEWHERE, kernels.ELSEWHERE_BYTES),
        )

    def stayed(self) -> tuple[Share, ...]:
        """Texts that were left as they are."""
        return self._shares(("strings that are names", kernels.KEPT, kernels.KEPT_BYTES))

    def _shares(self, *rows: tuple[str, int, int]) -> tuple[Share, ...]:
        found = (Share(what, int(self._tally[count]), int(self._tally[size])) for what, count, size in rows)
        return tuple(share for share in found if share.count)
