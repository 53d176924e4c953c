"""Arrays in files without a name: they go when nobody holds them, whatever becomes of the process."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oakum.model.errors import MachineError
from oakum.model.units import format_size


class LiveScratch:
    """Port Scratch. Files are made under TMPDIR."""

    def __init__(self) -> None:
        self.used_bytes = 0

    def array(self, count: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        size = count * dtype.itemsize
        if not size:
            return np.empty(0, dtype)
        try:
            with tempfile.TemporaryFile(prefix="oakum-scratch-") as file:
                # Of a file with holes, the first write for which there is no room would kill us.
                os.posix_fallocate(file.fileno(), 0, size)
                mapped = mmap.mmap(file.fileno(), size)
        except OSError as exc:
            folder = tempfile.gettempdir()
            raise MachineError(
                f"no room in {folder} for {format_size(size)} that memory is too small for",
                why=exc.strerror or str(exc),
                next_step="TMPDIR=/a/larger/folder oakum heap analyze FILE, or a larger --memory",
            ) from exc
        self.used_bytes += size
        return np.frombuffer(mapped, dtype)
