"""What a JVM's flags say, and what is wrong about them for a service under a memory limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from oakum.model.units import format_size

Flags: TypeAlias = Mapping[str, str]
_ROW: Final = re.compile(r"^\s*[\w ]+?\s+(\w+)\s+:?= ?(.*?)\s*\{[^}]*\}(?: \{[^}]*\})?\s*$", re.MULTILINE)
_NUMBER: Final = re.compile("[0-9]{1,20}")

CODE_CACHE_SHARE = 0.25
"""Of the code cache that is reserved, so much is used by a service of middle size."""

STACK_TOUCHED_BYTES = 256 << 10
"""Of a thread's stack, at most so much is touched as a rule."""

OTHER_BYTES = 48 << 20
"""The collector's own tables, symbols and what native libraries take, at the least."""

UNLIMITED_BYTES = 1 << 62


@dataclass(frozen=True, slots=True)
class FlagFinding:
    """``flag``: as it would be written. ``wrong``: what comes of it; ``better``: what to write instead."""

    flag: str
    wrong: str
    better: str


def read_flags(text: str) -> Flags:
    """Of ``VM.flags -all``: value by name, as printed."""
    return {match[1]: match[2] for match in _ROW.finditer(text)}


def judge_flags(
    flags: Flags, *, limit_bytes: int | None, metaspace_bytes: int, threads: int
) -> tuple[FlagFinding, ...]:
    """``limit_bytes``: the tightest over its cgroup, None for none; the others as they are now."""
    return (
        *_against_limit(flags, limit_bytes, metaspace_bytes, threads),
        *_when_it_runs_out(flags),
        *_without_bound(flags),
    )


def _against_limit(flags: Flags, limit: int | None, metaspace: int, threads: int) -> Iterator[FlagFinding]:
    heap = number(flags, "MaxHeapSize")
    if heap is None or limit is None:
        return
    if flags.get("UseContainerSupport") == "false":
        yield FlagFinding(
            "-XX:-UseContainerSupport",
            "the JVM sees the machine's memory, not the cgroup's",
            "leave it out",
        )
    code = int(CODE_CACHE_SHARE * (number(flags, "ReservedCodeCacheSize") or 0))
    beside = metaspace + code + threads * STACK_TOUCHED_BYTES + OTHER_BYTES
    told = f"-Xmx{heap >> 20}m"
    better = "-XX:MaxRAMPercentage=70 instead of -Xmx, or a higher limit"
    if heap >= limit:
        yield FlagFinding(
            told,
            f"the heap alone may grow to {format_size(heap)} and the cgroup's limit is {format_size(limit)}: the kernel"
            " kills it before any OutOfMemoryError, and then no heap dump is written",
            better,
        )
    elif heap + beside > limit:
        yield FlagFinding(
            told,
            f"heap {format_size(heap)} and about {format_size(beside)} beside it (metaspace, code, {threads} threads,"
            f" the JVM itself) are more than the cgroup's limit of {format_size(limit)}: the kernel may kill it before"
            " any OutOfMemoryError",
            better,
        )
    direct = number(flags, "MaxDirectMemorySize")
    if not direct and heap + beside <= limit < 2 * heap + beside:
        yield FlagFinding(
            "-XX:MaxDirectMemorySize (not set)",
            f"direct buffers may take as much as the heap again ({format_size(heap)}), which the limit has no room for",
            "-XX:MaxDirectMemorySize with what is left of the limit",
        )


def _when_it_runs_out(flags: Flags) -> Iterator[FlagFinding]:
    if flags.get("HeapDumpOnOutOfMemoryError") == "false":
        yield FlagFinding(
            "-XX:+HeapDumpOnOutOfMemoryError (not set)",
            "when the heap is full, nothing tells of what",
            "-XX:+HeapDumpOnOutOfMemoryError -XX:HeapDumpPath=/on/a/volume (jcmd PID VM.set_flag: while it runs)",
        )
    elif "HeapDumpOnOutOfMemoryError" in flags and not flags.get("HeapDumpPath"):
        yield FlagFinding(
            "-XX:HeapDumpPath (not set)",
            "a dump would be written into the working directory: a container's is gone with it, or read-only",
            "-XX:HeapDumpPath=/on/a/volume",
        )
    if flags.get("ExitOnOutOfMemoryError") == flags.get("CrashOnOutOfMemoryError") == "false":
        yield FlagFinding(
            "-XX:+ExitOnOutOfMemoryError (not set)",
            "after an OutOfMemoryError it may go on half dead: the thread that met it is gone, the process is not",
            "-XX:+ExitOnOutOfMemoryError, and a supervisor that starts it again",
        )
    hook = flags.get("OnOutOfMemoryError", "")
    if "kubectl" in hook or "kill" in hook:
        yield FlagFinding(
            "-XX:OnOutOfMemoryError",
            "it ends or deletes what holds the evidence, and needs a program that the image may not have",
            "-XX:+ExitOnOutOfMemoryError",
        )


def _without_bound(flags: Flags) -> Iterator[FlagFinding]:
    metaspace = number(flags, "MaxMetaspaceSize")
    if metaspace is not None and metaspace >= UNLIMITED_BYTES:
        yield FlagFinding(
            "-XX:MaxMetaspaceSize (not set)",
            "class loaders that leak take memory until the kernel kills it, not until an OutOfMemoryError names them",
            "-XX:MaxMetaspaceSize at twice of what it uses",
        )


def number(flags: Flags, name: str) -> int | None:
    value = flags.get(name, "")
    return int(value) if _NUMBER.fullmatch(value) else None
