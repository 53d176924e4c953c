"""The texts of a library in the tables of the kernel, and where a block of bytes holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from oakum.logs.kernels import BITS, SIZE, find_texts

WIDEST: Final = 8
"""A window has at most so many letters: more of them skip little more."""

ROOM: Final = 4096
"""So many are told at once."""

FOLD: Final = np.arange(256, dtype=np.uint8)
FOLD[65:91] += 32

COMPILED_BYTES: Final = 32 << 10
"""Less than this is read by plain Python before numba has loaded the kernel from its cache."""

_FREQUENT: Final = " etaoinsrlcdupmhg.0123456789:/-=[]"
"""Letters as frequent as logs have them, the most frequent first."""


class Texts:
    """Many texts, looked for at once, in any case. ``texts``: ASCII, of 4 letters or more, each once."""

    def __init__(self, texts: Sequence[str]) -> None:
        folded = [text.lower().encode("ascii") for text in texts]
        self.longest = max(map(len, folded), default=0)
        self._width = min([WIDEST, *map(len, folded)])
        self._windows = np.array([_window(text, self._width) for text in folded], np.int32)
        self._flat = np.frombuffer(b"".join(folded), np.uint8)
        self._offsets = np.concatenate([[0], np.cumsum([len(text) for text in folded])]).astype(np.int64)
        self._shifts = np.full(SIZE, self._width - 2, np.uint8)
        self._heads = np.full(SIZE, -1, np.int32)
        self._following = np.full(len(folded), -1, np.int32)
        for number, text in enumerate(folded):
            self._enter(number, text[self._windows[number] :][: self._width])

    def _enter(self, number: int, window: bytes) -> None:
        for place in range(self._width - 2):
            key = _block(window[place : place + 3])
            away = self._width - 3 - place
            self._shifts[key] = min(int(self._shifts[key]), away)
            if away == 0:
                self._following[number], self._heads[key] = self._heads[key], number

    def find(self, data: NDArray[np.uint8], start: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """(where each begins, which it is, the next start) of those whose window ends from ``start`` on before ``end``.

        The next start is less than ``end`` where there were too many for one answer. Ascending by window; O(b).
        """
        # Of each call its own: the tables are shared by readers in several threads.
        at, text = np.empty(ROOM, np.int64), np.empty(ROOM, np.int64)
        if not len(self._windows):
            return at[:0], text[:0], end
        plain = getattr(find_texts, "py_func", None)
        form = find_texts if plain is None or end - start > COMPILED_BYTES else plain
        found, after = form(
            data,
            start,
            end,
            self._width,
            self._shifts,
            self._heads,
            self._following,
            self._flat,
            self._offsets,
            self._windows,
            FOLD,
            at,
            text,
        )
        return at[:found], text[:found], max(int(after), end) if found < ROOM else int(after)


def _window(text: bytes, width: int) -> int:
    """Where its rarest letters stand together."""
    weights = [_FREQUENT.find(chr(letter)) for letter in text]
    rare = [len(_FREQUENT) if weight < 0 else weight for weight in weights]
    return max(range(len(text) - width + 1), key=lambda place: sum(rare[place : place + width]))


def _block(three: bytes) -> int:
    """As the kernel has it."""
    one, two, last = (letter | 32 for letter in three)
    return ((one << 10) ^ (two << 5) ^ last ^ (one >> 2)) & ((1 << BITS) - 1)
