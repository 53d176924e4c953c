"""``--heapsnapshot-signal``: a Node.js that writes a snapshot itself when it is sent the signal it was started with.

Source: nodejs.org/api/cli. Oakum never sends it: what is written goes where the process stands, and stays there.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence

from oakum.model.debugger import Dispositions
from oakum.probe.node_options import values_of

OPTION = "--heapsnapshot-signal"


def snapshot_signal(words: Sequence[str], does: Dispositions) -> signal.Signals | None:
    """The signal that makes it write one: its options name it, and the kernel says that it is caught."""
    known = {number.name: number for number in signal.Signals}
    told = [known[value] for value in values_of(OPTION, words) if value in known]
    return told[-1] if told and told[-1] in does.caught else None


def how(pid: int, number: signal.Signals) -> str:
    """The command, with what it costs."""
    name = number.name.removeprefix("SIG")
    return (
        f"kill -{name} {pid}    # {OPTION}={number.name}: it writes Heap.*.heapsnapshot into /proc/{pid}/cwd, with its"
        " texts, stands still for that time and takes up to 40 times its heap; then oakum heap analyze FILE"
    )
