"""Profiles in pprof's format or as Go's text: where memory that lives was allocated, where goroutines stand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.pprof import profile, text
from oakum.heap.formats.pprof.profile import HEAD_BYTES, Profile

__all__ = ["HEAD_BYTES", "Profile", "is_pprof", "read_profile", "read_raw"]


def is_pprof(begin: bytes) -> bool:
    """``begin``: HEAD_BYTES of it or more."""
    return profile.is_pprof(begin) or text.is_text(begin)


def read_profile(data: NDArray[np.uint8]) -> Profile:
    """``data``: uint8[b], unpacked. Raises DataError for what is broken, and for what counts neither of the two."""
    if not text.is_text(data[:HEAD_BYTES].tobytes()):
        return profile.read_profile(data)
    found = text.read_text(data.tobytes())
    return replace(found, samples=tuple(each for each in found.samples if each.objects or each.bytes))


def read_raw(raw: bytes) -> Profile:
    """As ``read_profile``."""
    return read_profile(np.frombuffer(raw, np.uint8))
