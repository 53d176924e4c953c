"""A file is worked through in turns, so that little of it is in memory at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

TURN_BYTES = 1 << 23
OUT_BYTES = 1 << 22

Past = Callable[[int], None]
"""Called with a place in the file: what lies before it is not read in this walk again."""


def unwrapped() -> AbstractContextManager[object]:
    """Inside, sums of words wrap round in plain Python as they do in compiled code."""
    return np.errstate(over="ignore")
