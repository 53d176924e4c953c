"""Classes of an HPROF file: their names, fields, statics and lines of descent."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from oakum.heap.formats.hprof.records import Records

VALUE_BYTES = {4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8}
"""Bytes of a value by its type; a reference (2) is as wide as an id."""

PRIMITIVES = {4: "boolean", 5: "char", 6: "float", 7: "double", 8: "byte", 9: "short", 10: "int", 11: "long"}
_CODES = dict(zip("ZCFDBSIJ", PRIMITIVES.values(), strict=True))
REFERENCE = 2
TAG_CLASS = 0x20
_HIDDEN = re.compile(r"[.+]0x[0-9a-f]+$")
"""A lambda's class is numbered anew in every run."""
LONGEST_LINE = 100
"""No real class extends so many; a broken file could make the work grow with the square of its classes."""


@dataclass(frozen=True, slots=True)
class Field:
    """``type`` as the file gives it. ``at``: of a static, where its value stands in the file; else 0."""

    name: str
    type: int
    at: int = 0


@dataclass(frozen=True, slots=True)
class JavaClass:
    """``name`` as in source: ``java.util.HashMap$Node``, ``byte[]``. ``fields``: its own, in the order of the file.

    ``super_id``, ``loader_id``: 0 for none. ``held``: (what, id) of the other objects that it refers to.
    """

    id: int
    name: str
    super_id: int
    loader_id: int
    held: tuple[tuple[str, int], ...]
    statics: tuple[Field, ...]
    fields: tuple[Field, ...]

    @property
    def element(self) -> str:
        """What an array holds, "" for a class that is no array's."""
        return self.name[:-2] if self.name.endswith("[]") else ""


@dataclass(frozen=True, slots=True)
class Slot:
    """A reference in an instance: ``at`` bytes from the begin of its values."""

    name: str
    at: int
    owner: str


class Classes:
    """All classes, by id. ``serials``: class id by the serial number that frames use."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self._names: dict[int, str] = {}
        self.serials: dict[int, int] = {}
        for at in records.record_at.tolist():
            if records.data[at] == 0x02:
                self._name(at)
        tags = records.data[records.at]
        found = (self._read(at) for at in records.at[tags == TAG_CLASS].tolist())
        self.by_id = {known.id: known for known in found}

    def _name(self, at: int) -> None:
        records, wide = self.records, self.records.header.id_bytes
        if records.number(at + 5, 4) < 8 + 2 * wide:
            return
        class_id = records.identity(at + 13)
        self._names[class_id] = source_name(records.text(records.identity(at + 17 + wide)))
        self.serials[records.number(at + 9, 4)] = class_id

    def _read(self, at: int) -> JavaClass:
        """The scan has seen that the record ends inside of its segment."""
        records, wide = self.records, self.records.header.id_bytes
        class_id = records.identity(at + 1)
        ids = [records.identity(at + 5 + wide * step) for step in range(1, 7)]
        here = at + 1 + 7 * wide + 8
        here += 2 + self._constants(here)
        statics, here = self._statics(here)
        count = records.number(here, 2)
        block = records.data[here + 2 : here + 2 + count * (wide + 1)].tobytes()
        pattern = struct.Struct(">qB" if wide == 8 else ">IB")
        fields = tuple(Field(self._text(name), kind) for name, kind in pattern.iter_unpack(block))
        return JavaClass(
            id=class_id,
            name=self._names.get(class_id) or f"class@{class_id & (1 << 64) - 1:x}",
            super_id=ids[0],
            loader_id=ids[1],
            held=(
                ("<super>", ids[0]),
                ("<loader>", ids[1]),
                ("<signers>", ids[2]),
                ("<protection domain>", ids[3]),
            ),
            statics=statics,
            fields=fields,
        )

    def _constants(self, at: int) -> int:
        """Bytes of the constant pool's entries; JVMs write none."""
        records = self.records
        here = at + 2
        for _ in range(records.number(at, 2)):
            here += 3 + self.wide(int(records.data[here + 2]))
        return here - at - 2

    def _statics(self, at: int) -> tuple[tuple[Field, ...], int]:
        records, wide = self.records, self.records.header.id_bytes
        found = []
        here = at + 2
        for _ in range(records.number(at, 2)):
            kind = int(records.data[here + wide])
            found.append(Field(self._text(records.identity(here)), kind, here + wide + 1))
            here += wide + 1 + self.wide(kind)
        return tuple(found), here

    def _text(self, string_id: int) -> str:
        return self.records.text(string_id) or "?"

    def wide(self, kind: int) -> int:
        return VALUE_BYTES.get(kind, self.records.header.id_bytes)

    def line(self, class_id: int) -> tuple[JavaClass, ...]:
        """A class and those that it extends, itself first. A line that closes on itself is cut."""
        found: list[JavaClass] = []
        seen: set[int] = set()
        at = class_id
        while at in self.by_id and at not in seen and len(found) < LONGEST_LINE:
            seen.add(at)
            found.append(self.by_id[at])
            at = found[-1].super_id
        return tuple(found)

    def slots(self, class_id: int) -> tuple[Slot, ...]:
        """The references of an instance: its own class's values come first, then those of the class it extends."""
        found = []
        at = 0
        for known in self.line(class_id):
            for field in known.fields:
                if field.type == REFERENCE:
                    found.append(Slot(field.name, at, known.name))
                at += self.wide(field.type)
        return tuple(found)

    def value(self, class_id: int, name: str) -> tuple[int, int] | None:
        """(place from the begin of an instance's values, type) of the first field of that name on the line."""
        at = 0
        for known in self.line(class_id):
            for field in known.fields:
                if field.name == name:
                    return at, field.type
                at += self.wide(field.type)
        return None

    def named(self, name: str) -> tuple[JavaClass, ...]:
        return tuple(known for known in self.by_id.values() if known.name == name)


def source_name(internal: str) -> str:
    """``[Ljava/lang/String;`` → ``java.lang.String[]``, ``[[I`` → ``int[][]``, ``java/util/Map$Entry`` → dots."""
    depth = len(internal) - len(internal.lstrip("["))
    name = internal[depth:]
    if depth and name in _CODES:
        name = _CODES[name]
    elif depth and name.startswith("L") and name.endswith(";"):
        name = name[1:-1]
    return _HIDDEN.sub("", name.replace("/", ".")) + "[]" * depth
