"""Commands of this very Oakum, each in a process of its own: what they take goes when they end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Final

from oakum.model.errand import Ended, Errand
from oakum.model.errors import MachineError

PATIENCE_S: Final = 30.0
"""How long one that was asked to end may take, in seconds."""

SAID_BYTES: Final = 2000
PR_SET_PDEATHSIG: Final = 1
_BESIDE: Final = 5
"""Niceness: a watch and what it watches come first."""

_libc = ctypes.CDLL(None)


class LiveErrands:
    """``Errands`` of the ports. ``module``: what Python is to run as ``oakum``."""

    def __init__(self, module: str) -> None:
        self._module = module

    def start(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Errand:
        answer, said = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  (closed when it has ended)
        try:
            child = subprocess.Popen(
                [sys.executable, "-m", self._module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=said,
                env={**os.environ, **environment},
                process_group=0,
                preexec_fn=_ends_with_us,  # noqa: PLW1509  (one call into libc, and nothing of ours)
            )
        except OSError as exc:
            raise MachineError(
                "cannot start a command of our own", why=str(exc), next_step="free -m; ulimit -u"
            ) from exc
        return _LiveErrand(child, answer, said)


class _LiveErrand:
    def __init__(self, child: subprocess.Popen[bytes], answer: IO[bytes], said: IO[bytes]) -> None:
        self._child, self._answer, self._said = child, answer, said

    def ended(self) -> Ended | None:
        code = self._child.poll()
        if code is None:
            return None
        with self._answer, self._said:
            self._answer.seek(0)
            self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - SAID_BYTES))
            return Ended(code, self._answer.read(), self._said.read().decode("utf-8", "replace"))

    def stop(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGINT)
        try:
            self._child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._answer.close()
        self._said.close()


def _ends_with_us() -> None:
    """Asked to end when we are gone, so that what it opened in a target is closed."""
    # Where a script began us in its background we ignore SIGINT, and so would what we start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGINT))
    os.nice(_BESIDE)
