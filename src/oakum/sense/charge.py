"""What a cgroup told while it was watched: its charge, its limits, its kills and its stalls."""

from __future__ import annotations

from oakum.model.process import CgroupMemory, ProcessMemory
from oakum.model.units import format_duration, format_size

Fact = tuple[str, dict[str, object]]
"""A title, and values to go with it."""


def cgroup_fact(first: CgroupMemory, last: CgroupMemory) -> Fact:
    """``first`` and ``last`` are of one cgroup, some time apart."""
    return _title(first, last), {
        "path": last.path,
        "version": last.version,
        "usage_bytes": last.usage_bytes,
        "anon_bytes": last.anon_bytes,
        "file_bytes": last.file_bytes,
        "working_set_bytes": last.working_set_bytes,
        "swap_bytes": last.swap_bytes,
        "kills": last.kills,
        "kills_while_watched": _gained(first.kills, last.kills),
        "pressure_some_us": last.pressure_some_us,
        "stalled_us_while_watched": _gained(first.pressure_some_us, last.pressure_some_us),
        "limits": [[limit.path, limit.limit_bytes] for limit in last.limits],
    }


def process_fact(first: ProcessMemory, last: ProcessMemory) -> Fact:
    """Both with PSS and swap where these could be read."""
    shared = ""
    if last.pss_bytes is not None:
        shared = f", {format_size(last.pss_bytes)} its share (PSS)"
    swapped = f", {format_size(last.swap_bytes)} swapped out" if last.swap_bytes else ""
    resident = f"{format_size(last.anon_bytes)} anonymous, {format_size(last.rss_bytes)} resident"
    return (
        f"the process: {resident}{shared}{swapped}",
        {
            "anon_bytes": [first.anon_bytes, last.anon_bytes],
            "rss_bytes": [first.rss_bytes, last.rss_bytes],
            "pss_bytes": [first.pss_bytes, last.pss_bytes],
            "swap_bytes": [first.swap_bytes, last.swap_bytes],
        },
    )


def _title(first: CgroupMemory, last: CgroupMemory) -> str:
    tightest = last.limit
    bound = "no limit"
    if tightest is not None:
        whose = "its own" if tightest.path == last.path else f"of {tightest.path or 'an ancestor'}"
        bound = f"limit {format_size(tightest.limit_bytes)} ({whose})"
    told = (
        f"cgroup {last.path}: {format_size(last.usage_bytes)} charged, {format_size(last.anon_bytes)} anonymous,"
        f" {format_size(last.file_bytes)} page cache; {bound}"
    )
    if last.kills:
        told += f", {last.kills} OOM kill{'' if last.kills == 1 else 's'} so far"
    if new := _gained(first.kills, last.kills):
        told += f", {new} while it was watched"
    if stalled_us := _gained(first.pressure_some_us, last.pressure_some_us):
        told += (
            f"; stalled on memory for {format_duration(stalled_us / 1e6)} of {format_duration(last.at_s - first.at_s)}"
        )
    return told


def _gained(first: int | None, last: int | None) -> int | None:
    """None where the kernel does not count; never below 0: a cgroup made anew counts from 0."""
    return None if first is None or last is None else max(0, last - first)
