"""Patterns from TOML: those that come with Oakum, and those that users add."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Final, TypeGuard

from oakum.logs.required import LEAST_LETTERS, required
from oakum.model.cause import CauseName
from oakum.model.errors import CallerError
from oakum.model.log import LogPattern, Tells

PARTS: Final = ("jvm", "node", "python", "go", "rust", "native", "others", "systems", "words")
"""The files of the library, in the order in which its patterns are told."""

RUNTIMES: Final = (
    "any",
    "dotnet",
    "go",
    "jvm",
    "kernel",
    "kubernetes",
    "native",
    "node",
    "php",
    "postgres",
    "python",
    "redis",
    "ruby",
    "rust",
)
_FIELDS: Final = {field.name for field in fields(LogPattern)}
_TEXTS: Final = ("id", "pattern", "meaning", "error", "runtime", "location", "action", "command", "risk")
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
COMPUTED: Final = frozenset({"after_share"})
"""What ``least`` may name beside groups: ``after`` as a share of ``of``."""


@cache
def library() -> tuple[LogPattern, ...]:
    """Those that come with Oakum."""
    folder = files(__package__).joinpath("patterns")
    found = [parse_patterns(folder.joinpath(f"{part}.toml").read_text(encoding="utf-8"), part) for part in PARTS]
    return tuple(pattern for each in found for pattern in each)


def with_own(own: tuple[LogPattern, ...]) -> tuple[LogPattern, ...]:
    """The library and a user's: one of the same id takes the place of ours."""
    taken = {pattern.id for pattern in own}
    return (*(pattern for pattern in library() if pattern.id not in taken), *own)


def parse_patterns(text: str, name: str) -> tuple[LogPattern, ...]:
    """``[[pattern]]`` tables of a file called ``name``. Raises CallerError, and says which one and what is wrong."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise _wrong(name, "it is not TOML", str(exc)) from exc
    rows = document.pop("pattern", None)
    if not isinstance(rows, list) or not rows or document:
        raise _wrong(name, "it holds no patterns", "a file of patterns consists of [[pattern]] tables")
    found = [_pattern(row, f"{name}: pattern {number}") for number, row in enumerate(rows, 1)]
    seen: set[str] = set()
    for pattern in found:
        if pattern.id in seen:
            raise _wrong(name, f"two patterns are called {pattern.id}", "a pattern is known by its id")
        seen.add(pattern.id)
    return tuple(found)


def _check(row: Mapping[str, object], where: str) -> None:
    unknown = sorted(set(row) - _FIELDS)
    if unknown:
        raise _wrong(where, f"it has no field {unknown[0]!r}", f"it knows {', '.join(sorted(_FIELDS))}")
    for field in ("id", "pattern", "meaning"):
        if not row.get(field):
            raise _wrong(where, f"{field} is missing", "id, pattern and meaning are wanted of each")
    for field in _TEXTS:
        if not isinstance(row.get(field, ""), str):
            raise _wrong(where, f"{field} = {row[field]!r}", "a text is wanted")
    if not _NAME.fullmatch(str(row["id"])):
        raise _wrong(where, f"id = {row['id']!r}", "an id is of lower-case letters and digits with hyphens between")
    if row.get("runtime", "any") not in RUNTIMES:
        raise _wrong(where, f"runtime = {row['runtime']!r}", f"one of {', '.join(RUNTIMES)} is wanted")
    if not isinstance(row.get("fallback", False), bool):
        raise _wrong(where, f"fallback = {row['fallback']!r}", "true or false is wanted")


def _pattern(row: object, where: str) -> LogPattern:
    if not isinstance(row, dict):
        raise _wrong(where, "it is no table", "write [[pattern]] above its fields")
    _check(row, where)
    where = f"{where} ({row['id']})"
    compiled = _compiled(row["pattern"], "pattern", where)
    if row.get("location", "stack") not in {"stack", "none"}:
        _compiled(row["location"], "location", where)
    return LogPattern(
        **{field: row[field] for field in (*_TEXTS, "fallback") if field in row and field != "error"},
        error=row.get("error") or row["id"],
        words=_words(row, where),
        tells=_tells(row.get("tells", Tells.STRAIN), where),
        cause=None if "cause" not in row else _cause(row["cause"], "cause", where),
        against=tuple(_cause(name, "against", where) for name in _listed(row.get("against", []), "against", where)),
        least=_least(row.get("least", {}), compiled, where),
    )


def _compiled(pattern: str, field: str, where: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as exc:
        raise _wrong(where, f"{field} is no regular expression: {exc}", "Python's re reads it") from exc
    if found.flags & re.VERBOSE:
        raise _wrong(where, f"{field} is verbose, (?x)", "its spaces could not be told from text")
    if field == "pattern" and found.fullmatch(""):
        raise _wrong(where, "pattern matches the empty line", "it would be found on every line")
    return found


def _words(row: Mapping[str, object], where: str) -> tuple[str, ...]:
    given = _listed(row.get("words", []), "words", where)
    for word in given:
        if len(word) < LEAST_LETTERS or not word.isascii():
            raise _wrong(where, f"words has {word!r}", f"a text of {LEAST_LETTERS} ASCII letters or more is wanted")
    words = given or required(str(row["pattern"]))
    if not words:
        raise _wrong(
            where,
            f"pattern has no text of {LEAST_LETTERS} letters that every match holds",
            'add words = ["…"]: texts of which every line that is wanted holds one',
        )
    return words


def _listed(value: object, field: str, where: str) -> tuple[str, ...]:
    if not _is_texts(value):
        raise _wrong(where, f"{field} = {value!r}", "a list of texts is wanted")
    return tuple(value)


def _is_texts(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _tells(value: object, where: str) -> Tells:
    try:
        return Tells(str(value))
    except ValueError:
        raise _wrong(where, f"tells = {value!r}", f"one of {', '.join(Tells)} is wanted") from None


def _cause(value: object, field: str, where: str) -> CauseName:
    try:
        return CauseName(str(value))
    except ValueError:
        raise _wrong(where, f"{field} names {value!r}", f"one of {', '.join(CauseName)} is wanted") from None


def _least(value: object, pattern: re.Pattern[str], where: str) -> Mapping[str, float]:
    if not isinstance(value, dict) or not all(
        isinstance(least, int | float) and not isinstance(least, bool) for least in value.values()
    ):
        raise _wrong(where, f"least = {value!r}", "numbers by the names of groups are wanted: least = { ms = 1000 }")
    for name in value:
        wanted = {"after", "of"} if name in COMPUTED else {name}
        if not wanted <= set(pattern.groupindex):
            raise _wrong(where, f"least names {name!r}", f"pattern has no group {', '.join(sorted(wanted))}")
    return {str(name): float(least) for name, least in value.items()}


def _wrong(where: str, what: str, why: str) -> CallerError:
    return CallerError(f"{where}: {what}", why=why, next_step="oakum investigate --help    # docs/logs.md has examples")
