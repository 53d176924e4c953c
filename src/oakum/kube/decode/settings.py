"""What a container's settings say of memory: flags of a list of harmless ones. No other argument or value is kept.

Arguments and the values of variables may be secrets. A word is kept only where all of it is a known flag with a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from oakum.kube.decode.fields import tables, text

_SIZE: Final = r"[0-9.]{1,12}[kKmMgGtT]?"
_FLAGS: Final = re.compile(
    rf"-X(?:mx|ms|ss|mn){_SIZE}"
    rf"|-XX:(?:(?:Max|Min|Initial)RAMPercentage|MaxDirectMemorySize|MaxMetaspaceSize|ReservedCodeCacheSize)={_SIZE}"
    r"|-XX:[+-](?:ExitOnOutOfMemoryError|CrashOnOutOfMemoryError|HeapDumpOnOutOfMemoryError|UseContainerSupport"
    r"|Use(?:Serial|Parallel|G1|Z|Shenandoah)GC)"
    r"|--max[-_](?:old|semi)[-_]space[-_]size=[0-9]{1,9}|--heapsnapshot-near-heap-limit=[0-9]{1,3}"
)
_FLAGS_IN: Final = frozenset({"JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JAVA_OPTS", "NODE_OPTIONS"})
_NUMBERS_IN: Final = frozenset(
    {"GOMEMLIMIT", "GOGC", "MALLOC_ARENA_MAX", "PYTHONTRACEMALLOC", "PYTHONMALLOC", "WEB_CONCURRENCY"}
)
_NUMBER: Final = re.compile(r"(?:off|malloc|pymalloc|debug|[0-9]{1,12}(?:\.[0-9]{1,3})?[KMGT]?i?B?)")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_PROGRAM: Final = re.compile(r"[A-Za-z0-9_.+-]{1,60}")
_FILE: Final = re.compile(r"(?:/?[A-Za-z0-9_.-]{1,60})+\.(?:py|jar|js|cjs|mjs|rb)")


def program(spec: Mapping[str, Any]) -> str:
    """The name of what it starts, "" where the image alone knows it: of its command, else of a file among its words."""
    words = list(_words(spec))
    if _listed(spec, "command"):
        name = words[0].rpartition("/")[2] if words else ""
        return name if _PROGRAM.fullmatch(name) else ""
    return next((word.rpartition("/")[2] for word in words if _FILE.fullmatch(word)), "")


def memory_flags(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """``-Xmx512m``, ``--max-old-space-size=200``, ``GOGC=50``: in the order in which they stand."""
    found = [word for word in _words(spec) if _FLAGS.fullmatch(word)]
    for row in tables(spec, "env"):
        name, value = text(row, "name"), text(row, "value")
        if name in _FLAGS_IN:
            found += [word for word in value.split() if _FLAGS.fullmatch(word)]
        elif name in _NUMBERS_IN and _NUMBER.fullmatch(value):
            found.append(f"{name}={value}")
    return tuple(dict.fromkeys(found))


def variables(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of its variables, never a value."""
    return tuple(name for row in tables(spec, "env") if _NAME.fullmatch(name := text(row, "name")))


def _words(spec: Mapping[str, Any]) -> Iterator[str]:
    for listed in ("command", "args"):
        for each in _listed(spec, listed):
            if isinstance(each, str):
                yield from each.split()


def _listed(spec: Mapping[str, Any], name: str) -> list[Any]:
    found = spec.get(name)
    return found if isinstance(found, list) else []
