"""Deeper steps for programs in C, C++ and Rust: dear, so each is a person's to approve. Nothing here is executed."""

from __future__ import annotations

from oakum.explain.causes import free_blocks
from oakum.model.by_hand import core_command
from oakum.model.cause import Cause, CauseName
from oakum.model.layout import LayoutGrowth
from oakum.model.step import Step
from oakum.model.units import format_duration, format_size

WRITTEN_PER_S = 500e6
"""What gdb's gcore writes in a second to a disk that keeps up, in bytes: measured with cores of 0.1 to 1 GB."""


def native_steps(causes: tuple[Cause, ...], layout: LayoutGrowth | None) -> tuple[Step, ...]:
    """Empty for a runtime with a heap of its own."""
    if layout is None or not layout.explained or not causes:
        return ()
    first = causes[0].name
    if first is CauseName.FRAGMENTATION or free_blocks.grows(layout):
        return (_giving_back(),)
    if first is CauseName.WORKERS_OR_ARENAS:
        return (_arenas(),)
    if layout.after.allocator.startswith("jemalloc"):
        return (_jemalloc(layout), _memleak(layout))
    return (_core(layout), _memleak(layout), _heaptrack())


def _core(layout: LayoutGrowth) -> Step:
    size = sum(layout.after.of(kind) for kind in layout.after.kinds)
    pause = format_duration(size / WRITTEN_PER_S)
    return Step(
        "Write a core of it and read that, once somebody has approved the pause",
        effect="blocks by size and by C++ class, and those that no pointer leads to: whether they are lost, or held",
        risk=f"it stands still for about {pause}, while {format_size(size)} are written, and what it reserved and never"
        " touched as well: so much room is needed as VmData tells, where df looks; a full disk stops others too. A core"
        " holds every secret that the process has: keep it where nobody else reads. Needed: gdb",
        command=core_command(layout.pid),
        undo=f"rm leak.{layout.pid}",
        takes_s=size / WRITTEN_PER_S,
    )


def _memleak(layout: LayoutGrowth) -> Step:
    return Step(
        "Trace who allocates, for a minute, once somebody has approved it",
        effect="call stacks whose blocks were not freed again within the minute",
        risk="each malloc and free stops in a probe of the kernel: a program that allocates much runs several times"
        " slower meanwhile. Needed: root, bpfcc-tools, frame pointers for whole stacks",
        command=f"memleak-bpfcc -p {layout.pid} --older 20000 -T 10 30 2",
        undo="it ends by itself after the minute",
        takes_s=60.0,
    )


def _heaptrack() -> Step:
    return Step(
        "Run one more instance, a canary, under heaptrack",
        effect="who allocates what is never freed, by function and line, from its start on",
        risk="the canary is some times slower and larger; it gets a small share of the traffic, and the leaking"
        " instances go on as they are. Do not attach it: a debugger would call functions in the process, which has been"
        " seen to crash it, and can leave it hanging for good. … stands for what it is started with",
        command="heaptrack -o leak … && heaptrack_print --print-leaks 1 leak.*",
        undo="end the canary",
    )


def _jemalloc(layout: LayoutGrowth) -> Step:
    return Step(
        "Run one more instance, a canary, with jemalloc's profiler",
        effect="a heap profile by call stack for each GiB that it allocates; two of them tell who grows:"
        " oakum heap diff OLD.heap NEW.heap",
        risk=f"some percent slower; only where {layout.after.allocator} was built with profiling (Debian's is): else it"
        " warns of an invalid conf pair and goes on without. … stands for what it is started with",
        command="MALLOC_CONF=prof:true,lg_prof_sample:19,lg_prof_interval:30,prof_prefix:/tmp/jeprof …",
        undo="end the canary, rm /tmp/jeprof.*.heap",
    )


def _giving_back() -> Step:
    return Step(
        "Run one more instance, a canary, whose malloc gives back sooner",
        effect="whether memory stays low with two arenas that give back what is free at their end. What is free between"
        " blocks in use goes back only where the program calls malloc_trim(0) itself, after its large work",
        risk="more page faults, and threads wait for each other where they allocate much. Let no debugger call"
        " malloc_trim in a process that runs: that has left one asleep for good. … stands for what it is started with",
        command="MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=131072 …",
        undo="end the canary",
    )


def _arenas() -> Step:
    return Step(
        "Run one more instance, a canary, with fewer arenas",
        effect="whether memory stays low with two arenas: then it is arenas, and no leak",
        risk="threads wait for each other where they allocate much. … stands for what it is started with",
        command="MALLOC_ARENA_MAX=2 …",
        undo="end the canary",
    )
