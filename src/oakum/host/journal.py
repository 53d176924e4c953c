"""The kernel's log as systemd's journal kept it: further back than the ring buffer, and readable by its groups."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from typing import Final

from oakum.host.records import Record
from oakum.model.absent import Absent, AbsentKind

WITHIN_S: Final = 20.0
_KERNEL: Final = "0"
"""The syslog facility that is the kernel's alone: programs may write to its log, and are left out."""


def read_journal(since_s: float) -> list[Record] | Absent:
    """Records since then, oldest first."""
    command = [
        "journalctl",
        "--dmesg",
        "--boot=all",
        f"--since=@{max(since_s, 0):.0f}",
        "--output=json",
        "--no-pager",
        "--quiet",
        "--output-fields=MESSAGE,SYSLOG_FACILITY,_TRANSPORT",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=WITHIN_S, check=False)
    except FileNotFoundError:
        return _absent(AbsentKind.NOT_APPLICABLE, "there is no journalctl")
    except (OSError, subprocess.TimeoutExpired) as exc:
        return _absent(AbsentKind.UNREADABLE, str(exc))
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        return _absent(AbsentKind.UNREADABLE, why or f"journalctl ended with {done.returncode}")
    return parse_journal(done.stdout.decode("utf-8", "replace").splitlines())


def parse_journal(lines: Iterable[str]) -> list[Record]:
    """Of journalctl's JSON, an object a line. A message that is no UTF-8 is a list of its bytes."""
    records = []
    for line in lines:
        try:
            entry = json.loads(line)
            at_s, message = int(entry["__REALTIME_TIMESTAMP"]) / 1e6, entry["MESSAGE"]
        except (ValueError, KeyError, TypeError):
            continue
        if entry.get("_TRANSPORT") != "kernel" or entry.get("SYSLOG_FACILITY", _KERNEL) != _KERNEL:
            continue
        if isinstance(message, list):
            message = bytes(byte & 255 for byte in message if isinstance(byte, int)).decode("utf-8", "replace")
        if isinstance(message, str):
            records.append(Record(at_s, message))
    return records


def _absent(kind: AbsentKind, why: str) -> Absent:
    return Absent("the journal of the kernel's log", kind, why, "run as root, or in the group systemd-journal")
