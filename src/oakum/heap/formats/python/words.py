"""Many words of a copy of memory at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oakum.heap import kernels
from oakum.heap.image import MemoryImage


def fetch(image: MemoryImage, address: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64[n]: the word at each address, 0 where nothing was copied. O(n log pieces)."""
    words: NDArray[np.int64] = kernels.fetch(image.words, image.start, image.end, image.offset, address)
    return words
