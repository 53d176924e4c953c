"""What Ruby source says about a holder, line by line: where it is made, who inserts, what may bound it.

It is no parser: a name that two things share is taken for one, and code across several lines may be missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from oakum.explain.source import LARGEST_SOURCE, Enclosing, Signs, Sites, sites_by_line

_INSERTS: Final = "push|append|add|add\\?|unshift|prepend|insert|concat|store|merge!|update|enq|subscribe"
_REMOVES: Final = "delete|delete_if|delete_at|shift|pop|clear|reject!|select!|keep_if|filter!|slice!|deq|compact!"
_METHOD: Final = re.compile(r"^\s*def\s+(?:self\.)?([\w?!=\[\]<]+)")
_OPENS: Final = re.compile(r"^\s*(?:class|module)\s+(?:\w+::)*([A-Z]\w*)")
_OWNER: Final = re.compile(r"(\w+)[#.]@{1,2}\w+$")
_LIMITED_BY: Final = "(?:size|length|count)"


def find_ruby_sites(text: str, file: str, name: str, *, holder: str = "") -> Sites:
    """``name``: of the variable, as Ruby writes it: ``@entries``, ``@@all``, ``SEEN``, ``$seen``, ``:cart``. O(text).

    ``holder``: ``Shop::Store#@entries``; of another class in the file, a variable of that name is another one.
    """
    if not name or len(text) > LARGEST_SOURCE:
        return Sites()
    lines = text.splitlines()
    of = rf"(?<![\w@$]){re.escape(name)}" + (r"\]" if name.startswith(":") else r"(?!\w)")
    inserted = re.compile(
        rf"{of}\s*(?:<<|\[[^\]]+\]\s*(?:\|\||&&|\+|-)?=(?![=~>])|&?\.(?:{_INSERTS})\b|\+=|\|=)"
        rf"|{of}\s*&?\.fetch\([^)]*\)\s*\{{.*{of}\s*\["
    )
    removed = re.compile(rf"{of}\s*&?\.(?:{_REMOVES})")
    limited = re.compile(
        rf"{of}\s*&?\.{_LIMITED_BY}\s*(?:>=?|<=?|==)(?!\s*0\b)|[<>]=?\s*{of}\s*&?\.{_LIMITED_BY}\b"
        rf"|{of}\s*=\s*{of}\s*&?\.(?:last|first|take)\("
    )
    chosen = re.compile(rf"{of}\s*(?:\|\||)=\s*[\w:]*(?:LRU|Lru|WeakMap|WeakKeyMap|SizedQueue|MemoryStore)[\w:.]*")
    made = re.compile(rf"{of}\s*(?:\|\|)?=(?![=~>])")
    signs = Signs(inserted, limited, chosen, removed, made)
    code = _code(lines, _owner(holder, name))
    return sites_by_line(code, Enclosing(lines, _method), file=file, name=name, signs=signs)


def _owner(holder: str, name: str) -> str:
    """The class that a variable of instances or of a class belongs to; "" for what belongs to none."""
    found = _OWNER.search(holder) if name.startswith("@") else None
    return found[1] if found is not None else ""


def _code(lines: Sequence[str], owner: str) -> Iterator[tuple[int, str]]:
    """(number from 1, line without a comment) in ``owner``; all lines where no such class is there."""
    inside = list(_inside(lines, owner)) if owner else []
    everywhere = not any(inside)
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#") and (everywhere or inside[number - 1]):
            yield number, line.partition(" # ")[0]


def _inside(lines: Sequence[str], owner: str) -> Iterator[bool]:
    """For each line, whether the class or module around it, by how lines are indented, is ``owner``."""
    around: list[tuple[int, str]] = []
    for line in lines:
        if line.strip():
            depth = len(line) - len(line.lstrip())
            while around and depth <= around[-1][0]:
                around.pop()
            opened = _OPENS.match(line)
            if opened is not None:
                around.append((depth, opened[1]))
        yield bool(around) and around[-1][1] == owner


def _method(line: str) -> str:
    match = _METHOD.match(line)
    return match[1] if match is not None else ""
