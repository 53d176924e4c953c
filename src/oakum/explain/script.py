"""What JavaScript source says about a holder, line by line: where it is made, who inserts, what may bound it.

It is no parser: a name that two things share is taken for one, and code across several lines may be missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from oakum.explain.source import LARGEST_SOURCE, Enclosing, Signs, Sites, sites_by_line

_INSERTS = "set|add|push|unshift|append|on|once|addListener|prependListener|addEventListener|subscribe"
_REMOVES = "delete|shift|pop|splice|clear|off|removeListener|removeAllListeners|removeEventListener|unsubscribe"
_FUNCTION = re.compile(
    r"\bfunction\s*\*?\s*([\w$]+)\s*\(|^\s*(?:(?:static|async|get|set)\s+)*(#?[\w$]+)\s*\([^;]*\)\s*\{\s*$"
    r"|\b([\w$]+)\s*[=:]\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*=>|[\w$]+\s*=>)"
)
_WORDS = frozenset({"if", "for", "while", "switch", "catch", "function", "with"})


def find_script_sites(text: str, file: str, name: str) -> Sites:
    """``name``: of the variable or field. A text that is too large has no sites. O(text)."""
    if not name or len(text) > LARGEST_SOURCE:
        return Sites()
    lines = text.splitlines()
    of = rf"(?<![\w$]){re.escape(name)}\s*\??\.\s*"
    inserted = re.compile(
        rf"{of}(?:{_INSERTS})\s*\(|(?<![\w$]){re.escape(name)}\s*\[[^\]]+\]\s*(?:[|?+&]{{0,2}}=)(?!=)"
    )
    removed = re.compile(rf"{of}(?:{_REMOVES})\s*\(|\bdelete\s+[\w$.]*{re.escape(name)}\s*\[")
    limited = re.compile(
        rf"{of}(?:size|length)\s*(?:>=?|<=?|={{2,3}})(?![=\s]*0\b)(?!=)|[<>]=?\s*[\w$.]*{of}(?:size|length)\b"
    )
    chosen = re.compile(rf"(?<![\w$]){re.escape(name)}\s*[=:]\s*new\s+[\w$.]*(?:LRU|Cache)[\w$]*\s*\(.*\b(?:max|ttl)")
    made = re.compile(rf"(?<![\w$.]){re.escape(name)}\s*[=:](?![=>])|\bthis\.{re.escape(name)}\s*=(?!=)")
    signs = Signs(inserted, limited, chosen, removed, made)
    return sites_by_line(_code(lines), Enclosing(lines, _function), file=file, name=name, signs=signs)


def _code(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """(number from 1, line), without those that are comments."""
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith(("//", "*", "/*")):
            yield number, line


def _function(line: str) -> str:
    match = _FUNCTION.search(line)
    name = next((group for group in match.groups() if group), "") if match else ""
    return "" if name in _WORDS else name
