"""What this machine lets Oakum see and do."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass

from oakum.host.cgroup import LiveCgroups
from oakum.host.kernel_log import read_kmsg
from oakum.host.sandbox import LiveSandboxes
from oakum.model.absent import Absent, AbsentKind
from oakum_guard import find_hierarchy

_CAPABILITIES = {"SYS_PTRACE": 19, "SYS_ADMIN": 21, "SYSLOG": 34, "DAC_READ_SEARCH": 2}


@dataclass(frozen=True, slots=True)
class MachineFact:
    """``finding`` is a value in words, or why it is missing."""

    name: str
    finding: str | Absent


def machine_facts() -> tuple[MachineFact, ...]:
    """Each looked at anew."""
    return (
        MachineFact("kernel", platform.release()),
        MachineFact("python", platform.python_version()),
        MachineFact("cores", str(os.cpu_count())),
        MachineFact("cgroups", _cgroups()),
        MachineFact("memory cgroups of our own", LiveSandboxes().possible()),
        MachineFact("kernel log", _kernel_log()),
        MachineFact("memory of other processes", _ptrace()),
        MachineFact("pressure (PSI)", _pressure()),
        MachineFact("processes of other users", _other_users()),
    )


def machine_bytes() -> int:
    return LiveCgroups().machine_memory_bytes()


def _cgroups() -> str | Absent:
    kind = find_hierarchy().kind
    if kind == "none":
        return Absent("cgroups", AbsentKind.NOT_APPLICABLE, "no memory controller is mounted", "boot with cgroup v2")
    return {"hybrid": "memory on v1, a v2 tree beside it"}.get(kind, kind)


def _kernel_log() -> str | Absent:
    found = read_kmsg()
    return found if isinstance(found, Absent) else f"readable, {len(found)} lines kept"


def _ptrace() -> str | Absent:
    held = _effective()
    try:
        with open("/proc/sys/kernel/yama/ptrace_scope", encoding="ascii") as file:  # noqa: PTH123
            scope = int(file.read())
    except (OSError, ValueError):
        scope = 0
    if "SYS_PTRACE" in held:
        return "readable (CAP_SYS_PTRACE)"
    if scope == 0:
        return "readable where the user is the same"
    return Absent(
        "memory of other processes",
        AbsentKind.NOT_PERMITTED,
        f"kernel.yama.ptrace_scope is {scope} and CAP_SYS_PTRACE is missing",
        "run as root, or add the capability SYS_PTRACE",
    )


def _pressure() -> str | Absent:
    try:
        with open("/proc/pressure/memory", encoding="ascii") as file:  # noqa: PTH123
            return file.readline().strip()
    except OSError as exc:
        return Absent("pressure", AbsentKind.NOT_APPLICABLE, exc.strerror or "", "boot with psi=1")


def _other_users() -> str | Absent:
    if os.geteuid() == 0:
        return "all of them (root)"
    return Absent("processes of other users", AbsentKind.NOT_PERMITTED, "not root", "sudo oakum …")


def _effective() -> set[str]:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:  # noqa: PTH123
            bits = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    except (OSError, StopIteration, ValueError):
        return set()
    return {name for name, bit in _CAPABILITIES.items() if bits >> bit & 1}
