"""Settings of connection pools out of names and values. Pure. A secret is never kept: of each value only what is a
number, a duration, a word of a list or a pool's class; of an address only its host, port and database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import parse_qsl

from oakum.model.pool import Pool, PoolSetting
from oakum.model.runtime import RuntimeName
from oakum.probe.pool_names import LIBRARIES, POSTGRESQL, Library, Name
from oakum.probe.pool_texts import Pair, Path

NOT_TOLD: Final = ""
"""The value of a setting that is there, and whose value is none that is kept."""

MOST_VALUE: Final = 4_096
MOST_POOLS: Final = 12
"""So many of one process are told."""

_VALUE: Final = re.compile(
    r"[-+]?\d{1,15}(?:\.\d{1,6})?(?:_\d{3})*\s?(?:ns|us|ms|s|m|h|d)?|(?:\d{1,9}(?:ms|s|m|h)){1,4}|PT?[\dHMSD.]{1,20}"
    r"|true|false|yes|no|on|off|null|none|infinity|(?:[A-Za-z_]{1,30}\.){0,4}[A-Za-z]{0,30}Pool",
    re.IGNORECASE,
)
_HOLE: Final = re.compile(r"\$\{([\w.\-]{1,100})(?::-?([^{}]{0,100}))?\}")
_ADDRESS: Final = re.compile(
    r"(?:jdbc:)?([a-z]{1,20})(?:\+\w{1,20})?://([^?#\s]{1,2000})(?:\?(\S{0,2000}))?", re.IGNORECASE
)
_SERVER: Final = re.compile(r"(?:[\w.-]{1,255}|\[[0-9a-fA-F:]{2,45}\])(?::\d{1,5})?(?:/[\w-]{1,63})?/?")
_DSN: Final = re.compile(r"\b(pool_\w{1,40})=(\w{1,20})")
_PLAIN: Final = re.compile(r"[\w.\-/\[\]]{1,160}")


@dataclass(frozen=True, slots=True)
class Source:
    """What settings were read from: ``name`` for a person. ``word``: the name of a file without its ending."""

    name: str
    pairs: tuple[Pair, ...]
    word: str = ""


@dataclass(frozen=True, slots=True)
class _Item:
    """``group``: normalised, what stands before the name. ``context``: where a library's word may stand."""

    library: Library
    name: Name
    group: str
    context: str
    shown: str
    setting: PoolSetting


def find_pools(
    sources: Iterable[Source], runtime: RuntimeName, environment: Mapping[str, str]
) -> tuple[tuple[Pool, ...], str]:
    """(pools, a PostgreSQL server's address without a login or ""). ``sources``: what counts more comes first."""
    libraries = [library for library in LIBRARIES if library.runtime is runtime]
    items: list[_Item] = []
    denied: dict[str, set[str]] = {library.name: set() for library in libraries}
    implied: dict[str, Pool] = {}
    server = ""
    for source in sources:
        for path, raw in source.pairs:
            value = _resolved(raw, environment)
            for each, told, context in _spread(path, value, source.word):
                key = _normal(each)
                for library in libraries:
                    denied[library.name].update(
                        _group(key.removesuffix(other)) for other in library.others if key.endswith(other)
                    )
                spelled = _shown(path) if each is path else ""
                items += _items(libraries, key, each, told, context, (source.name, spelled))
            scheme, place = _address(value)
            server = server or (place if scheme in POSTGRESQL else "")
            for library in libraries:
                if scheme in library.schemes or (library.implied and _normal(path) == library.implied):
                    implied.setdefault(library.name, Pool(library.name, _shown(path)))
    pools = list(islice(_pools(items, denied), MOST_POOLS))
    known = {pool.library for pool in pools}
    if "database/sql" in known:
        known.add("pgxpool")
    return (*pools, *(pool for name, pool in implied.items() if name not in known)), server


def _items(
    libraries: Iterable[Library], key: str, path: Path, value: str, context: str, place: tuple[str, str]
) -> Iterator[_Item]:
    """``place``: what it was read from, and its name there."""
    for library in libraries:
        for name in library.names:
            if not key.endswith(name.spelled):
                continue
            before = next(key.removesuffix(each) for each in name.spelled if key.endswith(each))
            text = value.strip()
            kept = text if _VALUE.fullmatch(text) else NOT_TOLD
            setting = PoolSetting(library.name, name.name, kept, *place)
            yield _Item(library, name, _group(before), before + context, _before(path), setting)


def _pools(items: Iterable[_Item], denied: Mapping[str, set[str]]) -> Iterator[Pool]:
    """``denied``: by library, where the names of another one stand."""
    groups: dict[tuple[str, str], list[_Item]] = {}
    for item in items:
        groups.setdefault((item.library.name, item.group), []).append(item)
    for (name, group), members in groups.items():
        library = members[0].library
        if group in denied.get(name, ()):
            continue
        sure = any(item.name.sure for item in members)
        told = [item for item in members if sure or any(word in item.context for word in library.words)]
        settings: dict[str, PoolSetting] = {}
        for item in told:
            settings.setdefault(item.name.name, item.setting)
        if settings:
            yield Pool(name, told[0].shown, settings)


def _spread(path: Path, value: str, word: str) -> Iterator[tuple[Path, str, str]]:
    """The pair itself, or what an address or a connection string says behind it; with what stands around it."""
    if len(value) > MOST_VALUE:
        return
    if matched := _ADDRESS.fullmatch(value):
        yield from (((*path, name), told, f"{word}{matched[1].lower()}") for name, told in _query(matched[3]))
    elif "pool_" in value and "=" in value:
        yield from (((*path, name), told, word) for name, told in _DSN.findall(value))
    else:
        yield path, value, word


def _query(text: str | None) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text or "", max_num_fields=50)
    except ValueError:
        return []


def _address(value: str) -> tuple[str, str]:
    """(scheme, the address without its login and options), "" for what is none."""
    matched = _ADDRESS.fullmatch(value) if len(value) <= MOST_VALUE else None
    if matched is None:
        return "", ""
    place = matched[2].rpartition("@")[2]
    # A password with a slash or an at sign of its own is no part of what is kept.
    kept = place if _SERVER.fullmatch(place) else ""
    return matched[1].lower(), f"postgresql://{kept}" if kept else ""


def _resolved(value: str, environment: Mapping[str, str]) -> str:
    """``${NAME:default}`` as it stands in the environment."""
    matched = _HOLE.fullmatch(value.strip())
    if matched is None:
        return value
    names = (matched[1], re.sub(r"[.\-]", "_", matched[1]).upper())
    return next((environment[name] for name in names if name in environment), matched[2] or value)


def _group(before: str) -> str:
    """``PG_POOL_MAX`` and ``PG_MAX_LIFETIME_SECONDS`` are of one pool."""
    return before.removesuffix("pool")


def _normal(path: Path) -> str:
    return re.sub(r"[^a-z0-9]", "", "".join(path).lower())


def _before(path: Path) -> str:
    return _shown(path[:-1]) or _shown(path)


def _shown(path: Path) -> str:
    """Names come from the target."""
    text = ".".join(path)
    return text if _PLAIN.fullmatch(text) else ""
