"""How much memory this process takes for itself, looked at again and again."""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

LOOKED_EVERY_S = 0.02
STATM = Path("/proc/self/statm")


class LiveOwnMemory:
    """Port OwnMemory. The kernel keeps no mark of how high anonymous memory was: what rises and falls between two
    looks is not seen.
    """

    @contextmanager
    def watched(self) -> Iterator[Callable[[], int]]:
        highest = anonymous_bytes()
        ended = threading.Event()

        def look() -> int:
            nonlocal highest
            highest = max(highest, anonymous_bytes())
            return highest

        def watch() -> None:
            while not ended.wait(LOOKED_EVERY_S):
                look()

        watcher = threading.Thread(target=watch, name="oakum-own-memory", daemon=True)
        watcher.start()
        try:
            yield look
        finally:
            ended.set()
            watcher.join()


def anonymous_bytes() -> int:
    """Resident, without pages of files."""
    resident, shared = STATM.read_text(encoding="ascii").split()[1:3]
    return (int(resident) - int(shared)) * resource.getpagesize()
