"""Roots of an HPROF file, and the threads whose frames hold the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from oakum.heap.formats.hprof.classes import Classes
from oakum.heap.formats.hprof.records import Records
from oakum.model.cause import CodePlace

THREAD = 0x08
ON_STACK = frozenset({0x02, 0x03})
OF_THREAD = frozenset({0x04, 0x06})
GROUPS = {0x05: "class", 0x01: "jni", 0x07: "monitor", 0xFF: "other", 0x08: "thread"}
"""Root kinds by tag, in order of precedence; what is not named here is "other"."""


@dataclass(frozen=True, slots=True)
class Frame:
    """``number``: from the innermost, 0."""

    place: CodePlace
    number: int

    def __str__(self) -> str:
        return str(self.place)


@dataclass(frozen=True, slots=True)
class Thread:
    """``id``: the thread object's. ``frames``: innermost first."""

    id: int
    serial: int
    frames: tuple[Frame, ...]


@dataclass(slots=True)
class Roots:
    """``groups``: ids by root kind. ``locals``: (thread's id, its local's id, the frame's words or "")."""

    groups: dict[str, list[int]] = field(default_factory=dict)
    locals: list[tuple[int, int, str]] = field(default_factory=list)
    threads: dict[int, Thread] = field(default_factory=dict)


def read_roots(records: Records, classes: Classes) -> Roots:
    """What frames and native code of a known thread hold is the thread's, not a root of its own."""
    roots = Roots({name: [] for name in GROUPS.values()})
    wide = records.header.id_bytes
    tags = records.data[records.root_at]
    traces, frames = _traces(records)
    by_serial: dict[int, Thread] = {}
    for at in records.root_at[tags == THREAD].tolist():
        thread_id, serial = records.identity(at + 1), records.number(at + 1 + wide, 4)
        stack = traces.get(records.number(at + 5 + wide, 4), ())
        lines = tuple(
            Frame(_place(records, classes, frames[frame]), step) for step, frame in enumerate(stack) if frame in frames
        )
        by_serial[serial] = roots.threads[thread_id] = Thread(thread_id, serial, lines)
        roots.groups["thread"].append(thread_id)
    for at, tag in zip(records.root_at[tags != THREAD].tolist(), tags[tags != THREAD].tolist(), strict=True):
        held_id = records.identity(at + 1)
        thread = by_serial.get(records.number(at + 1 + wide, 4)) if tag in ON_STACK | OF_THREAD else None
        if thread is None:
            roots.groups[GROUPS.get(tag, "other")].append(held_id)
        elif tag in ON_STACK:
            number = records.number(at + 5 + wide, 4)
            frame = thread.frames[number] if number < len(thread.frames) else ""
            roots.locals.append((thread.id, held_id, str(frame)))
        else:
            roots.locals.append((thread.id, held_id, ""))
    return roots


def _traces(records: Records) -> tuple[dict[int, tuple[int, ...]], dict[int, int]]:
    """(frame ids by trace serial, place of a frame's record by its id)."""
    traces: dict[int, tuple[int, ...]] = {}
    frames: dict[int, int] = {}
    wide = records.header.id_bytes
    tags = records.data[records.record_at]
    for at in records.record_at[tags == 0x04].tolist():
        if records.number(at + 5, 4) >= 4 * wide + 8:
            frames[records.identity(at + 9)] = at
    for at in records.record_at[tags == 0x05].tolist():
        length = records.number(at + 5, 4)
        count = min(records.number(at + 17, 4), max(0, (length - 12) // wide))
        ids = np.frombuffer(records.data[at + 21 : at + 21 + count * wide].tobytes(), ">i8" if wide == 8 else ">u4")
        traces[records.number(at + 9, 4)] = tuple(ids.tolist())
    return traces, frames


def _place(records: Records, classes: Classes, at: int) -> CodePlace:
    wide = records.header.id_bytes
    method = records.text(records.identity(at + 9 + wide))
    file = records.text(records.identity(at + 9 + 3 * wide))
    class_id = classes.serials.get(records.number(at + 9 + 4 * wide, 4), 0)
    line = records.number(at + 13 + 4 * wide, 4)
    owner = classes.by_id[class_id].name if class_id in classes.by_id else ""
    # Numbers below 0 mean that no line is known, or that the method is native.
    return CodePlace(file, line if line < 1 << 31 else 0, f"{owner}.{method}" if owner else method)
