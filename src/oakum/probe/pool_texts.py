"""Configuration texts as names and values: JSON, and by lines YAML, TOML, ini, properties and ``.env``.

No reader of the whole of these languages: scalars under nested names are what settings are made of. Any text gives
pairs or nothing. Whoever asks keeps of the values what is known to be harmless: passwords stand among them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str, ...]
Pair: TypeAlias = tuple[Path, str]

MOST_BYTES: Final = 256 << 10
"""A longer file is no configuration, and is not read."""

MOST_PAIRS: Final = 10_000
MOST_DEPTH: Final = 30
LONGEST_LINE: Final = 2_000
"""Longer lines, in letters, hold certificates and data."""

_SECTION: Final = re.compile(r"\[{1,2}([^\[\]]{1,200})\]{1,2}\s*(?:[#;].*)?")
_LINE: Final = re.compile(r"""(?:export\s+)?["']?([\w.\-/\[\]]{1,200})["']?\s*(=|:(?=\s|$))\s*(.*)""")
_FLOW: Final = re.compile(r"""[{,]\s*["']?([\w.\-]{1,60})["']?\s*[:=]\s*([^,{}]{1,200})""")
_COMMENT: Final = re.compile(r"\s[#;].*$")


def pairs_of(raw: bytes) -> list[Pair]:
    """Of one file, in its order, at most ``MOST_PAIRS``."""
    text = raw.decode("utf-8", "replace").lstrip("\ufeff")
    if text.lstrip()[:1] == "{":
        found = json_pairs(text)
        if found:
            return found
    return _taken(_by_lines(text))


def json_pairs(text: str) -> list[Pair]:
    """Empty for what is no JSON object."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return _taken(_flat(document, ())) if isinstance(document, dict) else []


def _taken(pairs: Iterator[Pair]) -> list[Pair]:
    return [pair for pair, _ in zip(pairs, range(MOST_PAIRS), strict=False)]


def _flat(value: object, path: Path) -> Iterator[Pair]:
    if len(path) > MOST_DEPTH:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, (*path, str(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, path)
    elif path:
        yield path, _word(value)


def _word(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return value if isinstance(value, str) else repr(value)


def _by_lines(text: str) -> Iterator[Pair]:
    section: Path = ()
    above: list[tuple[int, str]] = []
    for indent, body in _lines(text):
        heading = _SECTION.fullmatch(body)
        if heading is not None or body.startswith("---"):
            section, above = () if heading is None else _names(heading[1]), []
            continue
        matched = _LINE.fullmatch(body)
        if matched is None:
            continue
        name, sign, rest = matched.groups()
        while above and above[-1][0] >= indent:
            above.pop()
        path = (*section, *(outer for _, outer in above), *_names(name))
        value = _COMMENT.sub("", f" {rest}").strip()
        if value.startswith("{"):
            yield from (((*path, *_names(inner)), _bare(told)) for inner, told in _FLOW.findall(value))
        elif value:
            yield path, _bare(value)
        elif sign == ":" and len(above) < MOST_DEPTH:
            above.append((indent, name))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(how far it is indented, the rest) of each line that may say something."""
    for line in text.splitlines():
        body = line.strip()
        if not body or body[0] in "#;!" or len(line) > LONGEST_LINE:
            continue
        bare = line.expandtabs(8)
        indent = len(bare) - len(bare.lstrip())
        while body.startswith("- "):
            indent, body = indent + 2, body[2:].lstrip()
        yield indent, body


def _names(text: str) -> Path:
    return tuple(each.strip().strip("\"'") for each in text.split("."))


def _bare(value: str) -> str:
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value
