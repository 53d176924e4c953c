"""What a process does with signals, and sending one to exactly that process."""

from __future__ import annotations

import os
import signal

from oakum.host.gauge import ProcessFolder
from oakum.model.debugger import Dispositions

_MOST = 64


def dispositions(folder: ProcessFolder) -> Dispositions:
    """Raises OSError when the process has ended. Source: proc_pid_status(5)."""
    return parse_dispositions(folder.read("status"))


def parse_dispositions(raw: bytes) -> Dispositions:
    """A line that is missing reads as an empty set."""
    masks = {"SigCgt": 0, "SigIgn": 0, "SigBlk": 0}
    for line in raw.splitlines():
        name, _, value = line.decode("ascii", "replace").partition(":")
        if name in masks:
            masks[name] = int(value.strip() or "0", 16)
    caught, ignored, blocked = (
        frozenset(number for number in range(1, _MOST + 1) if masks[name] >> (number - 1) & 1)
        for name in ("SigCgt", "SigIgn", "SigBlk")
    )
    return Dispositions(caught, ignored, blocked)


def send(folder: ProcessFolder, number: int) -> None:
    """Raises OSError. The folder holds on to the process; its pid may have passed to another one only once it ended."""
    held = os.pidfd_open(folder.pid)
    try:
        # Open before this look, so a process that is still there now is the one that is held.
        folder.read("stat")
        signal.pidfd_send_signal(held, number)
    finally:
        os.close(held)
