"""Files by their content, in a folder: written beside, forced to the disk, then given their name."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import Final

from oakum.model.blob import Blob
from oakum.model.errors import CallerError, DataError, MachineError

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
INCOMING = "incoming"
"""Files here have no name yet; a writer holds a lock on its own, which the kernel lets go when it dies."""


class FolderBlobs:
    """``Blobs`` of the ports: ``folder/ab/ab12…``, for nobody else to read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, parts: Iterable[bytes]) -> str:
        with self._told("write"):
            _made(self._folder / INCOMING)
            path, handle = self._incoming()
            try:
                with os.fdopen(handle, "wb") as file:
                    digest = hashlib.sha256()
                    for part in parts:
                        digest.update(part)
                        file.write(part)
                    file.flush()
                    os.fsync(handle)
                    name = digest.hexdigest()
                    _made(self._folder / name[:2])
                    # Whoever removes it meanwhile sees it whole, with the time of this writing, or not at all.
                    with _held(self._folder / name[:2], fcntl.LOCK_SH) as shelf:
                        path.replace(self._folder / name[:2] / name)
                        os.fsync(shelf)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return name

    def get(self, digest: str) -> bytes:
        path = self._path(digest)
        with self._told("read"):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise missing(digest, str(self._folder)) from None
        return verified(content, digest, str(path))

    def has(self, digest: str) -> bool:
        return self._path(digest).is_file()

    def digests(self) -> Sequence[str]:
        return sorted(path.name for path in self._folder.glob("??/*") if DIGEST.fullmatch(path.name))

    def kept(self) -> Sequence[Blob]:
        found = []
        with self._told("read"):
            for digest in self.digests():
                # Another Oakum may remove it meanwhile.
                with suppress(FileNotFoundError):
                    found.append(_blob(self._path(digest)))
        return found

    def remove(self, digest: str, *, put_at_s: float | None = None) -> int:
        if not DIGEST.fullmatch(digest):
            return 0
        path = self._path(digest)
        with self._told("remove"):
            try:
                with _held(path.parent, fcntl.LOCK_EX):
                    there = _blob(path)
                    if put_at_s is not None and there.at_s != put_at_s:
                        return 0
                    path.unlink()
            except FileNotFoundError:
                return 0
        return there.size_bytes

    def sweep(self) -> int:
        swept = 0
        for path in self._folder.glob(f"{INCOMING}/*"):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                swept += 1
        return swept

    def _path(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise missing(digest, str(self._folder))
        return self._folder / digest[:2] / digest

    def _incoming(self) -> tuple[Path, int]:
        """A new file with our lock on it."""
        while True:
            path = self._folder / INCOMING / uuid.uuid4().hex
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Between its making and its lock somebody may have swept it.
            if os.fstat(handle).st_nlink:
                return path, handle
            os.close(handle)

    @contextmanager
    def _told(self, verb: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            folder = quote(str(self._folder))
            raise MachineError(
                f"cannot {verb} evidence in {self._folder}",
                why=exc.strerror or str(exc),
                next_step=f"df -h {folder}; ls -ld {folder}",
            ) from exc


def missing(digest: str, where: str) -> CallerError:
    return CallerError(
        f"there is no evidence {digest[:16]}", why=f"it is not in {where}", next_step="oakum incident list"
    )


def verified(content: bytes, digest: str, where: str) -> bytes:
    """Raises DataError when it is not what it was when it was put there."""
    if hashlib.sha256(content).hexdigest() != digest:
        raise DataError(
            f"evidence {digest[:16]} is broken",
            why=f"its content is no longer what its name says; it is at {where}",
            next_step="restore it from a backup; the rest of the record does not need it",
        )
    return content


def _made(folder: Path) -> None:
    """With every folder above it, each on the disk."""
    if folder.is_dir():
        return
    _made(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _synced(folder.parent)


def _synced(folder: Path) -> None:
    with _opened(folder) as handle:
        os.fsync(handle)


@contextmanager
def _held(folder: Path, how: int) -> Iterator[int]:
    """Its handle, with a lock that ends with the block, or with us."""
    with _opened(folder) as handle:
        fcntl.flock(handle, how)
        yield handle


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _blob(path: Path) -> Blob:
    found = path.stat()
    return Blob(path.name, found.st_size, found.st_mtime)
