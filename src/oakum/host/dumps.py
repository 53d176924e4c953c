"""Heap dumps as files: mapped where that can be, unpacked or spooled to an unnamed file where it cannot."""

from __future__ import annotations

import errno
import mmap
import os
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO

import numpy as np
from numpy.typing import NDArray

from oakum.host.keep import check_room, keep
from oakum.model.errors import CallerError, DataError, MachineError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
COPY_BYTES = 1 << 20


class LiveDumps:
    """Port Dumps."""

    @contextmanager
    def open(self, path: str) -> Iterator[NDArray[np.uint8]]:
        """A data error of whoever reads it meanwhile is told with the name of the file."""
        with _named(path), _opened(path) as file:
            begin = _peek(file)
            if begin is not None and not begin.startswith((GZIP, ZSTD)):
                with _mapped(file) as data:
                    yield data
                return
            with tempfile.TemporaryFile(prefix="oakum-dump-") as spool:
                _spool(file, spool, path)
                with _mapped(spool) as data:
                    yield data

    def check_room(self, path: str, wanted_bytes: int) -> None:
        check_room(path, wanted_bytes)

    def keep(self, path: str, chunks: Iterable[bytes]) -> int:
        return keep(path, chunks)


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
        begin = file.read(4)
        file.seek(0)
    except OSError:
        return None
    return begin


@contextmanager
def _mapped(file: IO[bytes]) -> Iterator[NDArray[np.uint8]]:
    """As long as it is now: what is appended meanwhile is not seen."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        yield np.empty(0, np.uint8)
        return
    try:
        mapped = mmap.mmap(file.fileno(), size, prot=mmap.PROT_READ)
    except (OSError, ValueError) as exc:
        raise MachineError("the dump cannot be mapped into memory", why=str(exc), next_step="ulimit -v") from exc
    # Left to the garbage collector: arrays over it may outlive this block by a moment, and closing would crash them.
    yield np.frombuffer(mapped, np.uint8)


def _spool(file: IO[bytes], spool: IO[bytes], path: str) -> None:
    """Copy, unpacked. A packed stream that ends too early leaves what was in it; the reader says that it is cut off."""
    try:
        for chunk in _chunks(file, path):
            spool.write(chunk)
        spool.flush()
    except OSError as exc:
        if exc.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise MachineError(f"cannot read {path}", why=exc.strerror or "", next_step=f"ls -l {path}") from exc
        raise MachineError(
            f"no room in {tempfile.gettempdir()} to unpack {path}",
            why=exc.strerror or "",
            next_step=f"TMPDIR=/a/larger/folder oakum heap analyze {path}",
        ) from exc


def _chunks(file: IO[bytes], path: str) -> Iterator[bytes]:
    first = file.read(COPY_BYTES)
    if first.startswith(GZIP):
        yield from _gunzip(first, file, path)
    elif first.startswith(ZSTD):
        yield from _unzstd(first, file, path)
    else:
        while first:
            yield first
            first = file.read(COPY_BYTES)


def _gunzip(first: bytes, file: IO[bytes], path: str) -> Iterator[bytes]:
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


def _unzstd(first: bytes, file: IO[bytes], path: str) -> Iterator[bytes]:
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
