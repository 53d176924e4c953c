"""Answers that were kept: the second question about a file that did not change costs nothing.

In a folder of the user's own, bounded, the least lately asked leave first. An entry is written beside and renamed, so
none is ever half there; one that is broken, or not this user's, is as good as none. Where the folder cannot be written,
nothing is kept and nobody is troubled.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import stat
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

MAGIC = b"oakum answer 1\n"
DIGEST_BYTES = 16
BLOCKS, BLOCK_BYTES = 32, 16 << 10
"""So many blocks of a file are looked at, evenly from its begin to its end."""

SUFFIX = ".answer"
MOST_BYTES = 128 << 20
MOST_ENTRY_BYTES = 16 << 20
LEFT_AFTER_S = 3600.0
"""What a process that was killed left half-written goes after this time."""

MODEL = "oakum.model."


class LiveAnswers:
    """Port Answers. ``made_by``: what made the answers; those of another version are not found."""

    def __init__(self, folder: Path, *, made_by: str, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._made_by, self._most_bytes = folder, made_by, most_bytes

    def mark(self, files: Sequence[str]) -> str | None:
        marks = [_mark(file) for file in files]
        return None if None in marks else "\n".join([self._made_by, *map(str, marks)])

    def find(self, key: str) -> object | None:
        path = self._path(key)
        try:
            body = _read(path)
            os.utime(path)
        except OSError:
            return None
        return None if body is None else _decoded(body)

    def keep(self, key: str, answer: object) -> None:
        body = zlib.compress(pickle.dumps(answer), 1)
        whole = MAGIC + _digest(body) + body
        if len(whole) > MOST_ENTRY_BYTES:
            return
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._folder.stat().st_uid != os.geteuid():
                return
            _write(self._path(key), whole)
            self._evict()
        except OSError:
            return

    def _path(self, key: str) -> Path:
        return self._folder / f"{_digest(key.encode()).hex()}{SUFFIX}"

    def _evict(self) -> None:
        found = [(path, path.stat()) for path in self._folder.iterdir()]
        newest = max(told.st_mtime for _, told in found)
        for path, told in found:
            if path.suffix != SUFFIX and newest - told.st_mtime > LEFT_AFTER_S:
                path.unlink(missing_ok=True)
        kept = sorted((pair for pair in found if pair[0].suffix == SUFFIX), key=lambda pair: -pair[1].st_mtime_ns)
        total = 0
        for path, told in kept:
            total += told.st_size
            if total > self._most_bytes:
                path.unlink(missing_ok=True)


def _mark(file: str) -> str | None:
    """What a file is known by; None for one that cannot be read again: a pipe, standard input."""
    if file == "-":
        return None
    try:
        opened = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        told = os.fstat(opened)
        if not stat.S_ISREG(told.st_mode):
            return None
        seen = hashlib.blake2b(digest_size=DIGEST_BYTES)
        for block in range(BLOCKS):
            seen.update(os.pread(opened, BLOCK_BYTES, max(0, told.st_size - BLOCK_BYTES) * block // (BLOCKS - 1)))
    except OSError:
        return None
    finally:
        os.close(opened)
    return f"{file}\0{told.st_dev} {told.st_ino} {told.st_size} {told.st_mtime_ns} {seen.hexdigest()}"


def _read(path: Path) -> bytes | None:
    """The body of an entry that is this user's and whole."""
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(opened, "rb") as file:
        told = os.fstat(file.fileno())
        if told.st_uid != os.geteuid() or not stat.S_ISREG(told.st_mode) or told.st_size > MOST_ENTRY_BYTES:
            return None
        whole = file.read()
    head = len(MAGIC)
    body = whole[head + DIGEST_BYTES :]
    return body if whole[: head + DIGEST_BYTES] == MAGIC + _digest(body) else None


def _write(path: Path, whole: bytes) -> None:
    opened, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(whole)
        os.replace(name, path)  # noqa: PTH105  (the name is a text already)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


class _Values(pickle.Unpickler):
    """The model's values, and nothing that could run."""

    def find_class(self, module: str, name: str) -> object:
        if not module.startswith(MODEL) or "." in name:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def _decoded(body: bytes) -> object | None:
    try:
        found: object = _Values(io.BytesIO(zlib.decompress(body))).load()
    except (pickle.UnpicklingError, zlib.error, EOFError, ValueError, TypeError, AttributeError, ImportError):
        return None
    return found
