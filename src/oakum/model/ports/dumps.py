"""Heap dumps as files: opened, kept, spooled, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from oakum.model.absent import Absent


class Packing(StrEnum):
    """How a file is packed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class Dumps(Protocol):
    """Opens heap dumps, and keeps those that were taken."""

    def open(self, path: str, *, identity: str = "") -> AbstractContextManager[NDArray[np.uint8]]:
        """uint8[b], the whole file, unpacked; ``-`` is standard input. The array is valid inside the block only.

        ``identity``: a file with the key of one that is sealed. Raises CallerError, DataError (a packed file that
        cannot be unpacked, a sealed one that was changed) or MachineError.
        """

    def walk(
        self, path: str, *, identity: str = ""
    ) -> AbstractContextManager[tuple[NDArray[np.uint8], Callable[[int], None]]]:
        """As ``open``, for who reads from the begin to the end, again and again. The call is told the place that was
        reached: what lies before it need not stay in memory.
        """

    def check_identity(self, path: str) -> str:
        """What is wrong with the modes of a file of secret keys, "" for nothing."""

    def key(self, path: str, size: int) -> bytes:
        """A secret of ``size`` bytes from the file ``path``, which is made, of chance, where it is not there.

        Raises CallerError for a file that holds something else, MachineError where it cannot be read or made.
        """

    def check_recipients(self, recipients: Sequence[str]) -> None:
        """Raises CallerError for one that no file can be sealed to, MachineError where none can be sealed here."""

    def check_room(self, path: str, wanted_bytes: int) -> None:
        """Raises what ``keep`` would, as far as that can be told beforehand."""

    def keep(
        self,
        path: str,
        chunks: Iterable[bytes],
        *,
        packing: Packing | None = Packing.ZSTD,
        recipients: Sequence[str] = (),
    ) -> int:
        """Write a dump: whole or not at all, never over another file; ``-`` is standard output. Returns its bytes.

        ``packing``: None for what the name says. ``recipients``: who can open it; everybody where there are none.
        Raises CallerError for a name that is taken, MachineError when the disk refuses, and what ``chunks`` raise.
        """


class Spool(Protocol):
    """A file without a name, for what is streamed out of a target."""

    size_bytes: int

    def write(self, piece: bytes) -> None:
        """Raises RefusedError beyond its limit, MachineError when the disk is full."""

    def path(self) -> str:
        """By which our own processes can open it, until it is closed."""

    def close(self) -> None: ...


class Spools(Protocol):
    """Makes spools where there is room for them."""

    def create(self, limit_bytes: int) -> Spool | Absent: ...


class Answers(Protocol):
    """Answers about files that were kept. Whatever is wrong with them, there is none: the work is done again."""

    def mark(self, files: Sequence[str]) -> str | None:
        """What the files are known by, as they are now; None where one cannot be read twice (a pipe)."""

    def find(self, key: str) -> object | None:
        """The answer that was kept by ``key``: of the model's values only."""

    def keep(self, key: str, answer: object) -> None:
        """Keep an answer, whole or not at all. Raises nothing."""
