"""Names that rustc wrote, as they stand in a program's source: the older mangling and that of today (v0).

Sources: RFC 2603 and "Symbol Mangling" of the rustc book (v0); rustc's legacy mangler, which borrows C++'s outer form.
Hashes of crates and of instances are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

LONGEST: Final = 4000
DEEPEST: Final = 60
MOST_STEPS: Final = 4000
"""Back references may lead to each other: a name of a hundred letters could be written out for ever."""

_HASH: Final = re.compile(r"h[0-9a-f]{16}$")
_SUFFIX: Final = re.compile(r"(\.llvm\.[0-9A-Fa-f@]+|\.[0-9]+|\.cold|\.isra\.[0-9]+)+$")
_ESCAPE: Final = re.compile(r"\$([A-Za-z0-9]{1,8})\$|\.\.")
_ESCAPED: Final = {
    "SP": "@", "BP": "*", "RF": "&", "LT": "<", "GT": ">", "LP": "(", "RP": ")", "C": ",",
}  # fmt: skip
_DROPPED: Final = re.compile(r"core::ptr::drop_in_place(?:::)?<(.+)>")
_CLOSURE: Final = re.compile(r"\{closure(#[0-9]+)?\}\}?$")
_BASIC: Final = {
    "a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8", "i": "isize", "j": "usize",
    "l": "i32", "m": "u32", "n": "i128", "o": "u128", "p": "_", "s": "i16", "t": "u16", "u": "()", "v": "...",
    "x": "i64", "y": "u64", "z": "!",
}  # fmt: skip
_DIGITS: Final = {
    digit: at for at, digit in enumerate("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
}


def rust_name(symbol: str) -> str:
    """``shop::Session``, ``<shop::Session as shop::Payload>::weight``; "" for what rustc did not write."""
    if len(symbol) > LONGEST or not symbol.isascii():
        return ""
    plain = _SUFFIX.sub("", symbol)
    if plain.startswith("_R"):
        return _v0(plain[2:])
    return _legacy(plain) if plain.startswith("_ZN") else ""


def type_of(function: str) -> str:
    """Of which type a function in a table of a trait is: its method, or what drops it; "" where it says none."""
    dropped = _DROPPED.fullmatch(function)
    if dropped is not None:
        return dropped[1]
    if function.startswith("<") and " as " in function:
        depth = 0
        for at, letter in enumerate(function):
            depth += (letter == "<") - (letter == ">" and function[at - 1] != "-")
            if depth == 1 and function.startswith(" as ", at):
                return function[1:at]
    return function if _CLOSURE.search(function) else ""


def _legacy(symbol: str) -> str:
    """C++ has the same outer form: rustc's names end with a hash."""
    parts = []
    rest = symbol[3:]
    while rest and rest[0].isdigit():
        digits = re.match(r"[0-9]+", rest)
        length = int(digits[0][:6]) if digits else 0
        rest = rest[len(digits[0]) :] if digits else ""
        parts.append(rest[:length])
        if len(rest) < length or not length:
            return ""
        rest = rest[length:]
    if rest != "E" or len(parts) < 2 or not _HASH.match(parts[-1]):
        return ""
    return "::".join(_unescaped(part) for part in parts[:-1])


def _unescaped(part: str) -> str:
    return _ESCAPE.sub(_letter, part[1:] if part.startswith("_$") else part)


def _letter(found: re.Match[str]) -> str:
    word = found[1]
    if word is None:
        return "::"
    if re.fullmatch(r"u[0-9a-f]{1,6}", word) and int(word[1:], 16) < 0x110000:
        return chr(int(word[1:], 16))
    return _ESCAPED.get(word, found[0])


def _v0(text: str) -> str:
    reader = _Reader(text)
    try:
        return reader.path()
    except (ValueError, LookupError):
        return ""


class _Reader:
    """One name, from after ``_R``. Raises ValueError or LookupError for what is not known."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0
        self._steps = self._depth = 0

    def path(self, *, value: bool = True) -> str:
        """``value``: whether generic arguments stand behind ``::``, as in expressions."""
        self._enter()
        kind = self._next()
        if kind == "C":
            told = self._identifier()[0]
        elif kind in "MXY":
            told = self._implementation(kind)
        elif kind == "N":
            told = self._nested(value=value)
        elif kind == "I":
            told = self.path(value=value)
            told += ("::<" if value else "<") + ", ".join(self._until(self._argument)) + ">"
        elif kind == "B":
            told = self._again(lambda: self.path(value=value))
        else:
            raise ValueError(self._text)
        self._depth -= 1
        return told

    def _implementation(self, kind: str) -> str:
        if kind != "Y":
            self._disambiguator()
            self.path(value=False)
        own = self._type()
        return f"<{own}>" if kind == "M" else f"<{own} as {self.path(value=False)}>"

    def _nested(self, *, value: bool) -> str:
        space = self._next()
        outer = self.path(value=value)
        name, number = self._identifier()
        if space in "CS" or space.isupper():
            kind = {"C": "closure", "S": "shim"}.get(space, space)
            return f"{outer}::{{{kind}{':' + name if name else ''}#{number}}}"
        return f"{outer}::{name}" if name else outer

    def _argument(self) -> str:
        if self._taken("L"):
            return self._lifetime()
        return self._constant() if self._taken("K") else self._type()

    def _type(self) -> str:
        self._enter()
        told = self._one_type()
        self._depth -= 1
        return told

    def _one_type(self) -> str:
        first = self._text[self._at]
        if first in "CMXYNI":
            return self.path(value=False)
        self._at += 1
        if first in _BASIC:
            return _BASIC[first]
        if first in "RQPO":
            return self._pointer(first)
        if first in "AST":
            return self._several(first)
        if first == "F":
            return self._function()
        if first == "D":
            return self._dynamic()
        if first == "B":
            return self._again(self._type)
        raise ValueError(self._text)

    def _pointer(self, kind: str) -> str:
        if kind in "RQ" and self._taken("L"):
            self._lifetime()
        return {"R": "&", "Q": "&mut ", "P": "*const ", "O": "*mut "}[kind] + self._type()

    def _several(self, kind: str) -> str:
        if kind == "S":
            return f"[{self._type()}]"
        if kind == "A":
            return f"[{self._type()}; {self._constant()}]"
        inner = self._until(self._type)
        return f"({inner[0]},)" if len(inner) == 1 else f"({', '.join(inner)})"

    def _dynamic(self) -> str:
        self._binder()
        told = " + ".join(self._until(self._bound))
        if not self._taken("L"):
            raise ValueError(self._text)
        self._lifetime()
        return f"dyn {told}"

    def _function(self) -> str:
        self._binder()
        told = "unsafe " if self._taken("U") else ""
        if self._taken("K"):
            abi = "C" if self._taken("C") else self._bare().replace("_", "-")
            told += f'extern "{abi}" '
        given = self._until(self._type)
        back = self._type()
        return f"{told}fn({', '.join(given)})" + ("" if back == "()" else f" -> {back}")

    def _bound(self) -> str:
        told = self.path(value=False)
        given = []
        while self._taken("p"):
            given.append(f"{self._bare()} = {self._type()}")
        if not given:
            return told
        return f"{told[:-1]}, {', '.join(given)}>" if told.endswith(">") else f"{told}<{', '.join(given)}>"

    def _constant(self) -> str:
        self._enter()
        told = self._one_constant()
        self._depth -= 1
        return told

    def _one_constant(self) -> str:
        """A number, a truth value or a letter; others are rare, and end the reading."""
        if self._taken("p"):
            return "_"
        if self._taken("B"):
            return self._again(self._constant)
        kind = _BASIC[self._next()]
        sign = "-" if self._taken("n") else ""
        end = self._text.index("_", self._at)
        number = int(self._text[self._at : end] or "0", 16)
        self._at = end + 1
        if kind == "bool":
            return "true" if number else "false"
        return repr(chr(number)) if kind == "char" and number < 0x110000 else f"{sign}{number}"

    def _again(self, read: Callable[[], str]) -> str:
        """What a back reference leads to: only to what stands before it."""
        own = self._at - 1
        place = self._number()
        if place >= own:
            raise ValueError(self._text)
        kept, self._at = self._at, place
        told = read()
        self._at = kept
        return told

    def _binder(self) -> None:
        if self._taken("G"):
            self._number()

    def _lifetime(self) -> str:
        return "'_" if self._number() == 0 else "'a"

    def _identifier(self) -> tuple[str, int]:
        number = self._disambiguator()
        return self._bare(), number

    def _disambiguator(self) -> int:
        return self._number() + 1 if self._taken("s") else 0

    def _bare(self) -> str:
        coded = self._taken("u")
        begin = self._at
        while self._text[self._at].isdigit() and not (self._at > begin and self._text[begin] == "0"):
            self._at += 1
            if self._at == len(self._text):
                break
        length = int(self._text[begin : self._at])
        if self._at < len(self._text) and self._text[self._at] == "_":
            self._at += 1
        if length > len(self._text) - self._at:
            raise ValueError(self._text)
        name = self._text[self._at : self._at + length]
        self._at += length
        if not coded:
            return name
        plain, _, coded_part = name.rpartition("_")
        return f"{plain}-{coded_part}".removeprefix("-").encode("ascii").decode("punycode")

    def _number(self) -> int:
        """In base 62: ``_`` is 0, ``0_`` is 1."""
        end = self._text.index("_", self._at)
        if end - self._at > 12:
            raise ValueError(self._text)
        number = 0
        for digit in self._text[self._at : end]:
            number = 62 * number + _DIGITS.get(digit, 0)
        number += end > self._at
        self._at = end + 1
        return number

    def _until(self, read: Callable[[], str]) -> list[str]:
        found = []
        while not self._taken("E"):
            found.append(read())
        return found

    def _taken(self, letter: str) -> bool:
        if self._at < len(self._text) and self._text[self._at] == letter:
            self._at += 1
            return True
        return False

    def _next(self) -> str:
        letter = self._text[self._at]
        self._at += 1
        return letter

    def _enter(self) -> None:
        self._steps += 1
        self._depth += 1
        if self._depth > DEEPEST or self._steps > MOST_STEPS:
            raise ValueError(self._text)
