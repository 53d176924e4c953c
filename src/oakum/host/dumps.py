"""Heap dumps as files: mapped where that can be, unpacked or spooled to an unnamed file where it cannot."""

from __future__ import annotations

import errno
import mmap
import os
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import IO

import numpy as np
from numpy.typing import NDArray

from oakum.host.keep import check_room, keep, key, packing_of, written
from oakum.host.seal import HEAD_BYTES, Readable, check_recipients, is_sealed, too_open, unseal
from oakum.model.errors import CallerError, DataError, MachineError
from oakum.model.ports import Packing

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
COPY_BYTES = 1 << 20


KEPT_BYTES = 1 << 22
"""A walk lets go of what it has passed whenever it has passed so much."""


class LiveDumps:
    """Port Dumps."""

    @contextmanager
    def open(self, path: str, *, identity: str = "") -> Iterator[NDArray[np.uint8]]:
        """A data error of whoever reads it meanwhile is told with the name of the file."""
        with _named(path), _mappable(path, identity) as mapped:
            yield _bytes(mapped)

    @contextmanager
    def walk(self, path: str, *, identity: str = "") -> Iterator[tuple[NDArray[np.uint8], Callable[[int], None]]]:
        with _named(path), _mappable(path, identity) as mapped:
            yield _bytes(mapped), _Behind(mapped)

    def check_identity(self, path: str) -> str:
        return too_open(path)

    def key(self, path: str, size: int) -> bytes:
        return key(path, size)

    def check_room(self, path: str, wanted_bytes: int) -> None:
        check_room(path, wanted_bytes)

    def check_recipients(self, recipients: Sequence[str]) -> None:
        check_recipients(recipients)

    def keep(
        self,
        path: str,
        chunks: Iterable[bytes],
        *,
        packing: Packing | None = Packing.ZSTD,
        recipients: Sequence[str] = (),
    ) -> int:
        packing = packing_of(path) if packing is None else packing
        if path != "-":
            return keep(path, chunks, packing=packing, recipients=recipients)
        try:
            return written(sys.stdout.buffer, chunks, packing=packing, recipients=recipients)
        except BrokenPipeError as exc:
            raise MachineError(
                "standard output was closed", why="its reader has gone", next_step="look at the reader's own words"
            ) from exc


class _Behind:
    """Takes the pages of a mapped file that were passed out of memory; they are read again when they are asked for."""

    def __init__(self, mapped: mmap.mmap | None) -> None:
        self._mapped, self._gone = mapped, 0

    def __call__(self, place: int) -> None:
        if place < self._gone:
            # Another walk has begun.
            self._gone = 0
        until = place // mmap.PAGESIZE * mmap.PAGESIZE
        if self._mapped is not None and until - self._gone >= KEPT_BYTES:
            self._mapped.madvise(mmap.MADV_DONTNEED, self._gone, until - self._gone)
            self._gone = until


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except DataError as exc:
        if path in exc.what:
            raise
        told = exc.next_step.replace("FILE", path)
        raise DataError(f"{path}: {exc.what}", why=exc.why, next_step=told) from exc


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    if path == "-":
        yield sys.stdin.buffer
        return
    try:
        file = open(path, "rb")  # noqa: PTH123, SIM115  (closed below; a path may be a pipe)
    except FileNotFoundError as exc:
        raise CallerError(f"there is no file {path}", next_step=f"ls {os.path.dirname(path) or '.'}") from exc  # noqa: PTH120
    except IsADirectoryError as exc:
        raise CallerError(f"{path} is a folder", why="a heap dump is one file", next_step=f"ls {path}") from exc
    except OSError as exc:
        raise MachineError(f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {path}") from exc
    with file:
        yield file


def _peek(file: IO[bytes]) -> bytes | None:
    """The first bytes of a file that can be mapped; None for a pipe."""
    if not file.seekable():
        return None
    try:
        begin = file.read(HEAD_BYTES)
        file.seek(0)
    except OSError:
        return None
    return begin


@contextmanager
def _mappable(path: str, identity: str) -> Iterator[mmap.mmap | None]:
    """Opened, unpacked and mapped: the file itself where it is as it should be, else an unnamed copy. None: empty."""
    with _opened(path) as file:
        begin = _peek(file)
        if begin is not None and not begin.startswith((GZIP, ZSTD)) and not is_sealed(begin):
            yield _mapped(file)
            return
        first = file.read(HEAD_BYTES) if begin is None else b""
        whole = _Joined(first, file)
        if not is_sealed(begin or first):
            with tempfile.TemporaryFile(prefix="oakum-dump-") as spool:
                _spool(whole, spool, path)
                yield _mapped(spool)
            return
        with tempfile.TemporaryFile(prefix="oakum-dump-") as opened:
            with _room(path):
                unseal(whole, opened, identity, path)
                opened.seek(0)
            if not opened.read(HEAD_BYTES).startswith((GZIP, ZSTD)):
                yield _mapped(opened)
                return
            opened.seek(0)
            with tempfile.TemporaryFile(prefix="oakum-dump-") as spool:
                _spool(opened, spool, path)
                yield _mapped(spool)


class _Joined:
    """What was read already, and the rest of the file."""

    def __init__(self, first: bytes, file: IO[bytes]) -> None:
        self._first, self._file = first, file

    def read(self, size: int = -1, /) -> bytes:
        if not self._first:
            return self._file.read(size)
        # Of a pipe that is slow to begin, a packed file's first bytes must come together.
        first, self._first = self._first, b""
        return first + self._file.read(max(0, size - len(first)) if size >= 0 else -1)


def _mapped(file: IO[bytes]) -> mmap.mmap | None:
    """As long as it is now: what is appended meanwhile is not seen. None for an empty file, which cannot be mapped."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return None
    try:
        return mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)
    except (OSError, ValueError) as exc:
        raise MachineError("the dump cannot be mapped into memory", why=str(exc), next_step="ulimit -v") from exc


def _bytes(mapped: mmap.mmap | None) -> NDArray[np.uint8]:
    # Left to the garbage collector: arrays over it may outlive its block by a moment, and closing would crash them.
    return np.empty(0, np.uint8) if mapped is None else np.frombuffer(mapped, np.uint8)


def _spool(file: Readable, spool: IO[bytes], path: str) -> None:
    """Copy, unpacked. A packed stream that ends too early leaves what was in it; the reader says that it is cut off."""
    with _room(path):
        for chunk in _chunks(file, path):
            spool.write(chunk)
        spool.flush()


@contextmanager
def _room(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise MachineError(f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {path}") from exc
        raise MachineError(
            f"no room in {tempfile.gettempdir()} to unpack {path}",
            why=exc.strerror or "",
            next_step=f"TMPDIR=/a/larger/folder oakum heap analyze {path}",
        ) from exc


def _chunks(file: Readable, path: str) -> Iterator[bytes]:
    first = file.read(COPY_BYTES)
    if first.startswith(GZIP):
        yield from _gunzip(first, file, path)
    elif first.startswith(ZSTD):
        yield from _unzstd(first, file, path)
    else:
        while first:
            yield first
            first = file.read(COPY_BYTES)


def _gunzip(first: bytes, file: Readable, path: str) -> Iterator[bytes]:
    """Members one after the other, as gzip itself reads them."""
    chunk, made = first, 0
    unpack = zlib.decompressobj(wbits=31)
    while chunk:
        try:
            text = unpack.decompress(chunk, COPY_BYTES)
        except zlib.error as exc:
            if not made:
                raise DataError(f"{path} cannot be unpacked", why=str(exc), next_step=f"gzip -t {path}") from exc
            return
        made += len(text)
        yield text
        chunk = unpack.unconsumed_tail
        if unpack.eof:
            chunk = unpack.unused_data.lstrip(b"\0") or file.read(COPY_BYTES)
            unpack = zlib.decompressobj(wbits=31)
        elif not chunk:
            chunk = file.read(COPY_BYTES)


def _unzstd(first: bytes, file: Readable, path: str) -> Iterator[bytes]:
    try:
        import zstandard  # noqa: PLC0415  (only where a packed dump is read)
    except ImportError as exc:
        raise MachineError(
            f"{path} is packed with zstd", why="the package zstandard is missing", next_step="pip install zstandard"
        ) from exc
    unpack = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True)
    chunk, made = first, 0
    while chunk:
        try:
            text = unpack.decompress(chunk)
        except zstandard.ZstdError as exc:
            if not made:
                raise DataError(f"{path} cannot be unpacked", why=str(exc), next_step=f"zstd -t {path}") from exc
            return
        made += len(text)
        yield text
        chunk = file.read(COPY_BYTES)
