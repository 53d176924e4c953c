"""Writing to standard output and standard error when their reader may have gone."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import TextIO

from oakum.model.errors import MachineError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def unwritable(exc: OSError) -> MachineError:
    return MachineError("cannot write the answer to standard output", why=exc.strerror or "", next_step="df -h")


def open_streams() -> None:
    """Where a caller closed standard output or standard error, what is said there is said to nobody."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  (open to the end)


def say(stream: TextIO, text: str, *, instead: str = "replace") -> None:
    """A reader that went away (``| head``) is no error, and changes no verdict: the rest is said to nobody.

    Raises MachineError where standard output cannot be written for another reason: a full disk.
    ``instead``: how signs are written that the stream's encoding has not; a page has its own way (xmlcharrefreplace).
    """
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, instead).decode(encoding))
        stream.flush()
    except OSError as exc:
        nobody = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nobody, stream.fileno())
        os.close(nobody)
        if stream is sys.stdout and not isinstance(exc, BrokenPipeError):
            raise unwritable(exc) from exc
