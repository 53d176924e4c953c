"""Writing an answer to a file: whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from oakum.model.errors import CallerError, MachineError


def save(path: Path, text: str) -> Path:
    """Write beside, then rename. Raises MachineError when disk or folder refuse; nothing half-written stays."""
    if path.is_dir():
        raise CallerError(f"{path} is a folder", why="a file is wanted", next_step=f"-f {path}/oakum-report.html")
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o600)  # noqa: PTH101  (it may name what should not be public)
        os.replace(temporary, path)  # noqa: PTH105
    except OSError as exc:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
        raise MachineError(
            f"cannot write {path}",
            why=exc.strerror or str(exc),
            next_step=f"df -h {path.parent} && ls -ld {path.parent}",
        ) from exc
    return path
