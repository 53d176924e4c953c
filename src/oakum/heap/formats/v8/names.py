"""The strings of a snapshot, decoded when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

NAME_BYTES_MOST = 1000


class Names(Sequence[str]):
    """``begin``, ``end``: int64[s], where each string stands in the file, between its quotes."""

    def __init__(self, data: NDArray[np.uint8], begin: NDArray[np.int64], end: NDArray[np.int64]) -> None:
        self.data, self.begin, self.end = data, begin, end

    def __len__(self) -> int:
        return self.begin.size

    def __iter__(self) -> Iterator[str]:
        return (self[index] for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...

    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        """Empty for a string that a cut file does not hold; long ones are cut."""
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            return ""
        begin, end = int(self.begin[index]), int(self.end[index])
        text = self.data[begin : min(end, begin + NAME_BYTES_MOST)].tobytes()
        try:
            decoded: str = json.loads(b'"' + text + b'"')
        except ValueError:
            return text.decode("utf-8", "replace")
        return decoded

    def find(self, wanted: str) -> int:
        """The first string that is ``wanted``, -1 if there is none. O(s), without decoding."""
        raw = json.dumps(wanted)[1:-1].encode()
        for at in np.flatnonzero(self.end - self.begin == len(raw)).tolist():
            if self.data[int(self.begin[at]) : int(self.end[at])].tobytes() == raw:
                return int(at)
        return -1
