"""What Thread.print and VM.classloader_stats print: counted, so that what multiplies is seen."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

_THREAD: Final = re.compile(r'^"(.*)" (?:#[0-9]+ )?(?:\[[0-9]+\] )?(?:daemon )?(?:prio=|os_prio=)', re.MULTILINE)
_STATE: Final = re.compile(r"^\s+java\.lang\.Thread\.State: ([A-Z_]+)", re.MULTILINE)
_NUMBER: Final = re.compile(r"0x[0-9a-f]+|[0-9]+")
_LOADER: Final = re.compile(r"^0x\w+\s+0x\w+\s+0x\w+\s+([0-9]+)\s+[0-9]+\s+[0-9]+\s+(\S.*?)\s*$", re.MULTILINE)
MOST_NAMES = 100


@dataclass(frozen=True, slots=True)
class ThreadCounts:
    """``names``: the numbers in them are ``N``; the most frequent first. ``states``: of Java threads."""

    total: int
    states: tuple[tuple[str, int], ...]
    names: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LoaderCounts:
    """``kinds``: (the loader's own class, how many, the classes that they loaded); most loaders first."""

    loaders: int
    classes: int
    kinds: tuple[tuple[str, int, int], ...]


def read_threads(text: str) -> ThreadCounts:
    names = [_NUMBER.sub("N", name) for name in _THREAD.findall(text)]
    states = Counter(_STATE.findall(text))
    return ThreadCounts(len(names), tuple(states.most_common()), tuple(Counter(names).most_common(MOST_NAMES)))


def read_loaders(text: str) -> LoaderCounts:
    loaders: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    for match in _LOADER.finditer(text):
        loaders[match[2]] += 1
        classes[match[2]] += int(match[1])
    kinds = tuple((name, count, classes[name]) for name, count in loaders.most_common(MOST_NAMES))
    return LoaderCounts(loaders.total(), classes.total(), kinds)
