"""What /proc/PID/smaps says: bytes in, values out.

Fields are those of fs/proc/task_mmu.c; one that an old kernel does not write counts as 0.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from oakum.model.layout import Mapping

SMAPS_BYTES: Final = 96 << 20
"""At most this much is read: more than 100 000 mappings."""

_HEAD: Final = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) (\S{4}) ([0-9a-f]+) \S+ ([0-9]+) *(.*)")


def parse_smaps(raw: bytes) -> list[Mapping]:
    """Ascending. A mapping that was cut off at the end is left out; lines that say nothing known are passed over."""
    return list(_mappings(raw[: raw.rfind(b"\n") + 1]))


def _mappings(raw: bytes) -> Iterator[Mapping]:
    head: re.Match[bytes] | None = None
    told: dict[bytes, int] = {}
    for line in raw.split(b"\n"):
        if (found := _HEAD.fullmatch(line)) is not None:
            if head is not None:
                yield _mapping(head, told)
            head, told = found, {}
            continue
        words = line.split()
        if len(words) >= 2 and words[1].isdigit():
            told[words[0]] = int(words[1]) << 10
    if head is not None and told:
        yield _mapping(head, told)


def _mapping(head: re.Match[bytes], told: dict[bytes, int]) -> Mapping:
    return Mapping(
        start=int(head[1], 16),
        end=int(head[2], 16),
        mode=head[3].decode("ascii", "replace"),
        offset=int(head[4], 16),
        inode=int(head[5]),
        path=os.fsdecode(head[6]),
        rss_bytes=told.get(b"Rss:", 0),
        anon_bytes=told.get(b"Anonymous:", 0),
        swap_bytes=told.get(b"Swap:", 0),
        huge_bytes=told.get(b"AnonHugePages:", 0),
        hugetlb_bytes=told.get(b"Private_Hugetlb:", 0),
    )
