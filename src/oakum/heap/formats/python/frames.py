"""The frames of a process's threads: which function runs, and what its local variables hold.

Since 3.11 a frame is a struct on a thread's data stack (Include/internal/pycore_frame.h); before, an object. It is
known by its shape: a code object and a dict of globals where the layout has them. Frames that have returned leave
their shape behind; what they held is only ever named when nothing else holds it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.layouts import Layout
from oakum.heap.formats.python.values import Values

MOST_FRAMES = 20_000
MOST_LOCALS = 400


@dataclass(frozen=True, slots=True)
class Code:
    """What a code object says of itself."""

    name: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Frame:
    """``variables``: (name, address of the value) of every local that is set."""

    address: int
    code: Code
    variables: tuple[tuple[str, int], ...]


def read_code(values: Values, address: int) -> Code:
    layout, image = values.layout, values.image
    line = image.word(address + layout.code_firstlineno) & 0xFFFFFFFF
    return Code(
        values.text(image.word(address + layout.code_name)) or "?",
        values.text(image.word(address + layout.code_filename)) or "",
        line if line < 1 << 24 else 0,
    )


def local_names(values: Values, code: int) -> list[str]:
    """Names of the local variables, cells and free variables, as they lie in a frame."""
    layout, image = values.layout, values.image
    parts = [layout.code_locals]
    if not layout.code_kinds:
        parts += [layout.code_cellvars, layout.code_freevars]
    names: list[str] = []
    for part in parts:
        names += [values.text(at) or "?" for at in values.tuple_items(image.word(code + part)).tolist()[:MOST_LOCALS]]
    return names


def free_names(values: Values, code: int) -> list[str]:
    """Names of a closure's variables, in the order of its cells."""
    layout, image = values.layout, values.image
    if not layout.code_kinds:
        return [values.text(at) or "?" for at in values.tuple_items(image.word(code + layout.code_freevars)).tolist()]
    names = local_names(values, code)
    # co_localspluskinds: a bytes object, one byte per name; CO_FAST_FREE is 0x80 (pycore_code.h).
    kinds = image.read(image.word(code + layout.code_kinds) + 32, len(names))
    return [name for name, kind in zip(names, kinds, strict=False) if kind & 0x80]


def read_frames(values: Values, layout: Layout, addresses: NDArray[np.int64]) -> tuple[Frame, ...]:
    frames = []
    for address in addresses.tolist()[:MOST_FRAMES]:
        code = values.image.word(address + layout.frame_code) & ~layout.frame_tag
        names = local_names(values, code)
        held = (values.words(address + layout.frame_localsplus, len(names)) & ~layout.frame_tag).tolist()
        variables = tuple((name, at) for name, at in zip(names, held, strict=False) if at > 4096)
        frames.append(Frame(address, read_code(values, code), variables))
    return tuple(frames)
