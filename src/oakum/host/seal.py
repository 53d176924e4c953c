"""Files that only named people can open: the age format, which the ``age`` tool reads and writes too.

Both ways stream: a block of 64 KiB at a time is in memory.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

from oakum.model.errors import CallerError, DataError, MachineError

if TYPE_CHECKING:
    import pyrage

MAGIC = (b"age-encryption.org/v1", b"-----BEGIN AGE ENCRYPTED FILE-----")
HEAD_BYTES = 40
OPEN_TO_OTHERS = stat.S_IRWXG | stat.S_IRWXO
SSH = re.compile(r"ssh-(ed25519|rsa) \S+( .*)?")


class Readable(Protocol):
    """What is read from its begin to its end."""

    def read(self, size: int = -1, /) -> bytes: ...


def is_sealed(begin: bytes) -> bool:
    return begin.startswith(MAGIC)


def check_recipients(recipients: Sequence[str]) -> None:
    """Raises CallerError for one that cannot be sealed to, MachineError where the library is missing."""
    if recipients:
        _recipients(recipients)


def seal(pieces: Iterable[bytes], out: IO[bytes], recipients: Sequence[str]) -> None:
    """Write ``pieces`` to ``out`` so that each of ``recipients`` can open it, nobody else.

    What ``pieces`` or ``out`` raise comes through as it is.
    """
    library = _library()
    owners, reader, writer = _recipients(recipients), _Reader(pieces), _Writer(out)
    try:
        library.encrypt_io(reader, writer, owners)
    except Exception as exc:
        # Whatever the two ends raised was turned into the library's own.
        raise (reader.failed or writer.failed or MachineError("cannot seal the file", why=str(exc))) from exc


def unseal(sealed: Readable, out: IO[bytes], identity: str, path: str) -> None:
    """Write what is in ``sealed`` to ``out``. ``identity``: a file of secret keys, "" for none; ``path``: for messages.

    Raises CallerError for keys that cannot be read or do not fit, DataError for a file that was changed or cut off.
    """
    library = _library()
    if not identity:
        raise CallerError(
            f"{path} is sealed",
            why="only who has one of its keys can open it",
            next_step="--identity FILE    # the file with your secret key",
        )
    keys = _identities(identity)
    writer = _Writer(out)
    try:
        library.decrypt_io(_Whole(sealed), writer, keys)
    except Exception as exc:
        if writer.failed is not None:
            raise writer.failed from exc
        if "No matching keys" in str(exc):
            raise CallerError(
                f"{path} was sealed to others",
                why=f"no key in {identity} opens it",
                next_step="--identity ANOTHER_FILE",
            ) from exc
        raise DataError(
            f"{path} cannot be opened", why=f"it was changed or cut off: {exc}", next_step="take the file again"
        ) from exc


def too_open(identity: str) -> str:
    """A sentence where others than its owner may read a file of secret keys, else ""."""
    try:
        mode = Path(identity).stat().st_mode
    except OSError:
        return ""
    if not stat.S_ISREG(mode) or not mode & OPEN_TO_OTHERS:
        return ""
    return f"{identity} can be read by others (mode {stat.S_IMODE(mode):04o}): chmod 600 {identity}"


def _library() -> Any:
    try:
        import pyrage  # noqa: PLC0415  (only where something is sealed)
    except ImportError as exc:
        raise MachineError(
            "this machine cannot seal files or open sealed ones",
            why="the package pyrage is missing",
            next_step="pip install 'oakum[seal]'",
        ) from exc
    return pyrage


def _recipients(texts: Sequence[str]) -> list[pyrage.x25519.Recipient | pyrage.ssh.Recipient]:
    library = _library()
    found = []
    for text in texts:
        if text.upper().startswith("AGE-SECRET-KEY-"):
            # Not shown again: whoever sees it opens everything.
            raise CallerError(
                "that is a secret key, not a recipient",
                why="a file is sealed to the public key that belongs to it: age1…",
                next_step="age-keygen -y IDENTITY_FILE",
            )
        known = library.ssh if SSH.fullmatch(text) else library.x25519
        try:
            found.append(known.Recipient.from_str(text))
        except library.RecipientError as exc:
            raise CallerError(
                f"{text!r} is no recipient",
                why=f"it begins with age1 or ssh-: {exc}",
                next_step="age-keygen -o key.txt    # prints one: age1…",
            ) from exc
    return found


def _identities(path: str) -> list[pyrage.x25519.Identity | pyrage.ssh.Identity]:
    """All keys of a file as ``age-keygen`` writes it, or the one of an SSH key file. No key is ever in a message."""
    library = _library()
    try:
        data = Path(path).read_bytes()
    except OSError as exc:
        raise CallerError(
            f"cannot read the identity file {path}", why=exc.strerror or "", next_step=f"ls -l {path}"
        ) from exc
    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    keys = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    try:
        if not keys:
            return [library.ssh.Identity.from_buffer(data)]
        return [library.x25519.Identity.from_str(line) for line in keys]
    except library.IdentityError:
        raise CallerError(
            f"{path} holds no secret key that can be used",
            why="read are lines AGE-SECRET-KEY-1… and SSH keys without a passphrase",
            next_step="age-keygen -o key.txt",
        ) from None


class _Reader:
    """Pieces as a file. What they raise is kept: the library would turn it into an error of its own."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces: Iterator[bytes] = iter(pieces)
        self._left = memoryview(b"")
        self.failed: BaseException | None = None

    def read(self, size: int = -1) -> bytes:
        try:
            while not self._left:
                piece = next(self._pieces, None)
                if piece is None:
                    return b""
                self._left = memoryview(piece)
        except BaseException as exc:
            self.failed = exc
            raise
        end = len(self._left) if size < 0 else size
        found = bytes(self._left[:end])
        self._left = self._left[end:]
        return found

    def readable(self) -> bool:
        return True


class _Whole:
    """A file of which the library may ask what it likes."""

    def __init__(self, file: Readable) -> None:
        self.read: Callable[..., bytes] = file.read


class _Writer:
    """A file whose errors are kept."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.failed: BaseException | None = None

    def write(self, piece: bytes) -> int:
        try:
            return self._file.write(piece)
        except BaseException as exc:
            self.failed = exc
            raise

    def flush(self) -> None:
        self._file.flush()
