"""Files without a name: what is taken from a target is gone with us, however we end."""

from __future__ import annotations

import os
import shutil
import tempfile

from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import MachineError, RefusedError
from oakum.model.units import format_size

KEPT_FREE = 0.1
"""This share of what is free on the disk is left free."""


class LiveSpools:
    """Port Spools."""

    def create(self, limit_bytes: int) -> LiveSpool | Absent:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free
        if limit_bytes > free * (1 - KEPT_FREE):
            return Absent(
                f"room for {format_size(limit_bytes)} in {folder}",
                AbsentKind.TOO_DEAR,
                f"{format_size(free)} are free there",
                "TMPDIR=/a/larger/folder oakum investigate …",
            )
        return LiveSpool(limit_bytes)


class LiveSpool:
    """Port Spool."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._file = tempfile.TemporaryFile(prefix="oakum-spool-")  # noqa: SIM115  (open until close)
        self.size_bytes = 0

    def write(self, piece: bytes) -> None:
        self.size_bytes += len(piece)
        if self.size_bytes > self._limit_bytes:
            raise RefusedError(
                f"more than {format_size(self._limit_bytes)} came",
                why="a dump larger than its heap allows is not kept",
                next_step="oakum investigate … --no-capture",
            )
        try:
            self._file.write(piece)
        except OSError as exc:
            raise MachineError(
                f"no room in {tempfile.gettempdir()}", why=exc.strerror or "", next_step="df -h; or set TMPDIR"
            ) from exc

    def path(self) -> str:
        self._file.flush()
        return f"/proc/{os.getpid()}/fd/{self._file.fileno()}"

    def close(self) -> None:
        self._file.close()
