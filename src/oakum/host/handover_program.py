"""Ends a process and starts another in its place; run by itself, with the standard library only.

It goes on when whoever began it dies, so no service is left half way. Two of them with one mark ask once and start
once: each deed is claimed by a file that only one can make. Standard input: the request, JSON (``host/handover.py``).
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

Request: TypeAlias = dict[str, Any]
"""``folder mark ask wait_s kill_after_s``; ``pidfds``, one of them the ``head``; ``streams``; ``launch``."""

TOLD = 4096
"""At most so many characters are told of a fault."""


def main() -> None:
    request: Request = json.load(sys.stdin)
    if os.fork():
        # Its parent goes at once: init then reaps what is started.
        os._exit(0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    for fd in (*request["pidfds"], *request["streams"]):
        if fd is not None:
            os.set_inheritable(fd, False)
    try:
        run(request)
    except BaseException:  # noqa: BLE001  (whoever began it hears of it from the file)
        note(request, traceback.format_exc())
    os._exit(0)


def run(request: Request) -> None:
    until_s = time.monotonic() + request["wait_s"]
    held, head, patience_s = request["pidfds"], request["head"], request["kill_after_s"]
    if request["ask"] and head is not None and not has_ended(head) and claim(request, "asked", ""):
        tell(head, signal.SIGTERM)
    if patience_s is not None and not wait(held, min(until_s, time.monotonic() + patience_s)):
        for fd in held:
            tell(fd, signal.SIGKILL)
    if wait(held, until_s) and request["launch"] is not None:
        start(request, request["launch"])


def has_ended(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])


def wait(held: list[int], until_s: float) -> bool:
    """Whether all have ended in time: a pidfd is readable once its process has."""
    return all(select.select([fd], [], [], max(0.0, until_s - time.monotonic()))[0] for fd in held)


def tell(fd: int, number: int) -> None:
    with suppress(ProcessLookupError):
        signal.pidfd_send_signal(fd, number)


def start(request: Request, launch: dict[str, Any]) -> None:
    for place in launch["cgroups"]:
        try:
            Path(place).write_text("0", encoding="ascii")
        except OSError as exc:
            # In another cgroup it would run without its limit.
            note(request, f"{place}: {exc.strerror}")
            return
    os.setsid()
    # All are opened before the first is put in its place: its number may be that of a later one.
    for number, fd in enumerate(list(streams(request, launch))):
        os.dup2(fd, number, inheritable=True)
    if not claim(request, "started", f"{os.getpid()} {start_ticks()}\n"):
        return
    # Opened now: the user that it becomes may not.
    told = os.open(path(request, "started"), os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
    try:
        become(launch)
    except BaseException as exc:  # noqa: BLE001  (as above)
        os.write(told, f"failed: {type(exc).__name__}: {exc}\n".encode("utf-8", "replace"))
        os._exit(1)


def start_ticks() -> int:
    stat = Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()
    return int(stat[19])


def become(launch: dict[str, Any]) -> None:
    os.setpriority(os.PRIO_PROCESS, 0, launch["nice"])
    for number, soft, hard in launch["limits"]:
        if resource.getrlimit(number) != (soft, hard):
            resource.setrlimit(number, (soft, hard))
    os.umask(launch["umask"])
    if os.geteuid() == 0:
        os.setgroups(launch["groups"])
        os.setresgid(launch["gid"], launch["gid"], launch["gid"])
        os.setresuid(launch["uid"], launch["uid"], launch["uid"])
    elif launch["uid"] != os.geteuid():
        raise PermissionError(f"it ran as uid {launch['uid']}")
    os.chdir(launch["folder"])
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    environment = dict(pair.split("=", 1) for pair in launch["environment"])
    os.execve(launch["executable"], launch["command"], environment)  # noqa: S606  (the command that ran before)


def streams(request: Request, launch: dict[str, Any]) -> Iterator[int]:
    """The old one's own streams where they could be held, else the same files opened again."""
    for held, stream in zip(request["streams"], launch["stdio"], strict=True):
        yield held if held is not None else opened(stream)


def opened(stream: dict[str, Any]) -> int:
    try:
        fd = os.open(stream["path"] or os.devnull, stream["flags"] if stream["path"] else os.O_RDWR)
    except OSError:
        return os.open(os.devnull, os.O_RDWR)
    if stream["flags"] & os.O_ACCMODE != os.O_RDONLY:
        with suppress(OSError):
            # What it wrote before stays.
            os.lseek(fd, 0, os.SEEK_END)
    return fd


def path(request: Request, name: str) -> str:
    return f"{request['folder']}/{request['mark']}.{name}"


def claim(request: Request, name: str, text: str) -> bool:
    """Whether this is the first. The file has its text from the moment that it can be seen."""
    made = Path(f"{path(request, name)}.{os.getpid()}")
    made.write_text(text, encoding="ascii")
    try:
        os.link(made, path(request, name))
    except FileExistsError:
        return False
    finally:
        made.unlink()
    return True


def note(request: Request, text: str) -> None:
    Path(path(request, "fault")).write_text(text[-TOLD:], encoding="utf-8", errors="replace")


if __name__ == "__main__":
    main()
