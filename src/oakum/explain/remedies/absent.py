"""Where a cause does not exist in a runtime, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from oakum.model.cause import CauseName

_LOADER: Final = "it has no class loaders that an application makes anew"
_GOROUTINE: Final = "only Go has goroutines; threads that become more are workers-or-arenas"

NOT_APPLICABLE: Final[Mapping[tuple[CauseName, str], str]] = {
    (CauseName.CLASS_LOADER, "Python"): _LOADER,
    (CauseName.CLASS_LOADER, "JavaScript"): _LOADER,
    (CauseName.CLASS_LOADER, "Go"): _LOADER,
    (CauseName.CLASS_LOADER, "Ruby"): _LOADER,
    (CauseName.CLASS_LOADER, "native"): _LOADER,
    (CauseName.GOROUTINE, "Python"): _GOROUTINE,
    (CauseName.GOROUTINE, "JavaScript"): _GOROUTINE,
    (CauseName.GOROUTINE, "Java"): _GOROUTINE,
    (CauseName.GOROUTINE, "Ruby"): _GOROUTINE,
    (CauseName.GOROUTINE, "native"): _GOROUTINE,
    (CauseName.THREAD_LOCAL, "JavaScript"): "one thread runs its code; a worker thread has a heap of its own",
    (CauseName.THREAD_LOCAL, "Go"): "goroutines have no variables of their own",
    (CauseName.STATIC_COLLECTION, "Go"): "a type has no variables: what lives as long as the program is a global",
    (CauseName.STATIC_COLLECTION, "native"): "a static member is a global",
    (CauseName.PAGE_CACHE, "JavaScript"): "Node.js has no call that tells the kernel which pages are done with",
    (CauseName.PAGE_CACHE, "Java"): "the JDK has no call that tells the kernel which pages are done with",
    (CauseName.GC_MISCONFIGURED, "Ruby"): "CRuby sets no cap of its heap",
    (CauseName.GC_MISCONFIGURED, "native"): "nothing is collected",
    (CauseName.FRAGMENTATION, "Go"): "its runtime gives free pages back by itself",
    (CauseName.WORKERS_OR_ARENAS, "Go"): "its threads are few, and it has no arenas of malloc: goroutines become more",
}
