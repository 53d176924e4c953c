"""The tokens of Go source, with the semicolons that Go itself puts, and what a row of them says as one text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

_TOKEN: Final = re.compile(
    r"(?P<newline>\n)|(?P<space>[ \t\r\ufeff]+|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>`[^`]*`|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(?P<word>[^\W\d]\w*)|(?P<number>\d[\w.]*)"
    r"|(?P<sign><<=|>>=|&\^=|\.\.\.|<-|\+\+|--|:=|&&|\|\||<<|>>|&\^|[-+*/%&|^=!<>]=|.)",
    re.DOTALL,
)
_ENDED: Final = frozenset({"break", "continue", "fallthrough", "return", "++", "--", ")", "]", "}"})
_KEYWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "break case chan const continue default defer else fallthrough for func go goto if import interface map package"
        " range return select struct switch type var",
    )
)
OPENS, CLOSES = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """``kind``: word, number, text or sign; keywords are signs. ``line``: from 1."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> list[Token]:
    """With the semicolons that Go itself puts at the ends of lines. O(text)."""
    found: list[Token] = []
    line = 1
    for match in _TOKEN.finditer(text):
        kind, told = match.lastgroup or "", match.group()
        if kind in {"newline", "space"}:
            if "\n" in told and found and _ends(found[-1]):
                found.append(Token("sign", ";", line))
        elif kind == "word" and told in _KEYWORDS:
            found.append(Token("sign", told, line))
        else:
            found.append(Token(kind, told, line))
        line += told.count("\n")
    return found


def _ends(token: Token) -> bool:
    return token.kind != "sign" or token.text in _ENDED


def typed(parts: Sequence[Token]) -> str:
    """A type or an expression as one text: ``map[string]*Bucket``, ``chan Line``."""
    told = ""
    for part in parts:
        apart = told and (told[-1].isalnum() or told[-1] == "_") and (part.text[0].isalnum() or part.text[0] == "_")
        told += f" {part.text}" if apart else part.text
    return told


def bare(parts: Sequence[Token]) -> str:
    """As ``typed``, without what stands in texts: nothing is looked for in there."""
    return typed([Token("text", '""', part.line) if part.kind == "text" else part for part in parts])


def split(parts: Sequence[Token], sign: str) -> list[list[Token]]:
    """At each ``sign`` that stands in no brackets; empty parts are left out."""
    found: list[list[Token]] = [[]]
    nested = 0
    for part in parts:
        if part.kind == "sign" and part.text == sign and not nested:
            found.append([])
            continue
        nested += part.kind == "sign" and part.text in OPENS
        nested -= part.kind == "sign" and part.text in CLOSES
        found[-1].append(part)
    return [each for each in found if each]
