"""Evidence to a file: packed, whole or not at all, for its owner's eyes only."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

from oakum.model.errors import CallerError, MachineError

LEVEL = 3
"""zstd's own default: 300 MB/s and more on one core."""


def check_room(path: str, wanted_bytes: int) -> None:
    """Raises CallerError for a folder or for a file that is there already, MachineError where there is no room.

    What stands there may be the only dump of a process that is gone: nothing is overwritten.
    """
    target = Path(path)
    if target.is_dir():
        raise CallerError(
            f"{path} is a folder", why="a file is wanted", next_step=f"--output {quote(path.rstrip('/'))}/heap.census"
        )
    if os.path.lexists(target):
        raise CallerError(
            f"{path} is there already", why="evidence is never overwritten", next_step="--output ANOTHER_FILE"
        )
    folder = target.parent
    try:
        free = os.statvfs(folder)
    except OSError as exc:
        raise _refused(target, exc) from exc
    if not os.access(folder, os.W_OK):
        raise _refused(target, OSError(errno.EACCES, os.strerror(errno.EACCES)))
    if free.f_bavail * free.f_frsize < wanted_bytes:
        raise _refused(target, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def keep(path: str, chunks: Iterable[bytes]) -> int:
    """Pack ``chunks`` with zstd, write them beside, then give them their name; mode 0600. Returns the file's bytes.

    Raises MachineError when the disk or the folder refuse, CallerError when something took the name meanwhile; nothing
    half-written stays.
    """
    import zstandard  # noqa: PLC0415  (only where a dump is written)

    target, temporary = Path(path), ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
            with packer.stream_writer(file, closefd=False) as packed:
                for chunk in chunks:
                    packed.write(chunk)
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        _name(temporary, target)
    except FileExistsError as exc:
        raise CallerError(
            f"{path} is there already", why="evidence is never overwritten", next_step="--output ANOTHER_FILE"
        ) from exc
    except OSError as exc:
        raise _refused(target, exc) from exc
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
    return size


def _name(temporary: str, target: Path) -> None:
    """A link fails where a rename would replace; some file systems have none."""
    try:
        os.link(temporary, target)
    except OSError as exc:
        if exc.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from exc
        Path(temporary).rename(target)


def _refused(path: Path, exc: OSError) -> MachineError:
    folder = quote(str(path.parent))
    return MachineError(
        f"cannot write {path}", why=exc.strerror or str(exc), next_step=f"df -h {folder} && ls -ld {folder}"
    )
