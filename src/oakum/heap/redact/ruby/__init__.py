"""A Ruby dump with its contents filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.redact.errors import broken, cut_off
from oakum.heap.redact.ruby import kernels
from oakum.heap.redact.turns import OUT_BYTES, Past, unwrapped
from oakum.model.redaction import Share

__all__ = ["RedactedRuby"]

STAYED: Final = "names of classes, variables, methods and files; sizes, references, lines"
NAMES: Final = (
    "address type class superclass references root imemo_type struct name real_class_name file method encoding flags"
    " coderange default oakum_heap of is at ruby"
)
"""Keys whose texts are names, addresses or words of Ruby's own. A key that nobody knows may hold a content."""

NEWLINE: Final = 10


class RedactedRuby:
    """``data``: uint8[b], the whole file. The first piece comes when the whole file was found to be sound.

    What strings and symbols say is filled, and whatever stands under a key that is not known. O(bytes) time; 4 MiB of
    memory, or the longest line.
    """

    format = "ruby"
    stays = STAYED

    def __init__(self, data: NDArray[np.uint8], keys: NDArray[np.uint64], past: Past) -> None:
        self._data, self._keys, self._past = data, keys, past
        self._tally = np.zeros(kernels.TALLIES, np.int64)
        words = sorted({int.from_bytes(name.encode()[:8], "little", signed=True) for name in NAMES.split()})
        self._kept = np.array(words, np.int64)

    def pieces(self) -> Iterator[bytes]:
        """Raises DataError before the first piece."""
        for _ in self._walked():
            pass
        self._tally[:] = 0
        for filled in self._walked():
            yield filled.tobytes()

    def _walked(self) -> Iterator[NDArray[np.uint8]]:
        size = self._data.size
        walk = chosen(kernels.rewrite, size)
        begin = 0
        while begin < size:
            end = self._lines_end(begin)
            lines = self._data[begin:end].copy()
            with unwrapped():
                wrong = int(walk(lines, self._keys, self._kept, self._tally))
            if wrong >= 0:
                last = end == size and not (lines[wrong:] == NEWLINE).any()
                raise cut_off(size) if last else broken(begin + wrong)
            self._past(end)
            yield lines
            begin = end

    def _lines_end(self, begin: int) -> int:
        """Behind the last line that ends within a turn; of the first line where that is longer."""
        size = self._data.size
        end = min(size, begin + OUT_BYTES)
        while end < size:
            breaks = np.flatnonzero(self._data[begin:end] == NEWLINE)
            if breaks.size:
                return begin + int(breaks[-1]) + 1
            end = min(size, end + OUT_BYTES)
        return size

    def replaced(self) -> tuple[Share, ...]:
        """What was filled so far."""
        return self._shares(("strings and symbols", kernels.REPLACED, kernels.REPLACED_BYTES))

    def stayed(self) -> tuple[Share, ...]:
        """Texts that were left as they are."""
        return self._shares(("names, addresses and words of Ruby's own", kernels.KEPT, kernels.KEPT_BYTES))

    def _shares(self, *rows: tuple[str, int, int]) -> tuple[Share, ...]:
        found = (Share(what, int(self._tally[count]), int(self._tally[size])) for what, count, size in rows)
        return tuple(share for share in found if share.count)
