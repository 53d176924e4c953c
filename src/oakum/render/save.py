"""Writing an answer to a file: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from shlex import quote

from oakum.model.errors import CallerError, MachineError

STREAMS = frozenset({"/dev", "/dev/fd", "/proc/self/fd"})
"""What stands in these folders is written to, never replaced: ``-f /dev/stdout`` must not unseat the device."""

PROBE_BYTES = 64 << 10
"""A disk that takes this much is taken to have room for a report."""


def check_writable(path: Path) -> None:
    """Raises what ``save`` would, before minutes of watching are spent. Leaves nothing behind."""
    if not _is_stream(path):
        _written_beside(path, " " * PROBE_BYTES).unlink(missing_ok=True)


def save(path: Path, text: str) -> Path:
    """Write beside, then rename. Raises MachineError when disk or folder refuse; nothing half-written stays.

    A link is replaced, not followed: in a shared folder it may lead to another one's file. Pipes and devices are
    written to as they are.
    """
    if _is_stream(path):
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as exc:
            raise _refused(path, exc) from exc
        return path
    temporary = _written_beside(path, text)
    try:
        temporary.replace(path)
    except OSError as exc:
        temporary.unlink(missing_ok=True)
        raise _refused(path, exc) from exc
    return path


def _is_stream(path: Path) -> bool:
    mode = _mode(path)
    return str(path.parent) in STREAMS or stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _mode(path: Path) -> int:
    """0 where nothing can be seen: writing will say why."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _written_beside(path: Path, text: str) -> Path:
    """A temporary file in the same folder, on the disk; mode 0600, for it may name what should not be public."""
    if stat.S_ISDIR(_mode(path)):
        raise CallerError(
            f"{path} is a folder", why="a file is wanted", next_step=f"-f {quote(str(path))}/oakum-report.html"
        )
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as exc:
        # Ctrl-C too: half a report beside the whole one helps nobody.
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        if isinstance(exc, OSError):
            raise _refused(path, exc) from exc
        raise
    return Path(temporary)


def _refused(path: Path, exc: OSError) -> MachineError:
    why, folder = exc.strerror or str(exc), quote(str(path.parent))
    return MachineError(f"cannot write {path}", why=why, next_step=f"df -h {folder} && ls -ld {folder}")
