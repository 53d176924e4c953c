"""``python -m bench.redact.alone FILE``: the work alone, twice: the first time loads the kernels."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial

from bench.heap.process import status
from oakum.heap.redact import KEY_BYTES, redactor
from oakum.host.dumps import LiveDumps


def main() -> None:
    pid = os.getpid()
    for _ in range(2):
        begun_bytes, most_bytes = status(pid)["VmRSS"], 0
        began_s, cpu_s, given = time.perf_counter(), time.process_time(), 0
        with LiveDumps().walk(sys.argv[1]) as (data, past):
            seen: list[int] = []
            watched = partial(_watched, pid, seen, past)
            for piece in redactor(data, bytes(KEY_BYTES), watched).pieces():
                given += len(piece)
            most_bytes = max(seen)
            assert given == data.size
        spent = (time.perf_counter() - began_s, time.process_time() - cpu_s)
    told = {"wall_s": spent[0], "cpu_s": spent[1], "peak_bytes": most_bytes, "above_bytes": most_bytes - begun_bytes}
    print(json.dumps(told))


def _watched(pid: int, seen: list[int], past: Callable[[int], None], place: int) -> None:
    """Before anything is let go."""
    seen.append(status(pid)["VmRSS"])
    past(place)


if __name__ == "__main__":
    main()
