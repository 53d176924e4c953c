"""Which limit to set, whether that is wise, and the writes that set it."""

from __future__ import annotations

import math

from oakum.model.errors import CallerError, RefusedError
from oakum.model.hands import LimitFiles
from oakum.model.policy import Policy
from oakum.model.process import CgroupMemory
from oakum.model.units import format_share, format_size
from oakum.model.verdict import Verdict, VerdictName

MIB = 1 << 20
PAGE_BYTES = 4096
"""A kernel with larger pages keeps a limit that is this much times 16 smaller than asked for."""


def least_bytes(memory: CgroupMemory, policy: Policy) -> int:
    """No limit is set below this: present use and a margin. Page cache that can be given back does not count."""
    return math.ceil(memory.working_set_bytes * (1 + policy.limit_margin_share))


def raised_bytes(memory: CgroupMemory, policy: Policy) -> int:
    """So that present use is the policy's share of it, in whole MiB."""
    return math.ceil(memory.working_set_bytes / policy.raised_share / MIB) * MIB


def undersized(verdict: Verdict, memory: CgroupMemory, policy: Policy) -> bool:
    """Judged healthy, and yet near its limit."""
    limit = memory.limit
    return (
        verdict.name is VerdictName.HEALTHY
        and limit is not None
        and memory.working_set_bytes >= policy.warn_share * limit.limit_bytes
    )


def check_wish(
    wanted_bytes: int, verdict: Verdict, memory: CgroupMemory, files: LimitFiles, machine_bytes: int, policy: Policy
) -> None:
    """Raises RefusedError for a limit that would kill, help nobody, or feed what was not judged."""
    before = limit_of(files)
    least = least_bytes(memory, policy)
    if wanted_bytes < least:
        raise RefusedError(
            f"a limit of {format_size(wanted_bytes)} would kill it: {format_size(memory.working_set_bytes)} are in use",
            why=f"a limit stays {format_share(policy.limit_margin_share)} above present use",
            next_step=f"oakum plan … --limit {math.ceil(least / MIB)}MiB",
        )
    if wanted_bytes > machine_bytes:
        raise RefusedError(
            f"a limit of {format_size(wanted_bytes)} is more than this machine has",
            why=f"it has {format_size(machine_bytes)}: the whole machine would run out first",
            next_step="oakum doctor",
        )
    raising = before is not None and wanted_bytes > before
    above = min((limit.limit_bytes for limit in memory.limits if limit.path != files.path), default=None)
    if raising and above is not None and wanted_bytes > above:
        raise RefusedError(
            f"a limit of {format_size(wanted_bytes)} would not be had",
            why=f"a cgroup above {files.path} has a limit of {format_size(above)}",
            next_step=f"oakum plan … --limit {above // MIB}MiB",
        )
    if raising and verdict.name in {VerdictName.SUSPECT, VerdictName.CANNOT_TELL}:
        raise RefusedError(
            "a limit is raised once it is known whether this leaks or is undersized",
            why=f"the judge says {verdict.name.value}: {verdict.settles or 'more must be seen'}",
            next_step="oakum plan … --for 10m",
        )
    if wanted_bytes == before:
        raise CallerError("that is its limit already", next_step="oakum scan host")


def near(one: int | None, other: int | None) -> bool:
    """The kernel keeps whole pages."""
    if one is None or other is None:
        return one is other
    return abs(one - other) < 16 * PAGE_BYTES


def limit_of(files: LimitFiles) -> int | None:
    return files.limits.get("memory.limit_in_bytes" if files.version == 1 else "memory.max")


def writes_for(files: LimitFiles, wanted_bytes: int) -> tuple[tuple[str, int | None], ...]:
    """In the order that the kernel takes. v1: memory and swap together may never be less than memory alone."""
    if files.version == 2:
        return (("memory.max", wanted_bytes),)
    before, both = limit_of(files), files.limits.get("memory.memsw.limit_in_bytes")
    plain = ("memory.limit_in_bytes", wanted_bytes)
    if both is None or before is None:
        return (plain,)
    together = ("memory.memsw.limit_in_bytes", wanted_bytes + both - before)
    return (together, plain) if wanted_bytes > before else (plain, together)


def writes_back(now: LimitFiles, before: dict[str, int | None]) -> tuple[tuple[str, int | None], ...]:
    """As ``before``, in the order that the kernel takes."""
    rows = sorted(before.items())
    present = limit_of(now)
    wanted = before.get("memory.limit_in_bytes")
    raising = wanted is None or (present is not None and wanted > present)
    # By name, memory.limit… comes before memory.memsw….
    return tuple(reversed(rows)) if now.version == 1 and raising else tuple(rows)
