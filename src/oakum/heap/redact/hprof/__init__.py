"""An HPROF file with its contents filled."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.hprof.classes import PRIMITIVES
from oakum.heap.formats.hprof.header import read_header
from oakum.heap.redact import kernels as filler
from oakum.heap.redact.errors import broken, cut_off
from oakum.heap.redact.hprof import kernels
from oakum.heap.redact.hprof.filled import kernels as filling
from oakum.heap.redact.hprof.survey import Kept, Survey
from oakum.heap.redact.turns import OUT_BYTES, TURN_BYTES, Past, unwrapped
from oakum.model.redaction import Share

STAYED = "classes, fields, methods, files, sizes, references, numbers in fields"

__all__ = ["RedactedHprof"]


class RedactedHprof:
    """``data``: uint8[b], the whole file. The first piece comes when the whole file was found to be sound.

    Byte and char arrays, all other arrays of primitives, hashes that objects keep of them, and strings that name
    nothing are filled. What stays: see docs/redaction.md. O(bytes) time, 4 MiB of memory and what names take.
    """

    format = "hprof"
    stays = STAYED

    def __init__(self, data: NDArray[np.uint8], keys: NDArray[np.uint64], past: Past) -> None:
        self._data, self._keys, self._past = data, keys, past
        self._tally = np.zeros(filling.TALLIES, np.int64)

    def pieces(self) -> Iterator[bytes]:
        """Raises DataError before the first piece."""
        header = read_header(self._data)
        kept = Survey(self._data, header, self._keys, self._past).run()
        yield self._data[: header.end].tobytes()
        yield from self._rewritten(header.end, header.id_bytes, kept)

    def _rewritten(self, begin: int, id_bytes: int, kept: Kept) -> Iterator[bytes]:
        state, hashed = np.zeros(kernels.STATES, np.int64), np.zeros(1, np.uint64)
        state[kernels.POS] = begin
        out = np.empty(min(OUT_BYTES, max(1 << 16, self._data.size)), np.uint8)
        walk = chosen(filling.rewrite, self._data.size)
        while True:
            with unwrapped():
                written = walk(
                    *(self._data, state, id_bytes, out, hashed, kept.names.table, kept.arrays.table),
                    *(kept.class_ids, kept.hash_from, kept.hash_at, self._keys, self._tally),
                )
            self._past(int(state[kernels.POS]))
            if written:
                yield out[: int(written)].tobytes()
            if state[kernels.ENDED] == kernels.DONE:
                return
            if state[kernels.ENDED] == kernels.CUT_OFF:
                raise cut_off(self._data.size)
            if state[kernels.ENDED] == kernels.LONG:
                hashed[0] = self._hashed(*(int(state[place]) for place in (kernels.KIND, kernels.BODY, kernels.LENGTH)))
                state[kernels.HASHED] = state[kernels.POS]
            elif state[kernels.ENDED] != kernels.GOING:
                raise broken(int(state[kernels.POS]))

    def _hashed(self, domain: int, begin: int, length: int) -> np.uint64:
        """Of a content that is too long to be in memory at once."""
        words, at, end = np.zeros(4, np.uint64), begin, begin + length
        with unwrapped():
            filler.begin_hash(self._keys, domain, words)
            walk = chosen(filler.hash_on, length)
            while end - at >= 8:
                stop = at + min(TURN_BYTES, (end - at) & ~7)
                walk(words, self._data, at, stop)
                at = stop
                self._past(at)
            return np.uint64(filler.end_hash(words, self._data, at, length))

    def replaced(self) -> tuple[Share, ...]:
        """What was filled so far."""
        tally = self._tally
        arrays = [
            Share(f"{name}[]", int(tally[filling.REPLACED_ARRAYS + code]), int(tally[filling.REPLACED_BYTES + code]))
            for code, name in PRIMITIVES.items()
        ]
        others = [
            _share("strings that name nothing", tally, filling.REPLACED_NAMES, filling.REPLACED_NAME_BYTES),
            _share("hashes in fields", tally, filling.REPLACED_HASHES, filling.REPLACED_HASH_BYTES),
            _share("records of unknown kinds", tally, filling.UNKNOWN, filling.UNKNOWN_BYTES),
        ]
        return tuple(share for share in (*arrays, *others) if share.count)

    def stayed(self) -> tuple[Share, ...]:
        """Texts that were left as they are."""
        tally = self._tally
        found = (
            _share("names of classes, fields, methods and files", tally, filling.KEPT_NAMES, filling.KEPT_NAME_BYTES),
            _share("names of threads", tally, filling.KEPT_ARRAYS, filling.KEPT_BYTES),
        )
        return tuple(share for share in found if share.count)


def _share(what: str, tally: NDArray[np.int64], count: int, size: int) -> Share:
    return Share(what, int(tally[count]), int(tally[size]))
