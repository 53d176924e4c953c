"""Seeds: every series has its own generator, made of one number, the part and its name."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

SEED = 20_240_611


def generator(part: str, name: str) -> np.random.Generator:
    digest = blake2b(f"{SEED}/{part}/{name}".encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "little"))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
