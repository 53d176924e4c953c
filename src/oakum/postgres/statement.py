"""The text of a statement without its values: they may be secrets.

pg_stat_statements puts $1 in the place of values, but keeps statements that are no query as they were written:
``SET app.token = '…'``, ``ALTER ROLE … PASSWORD '…'``. Source: the manual's chapter "Lexical Structure".
"""

from __future__ import annotations

import re
from typing import Final

QUERIES: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "WITH"})
"""Of statements that begin otherwise, the first word alone is shown."""

HIDDEN: Final = "<insufficient privilege>"
"""What stands for the text of another role's statement."""

_TOKEN: Final = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<escaped>[eE]'(?:[^'\\]|\\(?:.|\Z)|'')*(?:'|\Z))
    |(?P<text>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z))
    |(?P<dollar>\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z))
    |(?P<kept>"(?:[^"]|"")*(?:"|\Z)|[^\W\d][\w$]*|\$\d+)
    |(?P<number>\.?\d(?:[eE][+-]|[\w.])*)""",
    re.VERBOSE | re.DOTALL,
)


def without_values(text: str) -> str:
    """On one line, with ? in the place of each value; it may have been cut off anywhere."""
    if text == HIDDEN:
        return text
    plain = " ".join(_replaced(text).split())
    found = re.match(r"[(; ]*(\w*)", plain)
    first = found.group(1) if found else ""
    if first.upper() in QUERIES:
        return plain
    return first if plain == first else f"{first} …".lstrip()


def _replaced(text: str) -> str:
    made, at = [], 0
    for token in _TOKEN.finditer(text):
        made.append(text[at : token.start()])
        at, value, kind = token.end(), token.group(), token.lastgroup
        if kind == "comment":
            made.append(" ")
        elif kind == "kept":
            made.append(value)
        else:
            made.append("?")
        if (kind == "comment" and "/*" in value[2:]) or (kind == "text" and "\\" in value):
            # Comments nest, and an old setting lets \' be within a text: where this one ends cannot be told.
            return "".join([*made, " …"])
    return "".join([*made, text[at:]])
