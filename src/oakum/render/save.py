"""Writing an answer to a file: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from oakum.model.errors import CallerError, MachineError

PROBE_BYTES = 64 << 10
"""A disk that takes this much is taken to have room for a report."""


def check_writable(path: Path) -> None:
    """Raises what ``save`` would, before minutes of watching are spent. Leaves nothing behind."""
    _written_beside(path, " " * PROBE_BYTES).unlink(missing_ok=True)


def save(path: Path, text: str) -> Path:
    """Write beside, then rename. Raises MachineError when disk or folder refuse; nothing half-written stays."""
    temporary = _written_beside(path, text)
    try:
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise _refused(path, exc) from exc
    return path


def _written_beside(path: Path, text: str) -> Path:
    """A temporary file in the same folder, on the disk; mode 0600, for it may name what should not be public."""
    if path.is_dir():
        raise CallerError(f"{path} is a folder", why="a file is wanted", next_step=f"-f {path}/oakum-report.html")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _refused(path, exc) from exc
    return Path(temporary)


def _refused(path: Path, exc: OSError) -> MachineError:
    why = exc.strerror or str(exc)
    return MachineError(f"cannot write {path}", why=why, next_step=f"df -h {path.parent} && ls -ld {path.parent}")
