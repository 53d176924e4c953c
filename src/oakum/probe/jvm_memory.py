"""What GC.heap_info, VM.metaspace and VM.native_memory print: the pools of a JVM's memory, in bytes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import DataError

_UNITS: Final = {"": 1, "B": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE: Final = r"([0-9]+)([BKMGT]?)B?"
_GENERATION: Final = re.compile(rf"^ ?\S[\w -]*?\s+total(?: reserved)? {_SIZE},.*?\bused {_SIZE}", re.MULTILINE)
_Z: Final = re.compile(rf"^ ?ZHeap\s+used {_SIZE}, capacity {_SIZE}", re.MULTILINE)
_SHENANDOAH: Final = re.compile(rf"{_SIZE} committed, {_SIZE} used")
_WORDY: Final = r"([0-9.]+) (bytes|KB|MB|GB)"
_METASPACE: Final = re.compile(
    rf"^ +Both: +[0-9]+ chunks, .*? capacity, +{_WORDY} \([ <0-9]+%\) committed, +{_WORDY} \([ <0-9]+%\) used",
    re.MULTILINE,
)
_COMMITTED_TOTAL: Final = re.compile(rf"total reserved {_SIZE}, committed {_SIZE}, used {_SIZE}")
_NATIVE: Final = re.compile(r"^-\s+([A-Za-z][\w /-]*?) \(reserved=([0-9]+)KB, committed=([0-9]+)KB", re.MULTILINE)
_TOTAL: Final = re.compile(r"^Total: reserved=([0-9]+)KB, committed=([0-9]+)KB", re.MULTILINE)
NATIVE = "what the JVM takes outside of its heap, by use"


@dataclass(frozen=True, slots=True)
class Pools:
    """``heap_used_bytes``: garbage that was not collected yet counts too."""

    heap_used_bytes: int
    heap_committed_bytes: int
    metaspace_used_bytes: int
    metaspace_committed_bytes: int


def read_heap_info(text: str) -> tuple[int, int]:
    """(bytes in use, committed); Serial, Parallel, G1, Z and Shenandoah. Raises DataError where no heap is named."""
    committed = used = 0
    for match in _GENERATION.finditer(text):
        newer = _COMMITTED_TOTAL.search(match[0])
        committed += _bytes(newer, 3) if newer else _bytes(match, 1)
        used += _bytes(match, 3)
    for pattern, used_at, committed_at in ((_Z, 1, 3), (_SHENANDOAH, 3, 1)):
        other = pattern.search(text)
        if other is not None and not committed:
            used, committed = _bytes(other, used_at), _bytes(other, committed_at)
    if not committed:
        raise DataError("GC.heap_info names no heap", why=text.strip()[:200], next_step="oakum doctor")
    return used, committed


def read_metaspace(text: str) -> tuple[int, int]:
    """(bytes in use, committed). Raises DataError for a text that does not say."""
    match = _METASPACE.search(text)
    if match is None:
        raise DataError("VM.metaspace prints something else", why=text.strip()[:200], next_step="oakum doctor")
    committed, used = (int(float(match[at]) * _UNITS[match[at + 1][:1].upper()]) for at in (1, 3))
    return used, committed


def _bytes(match: re.Match[str], at: int) -> int:
    return int(match[at]) * _UNITS[match[at + 1]]


def read_native_memory(text: str) -> Mapping[str, int] | Absent:
    """Committed bytes by use (``Thread``, ``Code``, ``Other``: direct buffers …), ``Total`` among them."""
    if "tracking is not enabled" in text:
        return Absent(
            NATIVE,
            AbsentKind.NOT_YET,
            "native memory tracking is off, and only a start turns it on",
            "start it with -XX:NativeMemoryTracking=summary (costs 5 to 10 % of the JVM's own work)",
        )
    total = _TOTAL.search(text)
    found = {match[1]: int(match[3]) << 10 for match in _NATIVE.finditer(text)}
    if total is None or not found:
        return Absent(NATIVE, AbsentKind.UNREADABLE, f"VM.native_memory prints something else: {text.strip()[:80]!r}")
    return {"Total": int(total[2]) << 10, **found}
