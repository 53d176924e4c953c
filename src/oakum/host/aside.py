"""Programs of ours that go on by themselves, whatever becomes of us: files beside this one, standard library only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from oakum.model.errors import InternalError, MachineError


def start_aside(program: Path, request: str, fds: Sequence[int], *, named: str) -> None:
    """Returns once the child that goes on was forked. ``fds`` are its own too; ``named``: in words, for errors.

    Raises MachineError where Python cannot be started, InternalError where the program did not begin.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(program)],
            input=request,
            encoding="ascii",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=fds,
            start_new_session=True,
            env={},
            cwd="/",
            check=False,
        )
    except OSError as exc:
        raise MachineError(f"cannot start {sys.executable}", why=str(exc.strerror), next_step="oakum doctor") from exc
    if done.returncode:
        raise InternalError(f"{named} could not begin", why=done.stderr[-300:])
