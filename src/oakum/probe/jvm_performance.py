"""What a JVM tells for nothing: its performance data, a small file that it keeps mapped.

Source: openjdk/jdk, src/hotspot/share/runtime/perfMemory.hpp (prologue and entries).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_MAGIC: Final = b"\xca\xfe\xc0\xc0"
_LONG, _BYTE = b"J", b"B"
_MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class GcTotals:
    """Since the start: how many collections, and the seconds that they stopped the program, young and full apart."""

    young: int
    young_s: float
    full: int
    full_s: float


def read_performance(raw: bytes) -> dict[str, int | str]:
    """Values by name; {} for what is no such file. What stands outside of the file is left out."""
    if len(raw) < 32 or raw[:4] != _MAGIC or raw[5] != 2:
        return {}
    order = "<" if raw[4] == 1 else ">"
    at, count = struct.unpack_from(f"{order}ii", raw, 24)
    found: dict[str, int | str] = {}
    for _ in range(min(max(count, 0), _MOST_ENTRIES)):
        if not 0 <= at <= len(raw) - 20:
            break
        length, name_at, size = struct.unpack_from(f"{order}iii", raw, at)
        kind, value_at = raw[at + 12 : at + 13], struct.unpack_from(f"{order}i", raw, at + 16)[0]
        if length < 20:
            break
        name = _text(raw, at + name_at)
        begin = at + value_at
        if kind == _LONG and not size and 0 <= begin <= len(raw) - 8:
            found[name] = struct.unpack_from(f"{order}q", raw, begin)[0]
        elif kind == _BYTE and size > 0 and 0 <= begin <= len(raw):
            found[name] = _text(raw[: begin + size], begin)
        at += length
    return found


def _text(raw: bytes, at: int) -> str:
    end = raw.find(b"\0", at)
    return raw[at : end if end >= 0 else len(raw)].decode("utf-8", "replace")


def may_attach(told: Mapping[str, int | str]) -> bool | None:
    """None where it is not told. The first character is that of attaching."""
    capabilities = told.get("sun.rt.jvmCapabilities")
    return capabilities[0] == "1" if isinstance(capabilities, str) and capabilities else None


def gc_totals(told: Mapping[str, int | str]) -> GcTotals | None:
    """None where it is not told."""
    ticks_per_s = _number(told, "sun.os.hrt.frequency")
    if not ticks_per_s:
        return None
    counts = [_number(told, f"sun.gc.collector.{row}.invocations") for row in range(2)]
    ticks = [_number(told, f"sun.gc.collector.{row}.time") for row in range(2)]
    return GcTotals(counts[0], ticks[0] / ticks_per_s, counts[1], ticks[1] / ticks_per_s)


def _number(told: Mapping[str, int | str], name: str) -> int:
    value = told.get(name, 0)
    return value if isinstance(value, int) else 0
