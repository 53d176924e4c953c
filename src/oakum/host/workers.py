"""Which process this is, and whether another one still runs."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

from oakum.host.procfs import LiveProcesses
from oakum.model.errors import TargetError
from oakum.model.work import Holder


class LiveWorkers:
    """``Workers`` of the ports, for this machine."""

    def this(self) -> Holder:
        pid = os.getpid()
        return Holder(platform.node(), _boot(), pid, LiveProcesses().info(pid).start_ticks)

    def gone(self, holder: Holder) -> bool | None:
        if holder.host != platform.node():
            return None
        if holder.boot != _boot():
            return True
        try:
            return LiveProcesses().info(holder.pid).start_ticks != holder.start_ticks
        except TargetError:
            return True


@cache
def _boot() -> str:
    """Of this start of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
