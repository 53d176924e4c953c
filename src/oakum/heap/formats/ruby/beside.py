"""What Oakum's helper writes behind a dump: variables by name, what threads hold, what is the helper's own.

A dump names no variable, and a copy of a process (fork) has one thread: what the others' stacks and variables hold
would be held by nobody in it. Lines of JSON, each with the key ``oakum_heap`` first (``probe/oakum_heap.rb``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

BEGIN: Final = b'{"oakum_heap":'
TAIL_BYTES: Final = 32 << 20
MOST_LINES: Final = 1 << 16
LONGEST_NAME: Final = 200
LONGEST_FILE: Final = 4096
MOST_ADDRESS: Final = 1 << 63
GLOBALS: Final = "global_tbl"
"""The root of global variables, which has no address."""


@dataclass(frozen=True, slots=True)
class Named:
    """``owner`` and ``held``: addresses. ``file``, ``line``: where the variable, or its class, is made; "" and 0 where
    that is not told.
    """

    owner: int
    held: int
    name: str
    file: str = ""
    line: int = 0


@dataclass(slots=True)
class Beside:
    """Addresses. ``names``: an owner of 0 is the root of global variables.

    ``threads``: (a thread, what it holds). ``own``: tables of the helper, whose references do not count.
    """

    names: list[Named] = field(default_factory=list)
    threads: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    own: set[int] = field(default_factory=set)


def beside(data: NDArray[np.uint8]) -> Beside:
    """``data``: uint8[b], the file. What is broken is passed over."""
    found = Beside()
    for told in _lines(data):
        what, at = told.get("oakum_heap"), told.get("at")
        if what == "name" and isinstance(name := told.get("is"), str):
            owner = told.get("of")
            row = Named(0 if owner == GLOBALS else _number(owner), _number(at), name[:LONGEST_NAME], *_place(told))
            if row.owner >= 0 and row.held > 0 and name:
                found.names.append(row)
        elif what == "thread":
            found.threads.append((_number(at), tuple(_numbers(told.get("references")))))
        elif what == "own":
            found.own.update(_numbers(at))
    return found


def _lines(data: NDArray[np.uint8]) -> Iterator[Mapping[str, object]]:
    tail = data[max(0, data.size - TAIL_BYTES) :].tobytes()
    at = tail.find(b"\n" + BEGIN)
    if at < 0:
        return
    for line in tail[at + 1 :].split(b"\n", MOST_LINES)[:MOST_LINES]:
        if line.startswith(BEGIN):
            try:
                told = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(told, dict):
                yield told


def _place(told: Mapping[str, object]) -> tuple[str, int]:
    file, line = told.get("file"), told.get("line")
    if not isinstance(file, str) or not isinstance(line, int) or not 0 < line < 1 << 31:
        return "", 0
    return file[:LONGEST_FILE], line


def _numbers(values: object) -> list[int]:
    numbers = [_number(value) for value in values] if isinstance(values, list) else []
    return [number for number in numbers if number > 0]


def _number(value: object) -> int:
    """-1 for what is no address."""
    if not isinstance(value, str) or len(value) > 18 or not value.startswith("0x"):
        return -1
    try:
        number = int(value, 16)
    except ValueError:
        return -1
    return number if number < MOST_ADDRESS else -1
