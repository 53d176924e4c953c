"""What JavaScript source says about a holder, line by line: where it is made, who inserts, what may bound it.

It is no parser: a name that two things share is taken for one, and code across several lines may be missed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from oakum.explain.source import LARGEST_SOURCE, Sites
from oakum.model.cause import CodePlace

_INSERTS = "set|add|push|unshift|append|on|once|addListener|prependListener|addEventListener|subscribe"
_REMOVES = "delete|shift|pop|splice|clear|off|removeListener|removeAllListeners|removeEventListener|unsubscribe"
_FUNCTION = re.compile(
    r"\bfunction\s*\*?\s*([\w$]+)\s*\(|^\s*(?:(?:static|async|get|set)\s+)*(#?[\w$]+)\s*\([^;]*\)\s*\{\s*$"
    r"|\b([\w$]+)\s*[=:]\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*=>|[\w$]+\s*=>)"
)
_WORDS = frozenset({"if", "for", "while", "switch", "catch", "function", "with"})
_LONGEST_LINE = 2000


def find_script_sites(text: str, file: str, name: str) -> Sites:
    """``name``: of the variable or field. A text that is too large, or minified, has no sites. O(text)."""
    sites = Sites()
    if not name or len(text) > LARGEST_SOURCE:
        return sites
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
    for number, line in enumerate(lines, 1):
        if name not in line or len(line) > _LONGEST_LINE or line.lstrip().startswith(("//", "*", "/*")):
            continue
        for found, places in (
            (inserted, sites.inserts),
            (limited, sites.bounds),
            (chosen, sites.bounds),
            (removed, sites.removals),
            (made, sites.defined),
        ):
            if found.search(line):
                places.append(CodePlace(file, number, function_at(lines, number), line.strip()))
    return sites


def function_at(lines: Sequence[str], number: int) -> str:
    """The function around line ``number`` (from 1), by how lines are indented; "" for none."""
    depth = _depth(lines[number - 1])
    for line in reversed(lines[: number - 1]):
        if not line.strip() or _depth(line) >= depth:
            continue
        depth = _depth(line)
        match = _FUNCTION.search(line)
        name = next((group for group in match.groups() if group), "") if match else ""
        if name and name not in _WORDS:
            return name
    return ""


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
