"""A census: the objects of one CPython process at one moment, without what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NAMELESS = 0
"""``names[0]`` is "": a reference that no name is known for."""

SHAPES = (
    "instance",
    "mapping",
    "sequence",
    "set",
    "text",
    "class",
    "module",
    "function",
    "cell",
    "frame",
    "native",
    "table",
)
"""What a kind is to a reader of paths, whatever its name: a subclass of dict is a mapping."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type, or one of the stand-ins for what is no object. ``name``: with its module, as in ``shop.cart.Session``."""

    name: str
    module: str
    shape: str


@dataclass(frozen=True, slots=True)
class Facts:
    """``python``: ``3.11``. ``at_s``: when it was taken, UTC epoch. ``pause_s``: how long the process stood still."""

    python: str
    at_s: float
    pause_s: float
    redacted: bool
    skipped_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What some nodes are called. ``node``: int32[k]; ``name``, ``file``: int32[k] into names; ``line``: int32[k]."""

    node: NDArray[np.int32]
    name: NDArray[np.int32]
    file: NDArray[np.int32]
    line: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Census:
    """n nodes, m references in rows by source.

    ``address``, ``size``: int64[n]; an object's size is that of its block, of its tables and of its ``__dict__``.
    ``kind``: int32[n] into ``kinds``. ``degree``: int32[n]. ``target``: int32[m]. ``edge_name``: int32[m] into
    ``names``, or -1 - i for item i. ``length_node``, ``length``: int32[k], int64[k]: items of containers, characters
    of texts. ``text_node``, ``text_hash``: int32[k], int64[k]: the process's own hash of texts that have one.
    ``modules``, ``frames``, ``native``: int32[]: the roots. ``namespace``: int32[]: dicts whose keys are names in code.
    """

    facts: Facts
    kinds: tuple[Kind, ...]
    names: tuple[str, ...]
    address: NDArray[np.int64]
    size: NDArray[np.int64]
    kind: NDArray[np.int32]
    degree: NDArray[np.int32]
    target: NDArray[np.int32]
    edge_name: NDArray[np.int32]
    told: Told
    length_node: NDArray[np.int32]
    length: NDArray[np.int64]
    text_node: NDArray[np.int32]
    text_hash: NDArray[np.int64]
    namespace: NDArray[np.int32]
    modules: NDArray[np.int32]
    frames: NDArray[np.int32]
    native: NDArray[np.int32]
