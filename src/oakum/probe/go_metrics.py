"""What a Go program tells of itself in its metrics, where it serves those and no profiles.

Source: the Go collector of github.com/prometheus/client_golang.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from oakum.model.absent import Absent
from oakum.model.debugger import Listener
from oakum.model.ports import Debuggee

PATH: Final = "/metrics"
WITHIN_S: Final = 2.0
MOST_BYTES: Final = 2 << 20
"""20,000 series are no larger; a large service has half of that."""

WANTED: Final = ("go_goroutines", "go_memstats_heap_inuse_bytes", "go_memstats_stack_inuse_bytes")
_LINE = re.compile(rb"^(go_[a-z_]{1,60}) ([0-9.eE+]{1,40})(?: \d+)?\r?$", re.MULTILINE)
_MOST: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class GoMetrics:
    """``heap_bytes``, ``stack_bytes``: None where they are not among them."""

    listener: Listener
    goroutines: int
    heap_bytes: int | None
    stack_bytes: int | None


def read_metrics(body: bytes, listener: Listener) -> GoMetrics | None:
    """None where a Go program's own are not among them."""
    told: dict[str, int] = {}
    for name, value in _LINE.findall(body):
        if name.decode() in WANTED:
            number = _number(value)
            if number is not None:
                told[name.decode()] = number
    return _made(told, listener)


def _made(told: Mapping[str, int], listener: Listener) -> GoMetrics | None:
    count = told.get(WANTED[0])
    return None if count is None else GoMetrics(listener, count, told.get(WANTED[1]), told.get(WANTED[2]))


def _number(text: bytes) -> int | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if 0 <= value < _MOST else None


def find_metrics(debuggee: Debuggee, ports: Sequence[Listener]) -> GoMetrics | None:
    """Of the first port that serves them."""
    for port in ports:
        answer = debuggee.fetch(port, PATH, within_s=WITHIN_S, most_bytes=MOST_BYTES)
        if not isinstance(answer, Absent) and answer.status == 200:
            found = read_metrics(answer.body, port)
            if found is not None:
                return found
    return None
