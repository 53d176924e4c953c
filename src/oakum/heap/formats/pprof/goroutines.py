"""Goroutines that stand at one place for one reason, as LeakProf groups them.

Source: what the runtime says of a goroutine that waits, runtime/runtime2.go (waitReasonStrings); Saioc et al.,
"Unveiling and Vanquishing Goroutine Leaks in Enterprise Microservices" (CGO 2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from oakum.heap.formats.pprof.frames import is_library, place_of
from oakum.heap.formats.pprof.profile import Frame, Profile, Sample
from oakum.model.cause import CodePlace

RUNNING = "running"
_OPERATIONS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("chan send", frozenset({"runtime.chansend", "runtime.chansend1"})),
    ("chan receive", frozenset({"runtime.chanrecv", "runtime.chanrecv1", "runtime.chanrecv2"})),
    ("select", frozenset({"runtime.selectgo"})),
    ("select (no cases)", frozenset({"runtime.block"})),
    ("sync.RWMutex.RLock", frozenset({"sync.(*RWMutex).RLock", "sync.runtime_SemacquireRWMutexR"})),
    ("sync.RWMutex.Lock", frozenset({"sync.(*RWMutex).Lock", "sync.runtime_SemacquireRWMutex"})),
    (
        "sync.Mutex.Lock",
        frozenset({"sync.(*Mutex).Lock", "sync.(*Mutex).lockSlow", "internal/sync.(*Mutex).lockSlow"}),
    ),
    ("sync.WaitGroup.Wait", frozenset({"sync.(*WaitGroup).Wait", "sync.runtime_SemacquireWaitGroup"})),
    ("sync.Cond.Wait", frozenset({"sync.(*Cond).Wait", "sync.runtime_notifyListWait"})),
    ("IO wait", frozenset({"internal/poll.runtime_pollWait"})),
    ("sleep", frozenset({"time.Sleep"})),
    ("syscall", frozenset({"syscall.Syscall", "syscall.Syscall6", "syscall.RawSyscall", "runtime.cgocall"})),
    ("semacquire", frozenset({"sync.runtime_Semacquire", "sync.runtime_SemacquireMutex"})),
)
"""What is waited for, by the functions that stand at the begin of such a stack; the first that fits."""

WAITS_ON_OTHERS: Final = frozenset({"IO wait", "syscall", "running", "runnable"})
"""A peer decides when that ends: more of them may just be more clients."""

_RUNTIME: Final = ("runtime.", "internal/", "sync.", "syscall.", "time.Sleep", "runtime/")
_HANDED: Final = ("runtime.goexit", "runtime.main")


@dataclass(frozen=True, slots=True)
class Group:
    """Goroutines whose stack and wait are the same as far as the application's own line.

    ``operation``: ``chan send``. ``at``: the line on which they wait, of the application where it has one on the stack.
    ``runs``: the function that they were started with. ``made_by``: who started them, "" where that was not asked.
    ``waits_min``: the longest wait that was told, in minutes. ``stack``: of most of them, innermost first.
    """

    operation: str
    at: Frame
    runs: Frame
    count: int
    stack: tuple[Frame, ...]
    made_by: str = ""
    waits_min: int = 0

    @property
    def name(self) -> str:
        return f"goroutines at {self.operation} in {place_of(self.at)}"

    @property
    def foreign(self) -> bool:
        return is_library(self.at)

    @property
    def place(self) -> CodePlace:
        return CodePlace(self.at.file, self.at.line, self.at.function)


def groups(profile: Profile) -> dict[str, Group]:
    """By name, most goroutines first."""
    found: dict[str, list[Sample]] = {}
    for sample in profile.samples:
        if sample.stack:
            found.setdefault(_group(sample).name, []).append(sample)
    made = [_merged(samples) for samples in found.values()]
    return {each.name: each for each in sorted(made, key=lambda each: -each.count)}


def operation(stack: tuple[Frame, ...]) -> str:
    """What it waits for, by the functions of Go itself at its begin."""
    leading = set()
    for frame in stack:
        if not is_library(frame):
            break
        leading.add(frame.function)
    return next((name for name, functions in _OPERATIONS if functions & leading), RUNNING)


def total(profile: Profile) -> int:
    return sum(sample.objects for sample in profile.samples)


def with_detail(found: Mapping[str, Group], told: Profile) -> dict[str, Group]:
    """``told``: all stacks in full, which say who started each and for how long it waits."""
    known: dict[tuple[str, int], Group] = {}
    for each in groups(told).values():
        known.setdefault((each.at.function, each.at.line), each)

    def joined(group: Group) -> Group:
        more = known.get((group.at.function, group.at.line))
        if more is None:
            return group
        return Group(
            group.operation, group.at, group.runs, group.count, group.stack, more.made_by, more.waits_min
        )  # fmt: skip

    return {name: joined(group) for name, group in found.items()}


def _merged(samples: list[Sample]) -> Group:
    most = max(samples, key=lambda sample: sample.objects)
    one = _group(most)
    return Group(
        one.operation,
        one.at,
        one.runs,
        sum(sample.objects for sample in samples),
        most.stack,
        most.made_by,
        max(sample.waits_min for sample in samples),
    )


def _group(sample: Sample) -> Group:
    stack = sample.stack
    own = next((frame for frame in stack if not is_library(frame)), None)
    outer = next((frame for frame in stack if not frame.function.startswith(_RUNTIME)), stack[-1])
    started = [frame for frame in reversed(stack) if frame.function not in _HANDED]
    runs = next((frame for frame in started if not is_library(frame)), started[0] if started else stack[-1])
    what = sample.state or operation(stack)
    return Group(what, own or outer, runs, sample.objects, stack, sample.made_by, sample.waits_min)
