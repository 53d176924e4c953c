"""The cap that a runtime was told to put on its heap, as far as its command line and environment say.

Source: the java command (-Xmx, -XX:MaxRAMPercentage; which options have their value in the next word),
nodejs.org/api/cli (--max-old-space-size), pkg.go.dev/runtime (GOMEMLIMIT: a soft limit of all that the runtime maps).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from oakum.model.absent import Absent
from oakum.model.ports import Processes
from oakum.model.runtime import RuntimeName
from oakum.model.surroundings import HeapCap
from oakum.probe.node_limit import OLD_SPACE, old_space_mib

_XMX: Final = re.compile(r"-(?:Xmx|XX:MaxHeapSize=)([0-9]{1,15})([kKmMgGtT]?)")
_GO: Final = re.compile(r"([0-9]{1,19})(B|KiB|MiB|GiB|TiB)?")
_POWERS: Final = {"": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40}
JAVA_WORDS: Final = ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")
JAVA_PAIRS: Final = frozenset({
    "-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path", "--add-modules",
    "--limit-modules", "--add-exports", "--add-opens", "--add-reads", "--patch-module", "--enable-native-access",
    "--source",
})  # fmt: skip
"""Their value is the next word."""

JAVA_LAST: Final = ("-m", "--module")
OFF: Final = 1 << 62


def heap_cap(pid: int, runtime: RuntimeName, processes: Processes) -> HeapCap | None:
    """None where it was told nothing, or may not be asked. Raises TargetError when it has ended."""
    environment = processes.environment(pid)
    known = {} if isinstance(environment, Absent) else environment
    words = list(processes.info(pid).command[1:])
    if runtime is RuntimeName.JVM:
        return java_cap(words, " ".join(known.get(name, "") for name in JAVA_WORDS).split())
    if runtime is RuntimeName.NODE:
        return node_cap([*known.get("NODE_OPTIONS", "").split(), *words])
    if runtime is RuntimeName.GO:
        return go_cap(known)
    return None


def java_cap(words: Sequence[str], before: Sequence[str] = ()) -> HeapCap | None:
    """The last one counts; words of the program itself do not. A percentage is of the limit, so it fits below it.

    ``before``: of its environment.
    """
    found = [(match, word) for word in (*before, *_options(words)) if (match := _XMX.fullmatch(word))]
    if not found:
        return None
    match, word = found[-1]
    return _cap(int(match[1]) << _POWERS[match[2].lower()], word)


def _options(words: Sequence[str]) -> Iterator[str]:
    """Up to the main class, or the .jar that -jar names: what follows is the program's own."""
    rest = iter(words)
    for word in rest:
        if not word.startswith(("-", "@")) or word in JAVA_LAST or word.startswith("--module="):
            return
        yield word
        if word in JAVA_PAIRS:
            next(rest, "")


def node_cap(words: Sequence[str]) -> HeapCap | None:
    mib = old_space_mib(words)
    return None if mib is None else _cap(mib << 20, f"{OLD_SPACE}={mib}")


def go_cap(environment: Mapping[str, str]) -> HeapCap | None:
    told = environment.get("GOMEMLIMIT", "")
    match = _GO.fullmatch(told)
    return None if match is None else _cap(int(match[1]) << _POWERS[(match[2] or "B")[0].lower()], f"GOMEMLIMIT={told}")


def _cap(size_bytes: int, said: str) -> HeapCap | None:
    """None for what is no bound of any machine."""
    return HeapCap(size_bytes, said) if 0 < size_bytes < OFF else None
