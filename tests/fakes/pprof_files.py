"""Heap profiles in pprof's wire format, written field by field."""

from __future__ import annotations


def varint(value: int) -> bytes:
    value %= 1 << 64
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


class PprofFile:
    """``sample``: a stack of (function, file, line), innermost first, with its values in the order of ``kinds``."""

    def __init__(self, kinds=("alloc_space", "inuse_objects", "inuse_space")) -> None:
        self.kinds = kinds
        self._texts: dict[str, int] = {"": 0}
        self._functions: dict[tuple[str, str], int] = {}
        self._locations: dict[tuple[str, str, int], int] = {}
        self._samples: list[bytes] = []

    @property
    def texts(self) -> list[str]:
        """As far as they were written by ``bytes``."""
        return list(self._texts)

    def _text(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts))

    def sample(self, stack, values, *, packed: bool = True) -> None:
        ids = []
        for function, file, line in stack:
            self._functions.setdefault((function, file), len(self._functions) + 1)
            ids.append(self._locations.setdefault((function, file, line), len(self._locations) + 1))
        if packed:
            content = block(1, b"".join(map(varint, ids))) + block(2, b"".join(map(varint, values)))
        else:
            content = b"".join(number(1, each) for each in ids) + b"".join(number(2, each) for each in values)
        self._samples.append(block(2, content))

    def bytes(self) -> bytes:
        """Times and the period first, as Go writes them."""
        made = [block(11, number(1, self._text("space")) + number(2, self._text("bytes"))), number(12, 4096)]
        made += [block(1, number(1, self._text(kind)) + number(2, self._text("count"))) for kind in self.kinds]
        made += self._samples
        for (function, file, line), own in self._locations.items():
            said = number(1, self._functions[function, file]) + number(2, line)
            made.append(block(4, number(1, own) + block(4, said)))
        for (function, file), own in self._functions.items():
            made.append(block(5, number(1, own) + number(2, self._text(function)) + number(4, self._text(file))))
        made += [block(6, text.encode()) for text in self._texts]
        return b"".join(made)
