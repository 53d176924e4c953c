"""Go, by the build information that its linker puts into every executable."""

from __future__ import annotations

from oakum.model.ports import Memory
from oakum.model.runtime import Runtime, RuntimeName
from oakum.probe.mapped import Found
from oakum.probe.runtime_marks import GO_VERSION
from oakum.probe.sight import Sight

_HEADER = 32
_INLINE = 2
_BIG_ENDIAN = 1
_LONGEST = 64


def go(sight: Sight, found: Found | None) -> Runtime | None:
    """``found``: the mark in its executable. A program may hold its text without being of Go: a version must follow."""
    if found is None or found.offset % 16:
        return None
    raw = _inline(sight.memory, found) if found.match[2][0] & _INLINE else _pointed(sight.memory, found)
    version = GO_VERSION.match(raw)
    if version is None:
        return None
    text = version[1].decode("utf-8", "replace")
    return Runtime(
        RuntimeName.GO, text, (f"the build information in its executable says {raw.decode('utf-8', 'replace')}",)
    )


def _inline(memory: Memory, found: Found) -> bytes:
    """Since Go 1.18: a length, then the text. A length above 127 would be no version."""
    raw = memory.mapped(found.region, found.offset + _HEADER, 1 + _LONGEST)
    return raw[1 : 1 + min(raw[0], _LONGEST)] if raw else b""


def _pointed(memory: Memory, found: Found) -> bytes:
    """Before: a pointer to a string, which is a pointer and a length. The process itself has them as they are."""
    width = found.match[1][0]
    if not width:
        return b""

    def word(address: int) -> int:
        return int.from_bytes(memory.read(address, width), "big" if found.match[2][0] & _BIG_ENDIAN else "little")

    string = word(found.address + 16)
    return memory.read(word(string), min(word(string + width), _LONGEST))
