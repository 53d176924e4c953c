"""Names as they go into a census: what stands in code is kept, what is data only where nobody minds."""

from __future__ import annotations

from oakum.heap.formats.python.layouts import FLAG_UNICODE, OB_TYPE, TP_FLAGS
from oakum.heap.formats.python.objects import PythonHeap

LONGEST_NAME = 100
LONGEST_KEY = 60
TEXT_HASH = 24
"""Where a str keeps the hash that CPython worked out for it, by a key that every process makes for itself."""


class Names:
    """Each name once. ``redact``: keys that are data are told by length and hash. ``hashed``: the hash may be kept."""

    def __init__(self, *, redact: bool, hashed: bool) -> None:
        self.redact, self.hashed = redact, hashed
        self._known: dict[str, int] = {"": 0}

    def all(self) -> tuple[str, ...]:
        return tuple(self._known)

    def of(self, name: str) -> int:
        return self._known.setdefault(name, len(self._known))

    def of_code(self, name: str) -> int:
        """A name that a developer wrote. One that could not stand in code is data after all."""
        told = len(name) <= LONGEST_NAME and all(part.isidentifier() for part in name.split("."))
        return self.of(name if told or not self.redact else f"text of {len(name)} characters")

    def of_key(self, heap: PythonHeap, address: int, *, code: bool) -> int:
        """Of a dict: the text of a global or an attribute; of data, what may be told of it; 0 for other keys."""
        image = heap.image
        if not image.word(image.word(address + OB_TYPE) + TP_FLAGS) & FLAG_UNICODE:
            return 0
        if not code and self.redact:
            return self.of(f"[{self._redacted(heap, address)}]")
        text = heap.values.text(address)
        if text is None:
            return 0
        if code:
            return self.of_code(text)
        return self.of(f"[{text[:LONGEST_KEY]!r}{'…' if len(text) > LONGEST_KEY else ''}]")

    def _redacted(self, heap: PythonHeap, address: int) -> str:
        length = heap.image.word(address + 16)
        told = f"text of {length}" if length < 1 << 40 else "text"
        number = heap.image.word(address + TEXT_HASH) if self.hashed else 0
        return f"{told} #{number & 0xFFFFFFFF:08x}" if number and number != (1 << 64) - 1 else told
