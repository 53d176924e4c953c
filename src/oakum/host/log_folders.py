"""The folders that the logs of a process stand in: each is listed once, and all of them within a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from oakum.host.log_names import Beside
from oakum.model.absent import Absent, AbsentKind

LISTED_WITHIN_S: Final = 2.0
"""A process may write to very many folders, and each may hold very many files."""


class LogFolders:
    """``listed``: what stands in a folder."""

    def __init__(self, listed: Callable[[str], Iterable[Beside]]) -> None:
        self._listed, self._until_s = listed, time.monotonic() + LISTED_WITHIN_S
        self._found: dict[str, list[Beside]] = {}
        self._late: dict[str, None] = {}

    def files(self, folder: str) -> Sequence[Beside]:
        """Empty once the time is over."""
        if self._is_late(folder):
            return ()
        if folder not in self._found:
            files = self._found[folder] = []
            for each in self._listed(folder):
                files.append(each)
                if self._is_late(folder):
                    break
        return self._found[folder]

    def _is_late(self, folder: str) -> bool:
        late = time.monotonic() >= self._until_s
        if late:
            self._late.setdefault(folder)
        return late

    def absent(self, pid: int) -> list[Absent]:
        """Empty where there was time for all."""
        if not self._late:
            return []
        first, *more = self._late
        which = f"{first} and {len(more)} more folders" if more else first
        return [
            Absent(
                f"what pid {pid} rotated away in {which}",
                AbsentKind.TOO_DEAR,
                f"the folders of its logs hold more files than are looked at within {LISTED_WITHIN_S:g} s",
                "oakum investigate log/PATH    # of a log there: it is read with what was rotated away from it",
            )
        ]
