"""What Thread.print and VM.classloader_stats print: counted, so that what multiplies is seen."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_THREAD: Final = re.compile(r'^"(.*)" (?:#[0-9]+ )?(?:\[[0-9]+\] )?(?:daemon )?(?:prio=|os_prio=)', re.MULTILINE)
_STATE: Final = re.compile(r"^\s+java\.lang\.Thread\.State: ([A-Z_]+)", re.MULTILINE)
_NUMBER: Final = re.compile(r"0x[0-9a-f]+|[0-9]+")
_LOADER: Final = re.compile(r"^0x\w+\s+0x\w+\s+0x\w+\s+([0-9]+)\s+([0-9]+)\s+[0-9]+\s+(\S.*?)\s*$", re.MULTILINE)
MOST_NAMES = 100
WORD, CHUNK = 8, 1024
"""Bytes, of a word and of the smallest chunk."""


@dataclass(frozen=True, slots=True)
class ThreadCounts:
    """``names``: the numbers in them are ``N``; the most frequent first. ``states``: of Java threads."""

    total: int
    states: tuple[tuple[str, int], ...]
    names: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LoaderCounts:
    """``kinds``: (the loader's own class, how many, the classes that they loaded); most loaders first.

    ``metaspace_bytes``: by the loader's own class, chunks that the classes of all of them take (ChunkSz). JDK 17
    prints words, 25 bytes: the smallest chunk is 1 KiB (hotspot, share/memory/metaspace/chunklevel.hpp), so what is no
    multiple of that is words; where all words are multiples by chance, too little is told.
    """

    loaders: int
    classes: int
    kinds: tuple[tuple[str, int, int], ...]
    metaspace_bytes: Mapping[str, int] = field(default_factory=dict)

    def each_bytes(self, kind: str) -> float:
        """Metaspace of one loader of that class, on average; 0 where there is none."""
        count = next((count for name, count, _ in self.kinds if name == kind), 0)
        return self.metaspace_bytes.get(kind, 0) / count if count else 0.0


def read_threads(text: str) -> ThreadCounts:
    names = [_NUMBER.sub("N", name) for name in _THREAD.findall(text)]
    states = Counter(_STATE.findall(text))
    return ThreadCounts(len(names), tuple(states.most_common()), tuple(Counter(names).most_common(MOST_NAMES)))


def read_loaders(text: str) -> LoaderCounts:
    loaders: Counter[str] = Counter()
    classes: Counter[str] = Counter()
    metaspace: Counter[str] = Counter()
    for match in _LOADER.finditer(text):
        loaders[match[3]] += 1
        classes[match[3]] += int(match[1])
        metaspace[match[3]] += int(match[2])
    kinds = tuple((name, count, classes[name]) for name, count in loaders.most_common(MOST_NAMES))
    unit = WORD if any(int(match[2]) % CHUNK for match in _LOADER.finditer(text)) else 1
    return LoaderCounts(
        loaders.total(), classes.total(), kinds, {name: unit * size for name, size in metaspace.items()}
    )
