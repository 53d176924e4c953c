"""Where CPython keeps what: one row per minor version, 64-bit, release build with the GIL.

Every number was printed by a C program compiled against that version's own headers (offsetof); the
lab's tests read real processes of each version with it. Offsets are bytes from the start of the struct.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

OB_REFCNT: Final = 0
OB_TYPE: Final = 8
OB_SIZE: Final = 16
TP_NAME: Final = 24
TP_BASICSIZE: Final = 32
TP_ITEMSIZE: Final = 40
TP_FLAGS: Final = 168
TP_WEAKLISTOFFSET: Final = 208
TP_BASE: Final = 256
TP_DICT: Final = 264
TP_DICTOFFSET: Final = 288
GC_HEAD: Final = 16
FREE_THREADED_OB_TYPE: Final = 24

FLAG_INLINE_VALUES: Final = 1 << 2
FLAG_MANAGED_WEAKREF: Final = 1 << 3
FLAG_MANAGED_DICT: Final = 1 << 4
FLAG_HEAPTYPE: Final = 1 << 9
FLAG_READY: Final = 1 << 12
FLAG_HAVE_GC: Final = 1 << 14
FLAG_LONG: Final = 1 << 24
FLAG_LIST: Final = 1 << 25
FLAG_TUPLE: Final = 1 << 26
FLAG_BYTES: Final = 1 << 27
FLAG_UNICODE: Final = 1 << 28
FLAG_DICT: Final = 1 << 29
FLAG_TYPE: Final = 1 << 31


@dataclass(frozen=True, slots=True)
class Layout:
    """One minor version of CPython. ``managed``: how an instance's attributes are kept before its head.

    ``managed`` 0: not at all (a ``tp_dictoffset`` instead). 1: dict at -24 and values at -32 (3.11).
    2: one tagged word at -24 (3.12). 3: dict at -24, values after the fixed part (3.13, 3.14).
    ``frame_*``: the interpreter's frame on a thread's data stack; for 3.10 and before, the frame object.
    ``frame_tag``: bits of a frame's words that belong to no address (3.14: a reference that is borrowed).
    ``tuple_items``: where a tuple's first item stands; since 3.14 its hash is before it.
    ``keys_modern``: the head of a dict's keys holds logarithms and a kind (3.11) instead of a size.
    """

    version: tuple[int, int]
    pool_bytes: int
    arena_bytes: int
    preheader_flags: int
    managed: int
    ht_qualname: int
    ht_cached_keys: int
    func_globals: int
    func_code: int
    func_defaults: int
    func_kwdefaults: int
    func_closure: int
    func_qualname: int
    func_dict: int
    code_filename: int
    code_name: int
    code_firstlineno: int
    code_locals: int
    code_kinds: int
    code_freevars: int
    code_cellvars: int
    frame_code: int
    frame_func: int
    frame_globals: int
    frame_locals: int
    frame_localsplus: int
    frame_state: int
    frame_tag: int
    tuple_items: int
    keys_modern: bool
    ascii_bytes: int
    compact_bytes: int
    unicode_data: int
    long_modern: bool
    weakref_bytes: int


_3_9: Final = Layout(
    version=(3, 9),
    pool_bytes=4096,
    arena_bytes=256 << 10,
    preheader_flags=0,
    managed=0,
    ht_qualname=856,
    ht_cached_keys=864,
    func_globals=24,
    func_code=16,
    func_defaults=32,
    func_kwdefaults=40,
    func_closure=48,
    func_qualname=104,
    func_dict=72,
    code_filename=104,
    code_name=112,
    code_firstlineno=40,
    code_locals=72,
    code_kinds=0,
    code_freevars=80,
    code_cellvars=88,
    frame_code=32,
    frame_func=0,
    frame_globals=48,
    frame_locals=56,
    frame_localsplus=360,
    frame_state=116,
    frame_tag=0,
    tuple_items=24,
    keys_modern=False,
    ascii_bytes=48,
    compact_bytes=72,
    unicode_data=72,
    long_modern=False,
    weakref_bytes=56,
)
_3_10: Final = replace(
    _3_9,
    version=(3, 10),
    pool_bytes=16384,
    arena_bytes=1 << 20,
    ht_qualname=864,
    ht_cached_keys=872,
    func_globals=16,
    func_code=48,
    func_defaults=56,
    func_kwdefaults=64,
    func_closure=72,
    func_qualname=40,
    func_dict=88,
    frame_localsplus=352,
    frame_state=108,
)
_3_11: Final = replace(
    _3_10,
    version=(3, 11),
    preheader_flags=FLAG_MANAGED_DICT,
    managed=1,
    code_filename=112,
    code_name=120,
    code_firstlineno=72,
    code_locals=96,
    code_kinds=104,
    code_freevars=0,
    code_cellvars=0,
    frame_code=32,
    frame_func=0,
    frame_globals=8,
    frame_locals=24,
    frame_localsplus=72,
    frame_state=0,
    keys_modern=True,
    weakref_bytes=64,
)
_3_12: Final = replace(
    _3_11,
    version=(3, 12),
    preheader_flags=FLAG_MANAGED_DICT | FLAG_MANAGED_WEAKREF,
    managed=2,
    ht_qualname=872,
    ht_cached_keys=880,
    code_firstlineno=68,
    frame_code=0,
    frame_func=16,
    frame_globals=24,
    frame_locals=40,
    ascii_bytes=40,
    compact_bytes=56,
    unicode_data=56,
    long_modern=True,
)
_3_13: Final = replace(_3_12, version=(3, 13), managed=3)
_3_14: Final = replace(_3_13, version=(3, 14), frame_localsplus=80, frame_tag=1, tuple_items=32)

LAYOUTS: Final[dict[tuple[int, int], Layout]] = {
    layout.version: layout for layout in (_3_9, _3_10, _3_11, _3_12, _3_13, _3_14)
}
