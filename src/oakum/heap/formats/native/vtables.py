"""Of which C++ class an object is, by the table of virtual functions that it begins with.

Source: the Itanium C++ ABI, 2.5.2 (virtual tables) and 2.9.5 (run-time type information). In front of the address that
an object leads to stand the offset to its top and the address of its type's description; that holds the address of the
type's mangled name. It stands in a stripped program too, unless it was built without run-time type information.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_NAME = 400
MOST_OFFSET = 1 << 20
BUILTIN = {"b": "bool", "c": "char", "i": "int", "j": "unsigned", "l": "long", "m": "unsigned long", "d": "double"}
STANDARD = {"Ss": "std::string", "Sa": "std::allocator"}


class Reader(Protocol):
    """Memory of a process, live or kept."""

    def read(self, address: int, size: int, /) -> bytes: ...


@dataclass(slots=True)
class Vtables:
    """``executable``: whether code may stand at an address. ``constant``: whether read-only data of a file does.

    ``symbol``: what a symbol says of an address, "" for none. ``place``: file and offset of an address.
    """

    memory: Reader
    executable: Callable[[int], bool]
    constant: Callable[[int], bool]
    place: Callable[[int], str]
    symbol: Callable[[int], str] = lambda _: ""
    _known: dict[int, str] = field(default_factory=dict)

    def name(self, address: int) -> str:
        """``shop::Session``; ``vtable at FILE+0x3d50`` where its class has no name; "" for what is no vtable."""
        if address not in self._known:
            self._known[address] = self._name(address)
        return self._known[address]

    def _name(self, address: int) -> str:
        if address & 7:
            return ""
        named = self.symbol(address - 16)
        if named.startswith("_ZTV"):
            return demangled(named[4:])
        raw = self.memory.read(address - 16, 24)
        if len(raw) < 24:
            return ""
        top, described, function = (int.from_bytes(raw[at : at + 8], "little") for at in (0, 8, 16))
        if min(top, 2**64 - top) > MOST_OFFSET or not (function == 0 or self.executable(function)):
            return ""
        if described == 0:
            return f"vtable at {self.place(address)}" if function else ""
        if not self.constant(described):
            return ""
        own = int.from_bytes(self.memory.read(described + 8, 8), "little")
        text = self._text(own & ~(1 << 63)) if self.constant(own & ~(1 << 63)) else ""
        return demangled(text) if text else f"vtable at {self.place(address)}" if function else ""

    def _text(self, address: int) -> str:
        raw = self.memory.read(address, LONGEST_NAME)
        end = raw.find(b"\0")
        text = raw[: max(0, end)].removeprefix(b"*")
        return text.decode("ascii", "replace") if text.isascii() and text.decode("ascii").isprintable() else ""


def demangled(name: str, *, whole: bool = True) -> str:
    """``N4shop7SessionE`` as ``shop::Session``. What is not known stays as it is written.

    ``whole``: nothing may stand behind it; parameters of a function may, otherwise.
    """
    try:
        told, rest = _type(name, 0)
    except (ValueError, IndexError):
        return name
    return told if not (rest and whole) else name


def _type(text: str, depth: int) -> tuple[str, str]:
    """(in words, what is left). Raises ValueError or IndexError for what is not known."""
    if depth > 20:
        raise ValueError(text)
    first = text[0]
    if first in BUILTIN:
        return BUILTIN[first], text[1:]
    if first in "PRK":
        told, rest = _type(text[1:], depth + 1)
        return (told + {"P": "*", "R": "&", "K": " const"}[first]), rest
    if first == "N":
        return _nested(text[1:], depth)
    if text[:2] in STANDARD:
        return _arguments(STANDARD[text[:2]], text[2:], depth)
    if text.startswith("St"):
        told, rest = _source(text[2:])
        told = f"std::{told}"
    else:
        told, rest = _source(text)
    return _arguments(told, rest, depth)


def _nested(text: str, depth: int) -> tuple[str, str]:
    parts: list[str] = []
    while text[0] != "E":
        if text.startswith("St"):
            parts.append("std")
            text = text[2:]
        elif text[0] == "I" and parts:
            parts[-1], text = _arguments(parts[-1], text, depth)
        elif text.startswith("12_GLOBAL__N_1"):
            parts.append("(anonymous namespace)")
            text = text[14:]
        else:
            # L: of this file alone.
            told, text = _source(text.removeprefix("L"))
            parts.append(told)
    return "::".join(parts), text[1:]


def _arguments(told: str, rest: str, depth: int) -> tuple[str, str]:
    if not rest.startswith("I"):
        return told, rest
    rest = rest[1:]
    given = []
    while rest[0] != "E":
        each, rest = _type(rest, depth + 1)
        given.append(each)
    return f"{told}<{', '.join(given)}>", rest[1:]


def _source(text: str) -> tuple[str, str]:
    digits = 0
    while text[digits].isdigit():
        digits += 1
    length = int(text[:digits])
    if not 0 < length <= len(text) - digits:
        raise ValueError(text)
    return text[digits : digits + length], text[digits + length :]
