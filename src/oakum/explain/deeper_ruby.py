"""Deeper steps for Ruby: what makes it answer for its heap, and what tells the line. Each is a person's to approve."""

from __future__ import annotations

from oakum.model.cause import Cause
from oakum.model.ruby import HELPER_COMMAND, LINES, RubyDeeper
from oakum.model.step import Step

SLOWER, LARGER = 5.0, 3.0
"""What recording the place of each allocation makes of a program's run time, where it does nothing else than allocate,
and of its memory, where most of that are small objects: the upper figures of docs/ruby.md.
"""


def ruby_steps(causes: tuple[Cause, ...], deeper: RubyDeeper | None) -> tuple[Step, ...]:
    """``deeper``: None for another runtime."""
    if deeper is None or (deeper.helper and (deeper.lines or (causes and causes[0].where))):
        return ()
    if deeper.helper:
        return (_lines(),)
    again = f"oakum investigate pid/{deeper.pid} --inspect"
    if deeper.tracer:
        return (_traced(deeper.pid, again),)
    return (_loaded(),)


def _loaded() -> Step:
    return Step(
        "Start one more instance, a canary, with Oakum's helper, which lets it answer for its heap",
        effect="two dumps say who holds what grows, by class and variable; each is written by a copy of it (fork), and"
        " the service stands still for milliseconds. No signal, no debugger",
        risk="a restart of what leaks would destroy what it shows: so one more instance, or the next deploy. The helper"
        " answers its own user and root alone. … stands for what the service is started with",
        command=f"{HELPER_COMMAND} && RUBYOPT=-r$PWD/oakum_heap.rb …",
        undo="start it without",
    )


def _traced(pid: int, again: str) -> Step:
    return Step(
        "Load Oakum's helper into it by rbtrace, once somebody has approved it",
        effect="it answers for its heap from then on, without a restart: the leak that is there can be looked into",
        risk="rbtrace sends SIGURG until it is answered, and runs the file in a thread of the service. It must run"
        " where the service's message queues and files are seen: in its container; as root it also raises the machine's"
        " kernel.msgmnb",
        command=f"{HELPER_COMMAND} && rbtrace -p {pid} -e \"load '$PWD/oakum_heap.rb'\" && {again}",
        undo="a restart",
    )


def _lines() -> Step:
    return Step(
        "Run one more instance, a canary, that records where objects are allocated; never by a rollout",
        effect="file and line of what grows, beside who holds it",
        risk=f"up to ×{SLOWER:g} run time and ×{LARGER:g} memory for what is allocated: one canary, with a small share"
        " of the traffic. … stands for what the service is started with",
        command=f"{LINES} RUBYOPT=-r$PWD/oakum_heap.rb …",
        undo="end the canary",
    )
