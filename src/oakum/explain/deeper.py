"""Deeper steps for CPython, where it is not known who allocates: dear, so each is a person's to approve.

Figures: run time and memory under tracemalloc with 10 frames, measured on programs of our own.
"""

from __future__ import annotations

from shlex import quote

from oakum.model.cause import Cause, CauseName
from oakum.model.deeper import Deeper
from oakum.model.step import Step
from oakum.model.units import format_size

FRAMES = 10
SLOWER, LARGER = 4.3, 2.2
"""What tracemalloc with so many frames makes of the run time and of the memory."""


def deeper_steps(causes: tuple[Cause, ...], deeper: Deeper | None, level_bytes: float) -> tuple[Step, ...]:
    """``level_bytes``: the process's memory now. None where the first cause says where in the code it grows."""
    if deeper is None or (causes and causes[0].where):
        return ()
    if causes and causes[0].name is CauseName.NATIVE_ALLOCATION:
        return (_memray(deeper, native=True),)
    if causes and causes[0].name is CauseName.FRAGMENTATION:
        return ()
    remote = (_remote(deeper),) if deeper.remote else ()
    return (_memray(deeper, native=False), *remote, _canary(deeper, level_bytes))


def _memray(deeper: Deeper, *, native: bool) -> Step:
    option = " --native" if native else ""
    what = "C functions too" if native else "by function and line"
    effect = f"who allocates what is not given back, {what}; only what is allocated from then on"
    if deeper.memray and deeper.readable:
        return Step(
            "Attach memray to it, for a minute, once somebody has approved it",
            effect=effect,
            risk="a debugger stops it for about half a second and calls functions in it that load code: where that goes"
            " wrong it hangs or crashes, and only a restart helps; so of several alike take the one that is missed"
            f" least. It runs slower meanwhile. Seen: memray in {deeper.memray}, and it may be looked into; needed"
            " beside them: gdb or lldb",
            command=f"memray attach{option} --duration 60 -o leak.bin {deeper.pid}"
            " && memray flamegraph --leaks leak.bin",
            undo="it detaches by itself after the minute",
            takes_s=60.0,
        )
    missing = [] if deeper.memray else ["memray is not in its environment"]
    missing += [] if deeper.readable else ["this user may not look into it (ptrace)"]
    return Step(
        "Run one more instance, a canary, under memray",
        effect=effect,
        risk=f"attaching is not possible: {' and '.join(missing)}. The canary is slower; it gets a small share of the"
        " traffic, and the leaking instances go on as they are. … stands for what its interpreter is started with",
        command=f"memray run{option} -o leak.bin … && memray flamegraph --leaks leak.bin",
        undo="end the canary",
    )


def _remote(deeper: Deeper) -> Step:
    start = f"echo 'import tracemalloc; tracemalloc.start({FRAMES})'"
    there = f"/proc/{deeper.pid}/root$script"
    return Step(
        "Hand it a script that starts tracemalloc (sys.remote_exec), once somebody has approved it",
        effect="allocations from then on by file and line; a second script writes the snapshot",
        risk=f"the script runs inside it at its next safe point; from then on about ×{SLOWER} run time and"
        f" ×{LARGER} memory for what is allocated. Needed: CAP_SYS_PTRACE and a Python of the very same version."
        " The script gets a name that nobody can know before, here and in the target's own /tmp",
        # -C refuses a name that somebody took, a link too. Python wants to see the file itself, under the same name.
        command=f'(set -eCu; umask 022; script=/tmp/$(mktemp -u oakum-XXXXXXXXXX); {start} > "$script";'
        f' [ "$script" -ef "{there}" ] || {start} > "{there}"; python{deeper.version[0]}.{deeper.version[1]} -c'
        f" 'import sys; sys.remote_exec({deeper.pid}, sys.argv[1])' \"$script\")",
        undo="hand it a script with tracemalloc.stop()",
    )


def _canary(deeper: Deeper, level_bytes: float) -> Step:
    return Step(
        "Run one more instance, a canary, with tracemalloc; never by a rollout",
        effect="what grows by file and line: take two snapshots some minutes apart in it, and compare_to each other",
        risk=f"a rollout would restart what leaks, and slow down every replica: about ×{SLOWER} run time and"
        f" ×{LARGER} memory ({format_size(level_bytes * LARGER)} instead of {format_size(level_bytes)}). One canary"
        " with that limit, with a small share of the traffic, and something in it that writes the snapshots. … stands"
        " for its arguments",
        command=f"PYTHONTRACEMALLOC={FRAMES} {_program(deeper)}",
        undo="end the canary",
    )


def _program(deeper: Deeper) -> str:
    """Arguments may be secrets, and a plan is printed, kept and sent on."""
    return f"{quote(deeper.command[0])} …" if deeper.command else "python …"
