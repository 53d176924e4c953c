"""Evidence to a file: packed and sealed as asked, whole or not at all, for its owner's eyes only."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import IO, Protocol, cast

from oakum.model.errors import CallerError, MachineError
from oakum.model.ports import Packing

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


def packing_of(path: str) -> Packing:
    """As the file is called, sealed or not: ``x.hprof.zst``, ``x.hprof.gz.age``."""
    name = path.removesuffix(".age")
    return Packing.ZSTD if name.endswith(".zst") else Packing.GZIP if name.endswith(".gz") else Packing.NONE


def written(
    file: IO[bytes], chunks: Iterable[bytes], *, packing: Packing = Packing.ZSTD, recipients: Sequence[str] = ()
) -> int:
    """Write ``chunks``, packed, then sealed to ``recipients`` if there are any. Returns how many bytes were written."""
    out = _Counted(file)
    packed = _packed(chunks, packing)
    if recipients:
        from oakum.host.seal import seal  # noqa: PLC0415  (only where something is sealed)

        # The file is a stream to what seals: it is given what counts.
        seal(packed, cast("IO[bytes]", out), recipients)
    else:
        for chunk in packed:
            out.write(chunk)
    file.flush()
    return out.bytes


class _Counted:
    """A file that was asked to write so many bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.bytes = 0

    def write(self, piece: bytes) -> int:
        left = memoryview(piece)
        while left:
            # A pipe whose reader goes away takes a part first, and refuses the rest then.
            left = left[self._file.write(left) :]
        self.bytes += len(piece)
        return len(piece)

    def flush(self) -> None:
        self._file.flush()


def _packed(chunks: Iterable[bytes], packing: Packing) -> Iterator[bytes]:
    if packing is Packing.NONE:
        yield from chunks
        return
    packer: Packer = zlib.compressobj(wbits=31) if packing is Packing.GZIP else _zstd()
    for chunk in chunks:
        if made := packer.compress(chunk):
            yield made
    yield packer.flush()


class Packer(Protocol):
    """Takes pieces, and gives what is done of them."""

    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def _zstd() -> Packer:
    import zstandard  # noqa: PLC0415  (only where a dump is written)

    return zstandard.ZstdCompressor(level=LEVEL, write_checksum=True).compressobj()


def keep(path: str, chunks: Iterable[bytes], *, packing: Packing = Packing.ZSTD, recipients: Sequence[str] = ()) -> int:
    """Write ``chunks`` beside, as ``written`` does, then give them their name; mode 0600. Returns the file's bytes.

    Raises MachineError when the disk or the folder refuse, CallerError when something took the name meanwhile, and what
    ``chunks`` raise; nothing half-written stays. Where the file system knows files without a name (O_TMPFILE), nothing
    stays of a process that was killed either.
    """
    target, temporary = Path(path), ""
    try:
        handle = _unnamed(target.parent)
        if handle is None:
            handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            size = written(file, chunks, packing=packing, recipients=recipients)
            os.fsync(file.fileno())
            if temporary:
                _name(temporary, target)
            else:
                _name_open(file.fileno(), target)
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


def key(path: str, size: int) -> bytes:
    """The secret in ``path``, in hexadecimal there; made of chance, mode 0600, where there is no such file.

    Raises CallerError for a file that holds something else, MachineError where it cannot be read or made.
    """
    try:
        if not os.path.lexists(path):
            # Another one may have made it meanwhile: then that is the key.
            with contextlib.suppress(CallerError):
                keep(path, [f"{os.urandom(size).hex()}\n".encode()], packing=Packing.NONE)
        text = Path(path).read_bytes()[: 4 * size].decode("ascii", "replace").strip()
    except OSError as exc:
        raise MachineError(
            f"cannot read or make the key file {path}", why=exc.strerror or "", next_step=f"ls -l {quote(path)}"
        ) from exc
    if not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text):
        raise CallerError(
            f"{path} holds no key for redaction",
            why=f"{2 * size} hexadecimal digits are wanted",
            next_step="--key ANOTHER_FILE    # made where it is not there",
        )
    return bytes.fromhex(text)


def _unnamed(folder: Path) -> int | None:
    """None: this file system has only files with names."""
    try:
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        if exc.errno in {errno.EOPNOTSUPP, errno.EISDIR}:
            return None
        raise


def _name_open(fd: int, target: Path) -> None:
    """As open(2) says of O_TMPFILE. Python follows the link of /proc where it is given the folder only."""
    folder = os.open(target.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.link(f"/proc/self/fd/{fd}", target.name, dst_dir_fd=folder, follow_symlinks=True)
    finally:
        os.close(folder)


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
