"""The file behind a mapping of another process: the very one that is mapped, whatever its name means by now."""

from __future__ import annotations

import os
import stat
from typing import Final

from oakum.host.rooted import open_regular
from oakum.model.process import Region

_NONE: Final = -1


class MappedFile:
    """Opened where that is allowed. A file that shrinks meanwhile is read short: it is never mapped here."""

    def __init__(self, folder: int, region: Region) -> None:
        """``folder``: an open /proc/PID."""
        self.regular = True
        self._fd = self._opened(folder, region)

    def _opened(self, folder: int, region: Region) -> int:
        # Opening what a link of map_files names wants CAP_CHECKPOINT_RESTORE; the others want the file to be there.
        for name in (f"map_files/{region.start:x}-{region.end:x}", "exe"):
            fd = self._by_link(folder, name, region)
            if fd != _NONE or not self.regular:
                return fd
        for root in (f"/proc/self/fd/{folder}/root", "/"):
            try:
                fd = open_regular(root, region.path)
            except (OSError, ValueError):
                continue
            if os.fstat(fd).st_ino == region.inode:
                return fd
            os.close(fd)
        return _NONE

    def _by_link(self, folder: int, name: str, region: Region) -> int:
        """The place is held before it is opened: a mapped device must not be."""
        try:
            place = os.open(name, os.O_PATH | os.O_CLOEXEC, dir_fd=folder)
        except OSError:
            return _NONE
        try:
            status = os.fstat(place)
            if name == "exe" and (status.st_ino, os.readlink(name, dir_fd=folder)) != (region.inode, region.path):
                return _NONE
            self.regular = stat.S_ISREG(status.st_mode)
            if not self.regular:
                return _NONE
            return os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return _NONE
        finally:
            os.close(place)

    @property
    def readable(self) -> bool:
        return self._fd != _NONE

    def read(self, offset: int, size: int) -> bytes:
        """Shorter, or empty, where the file ends or its disk refuses."""
        try:
            return os.pread(self._fd, max(0, size), offset)
        except OSError:
            return b""

    def close(self) -> None:
        if self._fd != _NONE:
            os.close(self._fd)
            self._fd = _NONE
