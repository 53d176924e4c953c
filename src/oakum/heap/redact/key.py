"""The secret that fillers are made with."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

KEY_BYTES = 32
DOMAINS = 16
NAMES, HASHES, STRINGS, SETS = 12, 13, 14, 15
"""Domains of their own. Those below are HPROF's types of elements, 4 to 11."""


def keys_of(key: bytes) -> NDArray[np.uint64]:
    """uint64[DOMAINS, 2]: a key for each domain. ``key``: KEY_BYTES, of chance."""
    assert len(key) == KEY_BYTES
    made = b"".join(blake2b(digest_size=16, key=key, person=bytes([domain])).digest() for domain in range(DOMAINS))
    return np.frombuffer(made, "<u8").astype(np.uint64).reshape(DOMAINS, 2)
