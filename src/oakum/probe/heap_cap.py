"""The cap that a runtime was told to put on its heap, as far as its command line and environment say.

Source: the java command (-Xmx, -XX:MaxRAMPercentage), nodejs.org/api/cli (--max-old-space-size), pkg.go.dev/runtime
(GOMEMLIMIT: a soft limit of all that the runtime maps).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from oakum.model.absent import Absent
from oakum.model.ports import Processes
from oakum.model.runtime import RuntimeName
from oakum.model.surroundings import HeapCap
from oakum.probe.node_limit import OLD_SPACE, old_space_mib

_XMX: Final = re.compile(r"-(?:Xmx|XX:MaxHeapSize=)(\d+)([kKmMgGtT]?)$")
_GO: Final = re.compile(r"(\d+)(B|KiB|MiB|GiB|TiB)?$")
_POWERS: Final = {"": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40}
JAVA_WORDS: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
OFF: Final = 1 << 62


def heap_cap(pid: int, runtime: RuntimeName, processes: Processes) -> HeapCap | None:
    """None where it was told nothing, or may not be asked. Raises TargetError when it has ended."""
    environment = processes.environment(pid)
    known = {} if isinstance(environment, Absent) else environment
    words = list(processes.info(pid).command[1:])
    if runtime is RuntimeName.JVM:
        return java_cap([*" ".join(known.get(name, "") for name in JAVA_WORDS).split(), *words])
    if runtime is RuntimeName.NODE:
        mib = old_space_mib([*known.get("NODE_OPTIONS", "").split(), *words])
        return None if mib is None else HeapCap(mib << 20, f"{OLD_SPACE}={mib}")
    if runtime is RuntimeName.GO:
        return go_cap(known)
    return None


def java_cap(words: Sequence[str]) -> HeapCap | None:
    """The last one counts. A percentage is of the limit, so it fits below it."""
    found = [(match, word) for word in words if (match := _XMX.match(word))]
    if not found:
        return None
    match, word = found[-1]
    return HeapCap(int(match[1]) << _POWERS[match[2].lower()], word)


def go_cap(environment: Mapping[str, str]) -> HeapCap | None:
    told = environment.get("GOMEMLIMIT", "")
    match = _GO.match(told)
    if match is None:
        return None
    size = int(match[1]) << _POWERS[(match[2] or "B")[0].lower()]
    return None if size >= OFF else HeapCap(size, f"GOMEMLIMIT={told}")
