"""A program's standard input and output as the port Channel: what a cluster's exec is, without the cluster."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from oakum.model.errors import SilentError, TargetError

ENDS_WITHIN_S = 10.0


class Pipes:
    """Port Channel. ``process``: the program."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def send(self, data: bytes) -> None:
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except (OSError, ValueError) as exc:
            raise TargetError("the program has ended", why=str(exc)) from exc

    def receive(self, within_s: float) -> bytes:
        if not select.select([self.process.stdout], [], [], within_s)[0]:
            raise SilentError("the program says nothing")
        came = os.read(self.process.stdout.fileno(), 1 << 16)
        if not came:
            raise TargetError("the program has ended")
        return came


@contextmanager
def pipes(command: Sequence[str]) -> Iterator[Pipes]:
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Pipes(process)
        finally:
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
