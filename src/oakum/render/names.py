"""Names that come from targets are hostile: they may hold terminal escapes, bidi overrides or half a character."""

from __future__ import annotations

import unicodedata
from typing import Final

_CONTROL: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Joiners make one glyph of several code points; without them names in some scripts cannot be read.
_ALLOWED: Final = frozenset("\u200c\u200d")


def shown(name: str, most: int = 0) -> str:
    r"""``name`` with every character that does not print written as ``\x1b`` or ``\u202e``.

    ``most`` > 0: at most so many characters, the middle left out, because a qualified name ends in what matters.
    """
    safe = name if name.isprintable() else "".join(_shown(character) for character in name)
    return shortened(safe, most) if most else safe


def shown_lines(text: str) -> str:
    """As ``shown``, for texts of several lines (source code): line breaks and tabs stay."""
    return "\n".join(shown(line.expandtabs(4)) for line in text.split("\n"))


def shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    head = (most - 1) // 3
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"


def encodable(text: str) -> str:
    """``text`` without lone surrogates: file names that are not UTF-8 hold them, and no JSON or HTML can."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(character: str) -> str:
    if character in _ALLOWED or unicodedata.category(character) not in _CONTROL:
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
