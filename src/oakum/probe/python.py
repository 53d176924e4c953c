"""The CPython probe: what it requires, what it asks, how it reads the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from oakum.heap.formats.python.layouts import LAYOUTS
from oakum.heap.formats.python.objects import PythonHeap, decode
from oakum.heap.image import MemoryImage
from oakum.model.absent import Absent, AbsentKind
from oakum.model.evidence import Cost
from oakum.model.ports import Clock, Memories, Memory, Processes
from oakum.model.runtime import Preflight, Runtime
from oakum.model.units import format_duration, format_size
from oakum.probe.image import copy, present_bytes, wanted
from oakum.probe.room import available_bytes

COPY_BYTES_PER_S = 1.0e9
"""What a copy surely reaches; measured: about 2 GB/s (bench/census.py)."""

OWN_BYTES_PER_BYTE = 3.5
"""Oakum's memory per byte of the target's while both captures and their graphs are held."""

LONGEST_PAUSE_S = 2.0
"""A stop is released after this long, in seconds, whatever happens."""

HEAP = "what the heap holds"


@dataclass(frozen=True, slots=True, eq=False)
class HeapCapture:
    """Memory as it was at ``at_s`` (UTC epoch), not yet decoded. ``taken_s``: on the monotonic clock."""

    image: MemoryImage
    version: tuple[int, int]
    at_s: float
    taken_s: float
    cost: Cost

    def decode(self) -> PythonHeap | Absent:
        """Takes seconds for millions of objects; pure, so it may run on any thread."""
        heap = decode(self.image, LAYOUTS[self.version])
        if heap is not None and heap.objects >= LEAST_OBJECTS:
            return heap
        return Absent(
            HEAP,
            AbsentKind.UNREADABLE,
            "no objects stand where CPython's own allocator keeps them",
            "start it without PYTHONMALLOC and without -X dev",
        )


LEAST_OBJECTS = 1000
"""Any CPython has more objects than this once it has started; fewer means that they were not understood."""


class PythonProbe:
    """Copies the object memory of one CPython process, by default without stopping it."""

    def __init__(self, memories: Memories, processes: Processes, clock: Clock, runtime: Runtime) -> None:
        self._memories, self._processes, self._clock = memories, processes, clock
        self._version = _minor(runtime.version)
        self._free_threaded = "free-threaded" in runtime.version

    def preflight(self, pid: int, *, stop: bool = False) -> Preflight | Absent:
        """What a capture would cost. Absent: it cannot be taken, and why."""
        refused = self._refusal(pid)
        if refused is not None:
            return refused
        memory = self._memories.open(pid)
        if isinstance(memory, Absent):
            return memory
        try:
            size = present_bytes(wanted(memory))
            carried = memory.carried_bytes_per_s()
        finally:
            memory.close()
        own = int(size * OWN_BYTES_PER_BYTE) + (64 << 20)
        pause_s = size / COPY_BYTES_PER_S if stop else 0.0
        risk = (
            "The target stands still while it is copied." if stop else "The target is not stopped; only memory is read."
        )
        takes_s = size / (COPY_BYTES_PER_S if carried is None else carried)
        return Preflight(pause_s, size, own, risk, _no_room(own, pause_s), takes_s, carried)

    def capture(self, pid: int, *, stop: bool = False, within_s: float | None = None) -> HeapCapture | Absent:
        """Raises TargetError when the target ends meanwhile, RefusedError when the copy takes longer than that."""
        memory = self._memories.open(pid)
        if isinstance(memory, Absent):
            return memory
        try:
            return self._copied(memory, stop=stop, within_s=within_s)
        finally:
            memory.close()

    def _copied(self, memory: Memory, *, stop: bool, within_s: float | None) -> HeapCapture:
        begun_s, at_s, pause_s = self._clock.monotonic_s(), self._clock.now_s(), 0.0
        if stop:
            with memory.stopped(LONGEST_PAUSE_S):
                stopped_s = self._clock.monotonic_s()
                image = copy(memory, wanted(memory), within_s=within_s)
                pause_s = self._clock.monotonic_s() - stopped_s
        else:
            image = copy(memory, wanted(memory), within_s=within_s)
        taken_s = self._clock.monotonic_s()
        cost = Cost(pause_s, taken_s - begun_s, image.size_bytes - image.skipped_bytes)
        return HeapCapture(image, self._version, at_s, begun_s, cost)

    def _refusal(self, pid: int) -> Absent | None:
        if self._version not in LAYOUTS:
            known = ", ".join(f"{major}.{minor}" for major, minor in LAYOUTS)
            version = ".".join(map(str, self._version))
            return Absent(
                HEAP, AbsentKind.NOT_APPLICABLE, f"CPython {version} is not known; {known} are", "update oakum"
            )
        if self._free_threaded:
            why = "a free-threaded build lays out its objects in another way"
            return Absent(
                HEAP, AbsentKind.NOT_APPLICABLE, why, "run it on the build with the GIL; a leak shows in both"
            )
        environment = self._processes.environment(pid)
        setting = _debug_setting(
            self._processes.info(pid).command, environment if isinstance(environment, dict) else {}
        )
        if setting:
            return Absent(
                HEAP,
                AbsentKind.NOT_APPLICABLE,
                f"it runs with {setting}: its objects are not in the pools of CPython's own allocator",
                "start it without that setting; a leak shows in both",
            )
        return None


def _debug_setting(command: tuple[str, ...], environment: Mapping[str, str]) -> str:
    """What puts another allocator, or a debugging one, in the place of CPython's own; "" for nothing."""
    options = _own_options(command)
    # -E and -I, alone or among other letters: the environment is not heard.
    heard = not any("E" in option or "I" in option for option in options if not option.startswith(("-X", "-W")))
    allocator = environment.get("PYTHONMALLOC", "") if heard else ""
    if allocator in {"malloc", "debug", "pymalloc_debug", "malloc_debug"}:
        return f"PYTHONMALLOC={allocator}"
    if "-Xdev" in options and not allocator:
        return "-X dev"
    return "PYTHONDEVMODE" if heard and environment.get("PYTHONDEVMODE") and not allocator else ""


def _own_options(command: tuple[str, ...]) -> list[str]:
    """The interpreter's, up to the script, ``-c`` or ``-m``; ``-X dev`` reads as ``-Xdev``."""
    options: list[str] = []
    words = iter(command[1:])
    for word in words:
        if not word.startswith("-") or word in {"-", "--"}:
            break
        if word in {"-X", "-W"}:
            options.append(word + next(words, ""))
            continue
        options.append(word)
        if not word.startswith(("-X", "-W", "--")) and {"c", "m"} & set(word):
            break
    return options


def _minor(version: str) -> tuple[int, int]:
    parts = [int(part) for part in version.split(".")[:2] if part.isdigit()]
    return (parts[0], parts[1]) if len(parts) == 2 else (0, 0)


def _no_room(own_bytes: int, pause_s: float) -> str:
    available = available_bytes()
    if available is not None and own_bytes > 0.8 * available:
        return f"Oakum would need {format_size(own_bytes)} and only {format_size(available)} is free on this machine"
    if pause_s > LONGEST_PAUSE_S:
        return f"the target would stand still for {format_duration(pause_s)}: leave --stop out"
    return ""
