"""Bytes of a log in order, unpacked, however it ends: files that grow, shrink or are replaced, a pipe, the journal."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

import zstandard

from oakum.model.errors import TargetError
from oakum.model.units import format_size

PIECE: Final = 1 << 20
SLICE: Final = 1 << 14
"""So much of what gzip packed is unpacked at a time: what stands behind the end of a member is copied."""

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
JOURNAL_LINES: Final = 100_000
JOURNAL_S: Final = 20.0
"""The journal answers within so long, in seconds, or what has come by then is all."""


class RangedLog(ABC):
    """A log whose size is known and that is read by pieces from any place on. ``path``: what it is called."""

    def __init__(self, path: str, size_bytes: int, most_bytes: int | None) -> None:
        self.notes: list[str] = []
        self._path, self._size, self._most = path, size_bytes, most_bytes

    @abstractmethod
    def _part(self, size: int, at: int) -> bytes:
        """Fewer bytes where it ends. Raises OSError."""

    @abstractmethod
    def _ended(self) -> None:
        """All was read: notes what became of it meanwhile."""

    def pieces(self) -> Iterator[bytes]:
        try:
            head = self._part(4, 0)
            if head[:2] == GZIP:
                yield from self._bounded(_gunzip(self._packed(), self.notes))
            elif head == ZSTD:
                yield from self._bounded(_unzstd(self._packed(), self.notes))
            else:
                yield from self._plain()
        except OSError as exc:
            raise TargetError(f"{self._path or 'a log'} cannot be read", why=exc.strerror or str(exc)) from exc
        self._ended()

    def _plain(self) -> Iterator[bytes]:
        start = 0
        if self._most is not None and self._size > self._most:
            start = self._size - self._most
            self.notes.append(f"only the last {format_size(self._most)} of {format_size(self._size)} were read")
        first = start > 0
        for piece in self._raw(start):
            # What stands before the first line's end is half a line.
            yield piece[piece.find(b"\n") + 1 :] if first else piece
            first = False

    def _raw(self, at: int) -> Iterator[bytes]:
        """As much as it held when it was opened: one that grows faster than it is read would never end."""
        while at < self._size:
            piece = self._part(min(PIECE, self._size - at), at)
            if not piece:
                break
            at += len(piece)
            yield piece
        if at < self._size:
            self.notes.append("it became shorter while it was read: what was cut off is not counted")

    def _packed(self) -> Iterator[bytes]:
        """No more of it than is unpacked at most: what is packed may hold nothing."""
        read = 0
        for piece in self._raw(0):
            if self._most is not None and read >= self._most:
                self.notes.append(f"only its first {format_size(read)}, packed, were read")
                return
            read += len(piece)
            yield piece

    def _bounded(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        read = 0
        for piece in pieces:
            read += len(piece)
            yield piece
            if self._most is not None and read >= self._most:
                self.notes.append(f"only its first {format_size(read)}, unpacked, were read")
                return


class FileLog(RangedLog):
    """``fd`` is a regular file that stays open. ``path``: "" where it has no name here."""

    def __init__(self, fd: int, path: str, most_bytes: int | None) -> None:
        super().__init__(path, os.fstat(fd).st_size, most_bytes)
        self._fd = fd

    def _part(self, size: int, at: int) -> bytes:
        return os.pread(self._fd, size, at)

    def _ended(self) -> None:
        if not self._path:
            return
        try:
            now, own = Path(self._path).stat(), os.fstat(self._fd)
        except OSError:
            self.notes.append("it was removed while it was read")
            return
        if (now.st_dev, now.st_ino) != (own.st_dev, own.st_ino):
            self.notes.append("it was rotated while it was read: what came later stands in the new file")


class StreamLog:
    """Standard input."""

    def __init__(self, stream: BinaryIO) -> None:
        self.notes: list[str] = []
        self._stream = stream

    def pieces(self) -> Iterator[bytes]:
        raw = self._raw()
        first = next(raw, b"")
        if first[:2] == GZIP:
            yield from _gunzip(_joined(first, raw), self.notes)
        elif first[:4] == ZSTD:
            yield from _unzstd(_joined(first, raw), self.notes)
        else:
            yield from _joined(first, raw)

    def _raw(self) -> Iterator[bytes]:
        while piece := self._stream.read(PIECE):
            yield piece


class JournalLog:
    """What journald kept of a unit since a process of it was started, by its own program."""

    def __init__(self, unit: str, since_s: int) -> None:
        """``unit``: a service, or ``user@N.service/NAME``. ``since_s``: UTC epoch seconds."""
        self.notes: list[str] = []
        command = ["journalctl", "--quiet", "--no-pager", "-o", "short-iso-precise", "-n", str(JOURNAL_LINES)]
        manager, _, own = unit.rpartition("/")
        whose = [f"_SYSTEMD_UNIT={manager}", f"_SYSTEMD_USER_UNIT={own}"] if manager else [f"--unit={own}"]
        try:
            self._process = subprocess.Popen(
                [*command, f"--since=@{since_s}", *whose],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
        except OSError as exc:
            raise TargetError("journalctl cannot be started", why=exc.strerror or "") from exc

    def pieces(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        fd, until_s = self._process.stdout.fileno(), time.monotonic() + JOURNAL_S
        with selectors.DefaultSelector() as selector:
            selector.register(fd, selectors.EVENT_READ)
            while (left_s := until_s - time.monotonic()) > 0 and selector.select(left_s):
                piece = os.read(fd, 1 << 16)
                if not piece:
                    return
                yield piece
        self.notes.append(f"the journal did not end within {JOURNAL_S:.0f} s: the rest was not read")

    def close(self) -> None:
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()


def _joined(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _gunzip(pieces: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Members one after another, as gzip writes them together. One that holds nothing is told as ``b""``."""
    unpack = zlib.decompressobj(31)
    whole = False
    try:
        for piece in _sliced(pieces):
            data = piece
            while data:
                if unpack.eof:
                    if data.strip(b"\0") == b"":
                        return
                    unpack = zlib.decompressobj(31)
                out = unpack.decompress(data, PIECE)
                data = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
                whole = unpack.eof
                if out or whole:
                    yield out
    except zlib.error as exc:
        notes.append(f"it is damaged from some place on: {exc}")
        return
    if not whole and not notes:
        notes.append("it is cut off: its packing has no end")


def _sliced(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        for at in range(0, len(piece), SLICE):
            yield piece[at : at + SLICE]


def _unzstd(pieces: Iterator[bytes], notes: list[str]) -> Iterator[bytes]:
    """Frames one after another, by bounded reads: what a few bytes stand for may be larger than memory."""
    unpack = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    packed = cast("BinaryIO", _Packed(pieces))
    try:
        with unpack.stream_reader(packed, read_across_frames=True, closefd=False) as reader:
            while out := reader.read1(PIECE):
                yield out
    except zstandard.ZstdError as exc:
        notes.append(f"it is damaged from some place on: {exc}")


class _Packed:
    """Pieces as a file of which nothing but ``read`` is asked."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = next(self._pieces, b"")
        size = len(self._rest) if size < 0 else size
        out, self._rest = self._rest[:size], self._rest[size:]
        return out
