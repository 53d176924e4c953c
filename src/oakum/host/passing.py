"""A folder that goes when we go, however we end."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from oakum.model.errors import MachineError

_GO_WITH_US = 'read -r _; rm -rf -- "$1"'
"""The kernel closes the pipe that it reads from as we end, also by SIGKILL."""

GONE_WITHIN_S = 10.0


@contextmanager
def passing_folder(prefix: str) -> Iterator[Path]:
    """Empty, of this user alone. Raises MachineError where none can be made."""
    try:
        folder = tempfile.mkdtemp(prefix=prefix)
        # A session of its own: Ctrl-C at our terminal is not meant for it.
        remover = subprocess.Popen(
            ["/bin/sh", "-c", _GO_WITH_US, "sh", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as exc:
        raise MachineError(
            f"no folder can be made in {tempfile.gettempdir()}",
            why=exc.strerror or "",
            next_step="TMPDIR=/another/folder and the same command",
        ) from exc
    try:
        yield Path(folder)
    finally:
        assert remover.stdin is not None
        remover.stdin.close()
        remover.wait(GONE_WITHIN_S)
