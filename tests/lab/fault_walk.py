"""Runs one piece of recorded work again and again in children of its own, each killed one write later than the last.

Run as a program under ``strace -f -e inject=KIND:signal=KILL:when=AT ...``, which counts each kind of call of
each process for itself: a child first makes AT - n calls of one kind that change nothing, so that it is killed at the
n-th call of that kind of its work. A kind ends with the first child that lived.

A record in PostgreSQL is killed before it sends (sendto) and before it reads what came (recvfrom: the server has done
what was sent). Prints a line {"killed": folder} for each, then {"points": {kind: how many were killed}, "seconds": …}.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "unit" / "render")]

from examples_render import NOW_S, leak  # noqa: E402  (the path is set just above)

from oakum.incident import Event, IncidentSettings, Keeping  # noqa: E402
from oakum.loop import incident as journey  # noqa: E402
from oakum.loop.record import Recorder, investigate_on_record  # noqa: E402
from oakum.loop.retain import retain as retain_on_record  # noqa: E402
from oakum.model.plan_record import Approval, PlanRecord, StepRecord, StepState  # noqa: E402
from oakum.model.policy import Policy  # noqa: E402
from oakum.model.step import Step  # noqa: E402
from oakum.store import open_store  # noqa: E402
from oakum.store.place import parse_place  # noqa: E402
from oakum.wiring import workers  # noqa: E402

MOST = {"pwrite64": 300, "sendto": 300, "recvfrom": 300}


def at(kind):
    """The call of one kind, counted from a child's first, at which it is killed: more than its work ever makes."""
    return MOST.get(kind, 60)


_HERE, _THERE = socket.socketpair()
_NOWHERE = os.open(os.devnull, os.O_WRONLY)
_NO_PATH = "/no such folder/no such file"

IN_VAIN = {
    "write": lambda: os.write(_NOWHERE, b"x"),
    "pwrite64": lambda: os.pwrite(_NOWHERE, b"x", 0),
    "fsync": lambda: os.fsync(_NOWHERE),
    "fdatasync": lambda: os.fdatasync(_NOWHERE),
    "ftruncate": lambda: os.ftruncate(_NOWHERE, 0),
    "fallocate": lambda: os.posix_fallocate(_NOWHERE, 0, 1),
    "rename": lambda: os.rename(_NO_PATH, _NO_PATH),  # noqa: PTH104  (one call, and nothing else)
    "unlink": lambda: os.unlink(_NO_PATH),  # noqa: PTH108
    "mkdir": lambda: os.mkdir(_NO_PATH),  # noqa: PTH102
    "sendto": lambda: _HERE.send(b"", socket.MSG_DONTWAIT),
    "recvfrom": lambda: _HERE.recv(1, socket.MSG_DONTWAIT),
}
"""Every kind of call by which this work changes something outside of its process, each as one that changes nothing."""


BLOB = [bytes([number]) * 700_000 for number in range(5)]


def recorder(folder):
    """Of the record in ``folder``, or in the database that ``folder/server`` names: one for each folder."""
    server = folder / "server"
    url = database_url(server.read_text(), folder) if server.exists() else str(folder / "oakum.db")
    return Recorder(
        open_store(parse_place(url), blobs=str(folder / "blobs")), workers(), "ann", Policy(), IncidentSettings()
    )


def database_url(server, folder):
    """``server``: the folder of a PostgreSQL's socket."""
    return f"postgresql://oakum@/{folder.name}?host={server}"


def copied(template, folder):
    """The record of ``template``, for ``folder`` alone."""
    shutil.copytree(template, folder)
    server = folder / "server"
    if server.exists():
        import psycopg  # noqa: PLC0415

        with psycopg.connect(database_url(server.read_text(), Path("postgres")), autocommit=True) as connection:
            connection.execute(f'create database "{folder.name}" template "{template.name}"')


def investigation(name):
    """Of a service called ``name``."""
    return replace(leak(), series=replace(leak().series, labels={"command": name}))


def acknowledge(folder, what):
    """What a person was told is done; written as one piece, so it is told or not told."""
    handle = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(handle, f"{what}\n".encode())
    os.close(handle)


def record(folder):
    found = investigate_on_record("pid/4242", lambda: investigation(folder.name), recorder(folder), now_s=NOW_S)
    if found.failed is not None:
        raise found.failed
    acknowledge(folder, found.investigation.incident)


def say(folder):
    keeper = recorder(folder)
    for what, do in said(keeper):
        do()
        acknowledge(folder, what)


def said(keeper):
    """What a person types, one after the other."""
    return (
        ("note", lambda: journey.note(keeper, 1, "limit raised", event=None, now_s=NOW_S + 5)),
        ("escalate", lambda: journey.escalate(keeper, 1, 1, now_s=NOW_S + 6)),
        ("close", lambda: journey.move(keeper, 1, Event.CLOSE, "fixed", now_s=NOW_S + 7)),
    )


def blob(folder):
    acknowledge(folder, recorder(folder).store.blobs.put(iter(BLOB)))


def plan(folder):
    """As apply will do it: shown, approved, undo data, applying, applied."""
    plans = recorder(folder).store.plans
    steps = tuple(StepRecord(Step(title, "effect", "risk")) for title in ("one", "two"))
    made = plans.add(PlanRecord(1, "pid/4242", NOW_S, "d1", steps, {"start_ticks": 5}))
    acknowledge(folder, "shown")
    plans.approve(Approval(made.number, "d1", "ann", "typed", NOW_S))
    acknowledge(folder, "approved")
    for state, undo in ((StepState.APPLYING, {"was": 1}), (StepState.APPLIED, {"was": 1})):
        steps = tuple(replace(step, state=state, undo_data=undo) for step in made.steps)
        made = plans.change(replace(made, state=state, steps=steps))
        acknowledge(folder, state.value)


LATER_S = NOW_S + 90 * 86_400.0


def retain(folder):
    """Evidence of what was closed long ago goes."""
    retain_on_record(recorder(folder), Keeping(), now_s=LATER_S)
    acknowledge(folder, "retained")


WORKS = {"first": record, "record": record, "say": say, "blob": blob, "plan": plan, "retain": retain}


def in_child(work):
    """The exit status of a child that ran ``work``."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def walk(name, template, folder):
    """``template``: what each child begins with, copied for it into ``folder``."""

    def killed_at(kind, point, own):
        for _ in range(at(kind) - point):
            with suppress(OSError):
                IN_VAIN[kind]()
        WORKS[name](own)

    points = dict.fromkeys(IN_VAIN, 0)
    for kind in IN_VAIN:
        for point in range(1, at(kind)):
            own = folder / f"{name}-{kind}-{point}"
            assert in_child(lambda own=own: copied(template, own)) == 0
            status = in_child(lambda kind=kind, point=point, own=own: killed_at(kind, point, own))
            if status == 0:
                break
            assert os.WIFSIGNALED(status), f"{own} failed"
            assert os.WTERMSIG(status) == signal.SIGKILL
            points[kind] = point
            tell({"killed": str(own)})
        assert points[kind] < at(kind) - 1, f"more calls of {kind} than can be walked"
    return points


def tell(told):
    """By a call that is not counted: the walk itself must live."""
    os.writev(sys.stdout.fileno(), [json.dumps(told).encode() + b"\n"])


def loaded():
    """What each child would load again for itself."""
    import alembic.command  # noqa: PLC0415
    import alembic.config  # noqa: F401, PLC0415
    import psycopg  # noqa: F401, PLC0415


if __name__ == "__main__":
    loaded()
    begun_s = time.monotonic()
    found = walk(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    tell({"points": found, "seconds": round(time.monotonic() - begun_s, 1)})
