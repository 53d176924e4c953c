"""V8's own limit of a heap against the cgroup's: which of the two ends a Node.js process whose heap grows.

Source: nodejs.org/api/cli (--max-old-space-size, --heapsnapshot-near-heap-limit), nodejs.org/api/v8 (heap_size_limit).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from oakum.model.units import format_size
from oakum.probe.node_options import values_of

HEAP_LIMIT = "process.getBuiltinModule ? process.getBuiltinModule('v8').getHeapStatistics().heap_size_limit : 0"
OLD_SPACE = "--max-old-space-size"
HEAP_SHARE = 0.8
"""Of what the cgroup's limit leaves beside the heap, so much is advised: the young space comes on top of the old."""

LEAST_ADVISED_BYTES = 16 << 20
_MIB: Final = re.compile("[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Ending:
    """``by_kernel``: the kernel is first, None where no limit is known to it. ``told``: which, and what comes of it.

    ``better``: what to write instead, "" for nothing.
    """

    by_kernel: bool | None
    told: str
    better: str = ""


def ending(heap_limit_bytes: int, cgroup_limit_bytes: int | None, beside_bytes: int, words: Sequence[str]) -> Ending:
    """``beside_bytes``: resident now, without the main thread's heap. ``words``: its options."""
    option = old_space_mib(words)
    whose = f"{OLD_SPACE}={option}" if option is not None else f"{OLD_SPACE} is not set, V8 chose it"
    heap = f"the main thread's heap may grow to {format_size(heap_limit_bytes)} ({whose})"
    aborts = "V8 ends it with exit code 134 and JavaScript heap out of memory on standard error"
    if cgroup_limit_bytes is None:
        return Ending(None, f"{heap}, then {aborts}; no cgroup limits its memory")
    limit, beside = format_size(cgroup_limit_bytes), format_size(beside_bytes)
    if heap_limit_bytes + beside_bytes <= cgroup_limit_bytes:
        return Ending(
            by_kernel=False,
            told=f"{heap}, and the {beside} beside it fit below the cgroup's limit of {limit}: {aborts}, before the"
            " kernel kills it; memory outside the heap (Buffers, worker threads) is not counted by that limit",
        )
    room = int(HEAP_SHARE * (cgroup_limit_bytes - beside_bytes))
    return Ending(
        by_kernel=True,
        told=f"{heap}, and with the {beside} beside it that is more than the cgroup's limit of {limit}: the kernel"
        " kills it first, without a word, and no --heapsnapshot-near-heap-limit is written",
        better=f"{OLD_SPACE}={room >> 20}" if room >= LEAST_ADVISED_BYTES else "a higher limit",
    )


def old_space_mib(words: Sequence[str]) -> int | None:
    """What the options set, the last one that counts; None where they do not."""
    told = [int(value) for value in values_of(OLD_SPACE, words) if _MIB.fullmatch(value)]
    return told[-1] if told else None
