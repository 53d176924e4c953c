"""A memory cgroup of our own with a limit, made where this machine allows it.

v1: a folder below our own cgroup. v2: below the nearest ancestor that may have children with limits; a cgroup that
holds processes may not ("no internal processes"), so that is never our own, unless it is the root.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

from oakum.host.cgroup import read_pids
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import CallerError, MachineError, TargetError
from oakum_guard import Mount, child_folders, find_hierarchy, read_membership

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_OURS = re.compile(r"oakum-[a-z0-9-]+-([0-9]+)")
_CLOSE_WITHIN_S = 10.0
_ENTER_AND_EXEC = 'echo $$ > "$0" || exit 126; exec "$@"'
"""The shell moves itself, so the program is inside before its first page; and we never fork with threads running."""


class LiveSandbox:
    """Port Sandbox."""

    def __init__(self, folder: str, path: str, limit_bytes: int) -> None:
        self._folder = folder
        self._path = path
        self._limit_bytes = limit_bytes
        self._started: list[subprocess.Popen[bytes]] = []

    @property
    def path(self) -> str:
        return self._path

    @property
    def limit_bytes(self) -> int:
        return self._limit_bytes

    def start(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """The group of the shell becomes the program's own: Ctrl-C at our terminal is not meant for it."""
        if not os.path.isdir(self._folder):  # noqa: PTH112
            raise TargetError(f"the sandbox {self._path} is closed", next_step="oakum demo")
        try:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _ENTER_AND_EXEC, f"{self._folder}/cgroup.procs", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=None if environment is None else dict(environment),
                start_new_session=True,
            )
        except OSError as exc:
            raise MachineError(f"cannot start {command[0]}", why=str(exc), next_step="ls -l /bin/sh") from exc
        self._started.append(process)
        return process

    def close(self) -> None:
        """Raises MachineError when the kernel does not let it go in time."""
        remove_tree(self._folder, self._started)


class LiveSandboxes:
    """Port Sandboxes."""

    def create(self, name: str, limit_bytes: int) -> LiveSandbox | Absent:
        if not _NAME.fullmatch(name):
            raise CallerError(
                f"{name!r} cannot name a sandbox", why="small letters, digits and '-' only", next_step="oakum demo"
            )
        hierarchy = find_hierarchy()
        place = _find_place()
        if isinstance(place, Absent):
            return place
        folder, path = place
        _remove_leftovers(folder)
        leaf = _free_leaf(folder, name)
        sandbox = LiveSandbox(f"{folder}/{leaf}", f"{path.rstrip('/')}/{leaf}", limit_bytes)
        try:
            _make(f"{folder}/{leaf}", limit_bytes, hierarchy.version)
        except OSError as exc:
            with contextlib.suppress(OSError):
                os.rmdir(f"{folder}/{leaf}")  # noqa: PTH106
            return _not_possible(f"{exc.strerror} at {exc.filename}")
        return sandbox

    def possible(self) -> str | Absent:
        """The cgroup below which a sandbox can be made."""
        place = _find_place()
        return place if isinstance(place, Absent) else place[1]


def _free_leaf(folder: str, name: str) -> str:
    """A second sandbox of one name in one process gets a number of its own."""
    leaf, number = f"oakum-{name}-{os.getpid()}", 1
    while os.path.exists(f"{folder}/{leaf}"):  # noqa: PTH110
        number += 1
        leaf = f"oakum-{name}-{number}-{os.getpid()}"
    return leaf


def _find_place() -> tuple[str, str] | Absent:
    """(folder, cgroup path)."""
    hierarchy = find_hierarchy()
    own = read_membership().memory(hierarchy.version)
    mount = None if own is None else hierarchy.mount_of(own)
    if own is None or mount is None:
        return _not_possible("no memory cgroup of ours can be seen here")
    for path, folder in mount.upwards(own):
        if os.access(folder, os.W_OK | os.X_OK) and (hierarchy.version == 1 or _takes_children(folder)):
            return folder, path
    return _not_possible(_why_no_place(mount, own))


def _takes_children(folder: str) -> bool:
    """Whether children of this v2 cgroup have memory limits; switched on where that is allowed.

    Processes are never moved to make it so.
    """
    if "memory" in _words(f"{folder}/cgroup.subtree_control"):
        return os.access(f"{folder}/cgroup.procs", os.W_OK)
    if "memory" not in _words(f"{folder}/cgroup.controllers") or _has_own_processes(folder):
        return False
    try:
        _write(f"{folder}/cgroup.subtree_control", "+memory")
    except OSError:
        return False
    return True


def _has_own_processes(folder: str) -> bool:
    # The root has no cgroup.events, and may hold processes beside its children.
    return os.path.exists(f"{folder}/cgroup.events") and bool(read_pids(folder))  # noqa: PTH110


def _words(path: str) -> list[str]:
    try:
        with open(path, encoding="ascii") as file:  # noqa: PTH123
            return file.read().split()
    except OSError:
        return []


def _why_no_place(mount: Mount, own: str) -> str:
    folder = mount.locate(own) or mount.folder
    if not os.access(folder, os.W_OK):
        return f"{folder} is not ours to write (another user's, or mounted read-only as in most containers)"
    return "every cgroup that we may write holds processes itself, so v2 lets none have limited children"


def _not_possible(why: str) -> Absent:
    return Absent(
        "a memory cgroup of our own",
        AbsentKind.NOT_PERMITTED,
        why,
        "run as root on the machine itself, or: systemd-run --user --scope -p Delegate=yes oakum …",
    )


def _make(folder: str, limit_bytes: int, version: int) -> None:
    os.mkdir(folder)  # noqa: PTH102
    limit = str(limit_bytes)
    if version == 2:
        _write(f"{folder}/memory.max", limit)
        _write_where_it_exists(f"{folder}/memory.swap.max", "0")
        return
    _write(f"{folder}/memory.limit_in_bytes", limit)
    # memsw counts memory and swap together; equal to the limit it leaves no swap.
    _write_where_it_exists(f"{folder}/memory.memsw.limit_in_bytes", limit)
    _write_where_it_exists(f"{folder}/memory.swappiness", "0")


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    except OSError as exc:
        raise OSError(exc.errno, os.strerror(exc.errno or 0), path) from exc
    finally:
        os.close(fd)


def _write_where_it_exists(path: str, text: str) -> None:
    with contextlib.suppress(FileNotFoundError, PermissionError):
        _write(path, text)


def remove_tree(folder: str, started: Sequence[subprocess.Popen[bytes]] = ()) -> None:
    """Kill all that runs in ``folder`` and below, and remove it. ``started``: our own children, to be reaped."""
    until_s = time.monotonic() + _CLOSE_WITHIN_S
    while os.path.isdir(folder):  # noqa: PTH112
        _kill_all(folder)
        for process in started:
            process.poll()
        try:
            _remove_folders(folder)
        except OSError as exc:
            if time.monotonic() > until_s:
                raise MachineError(
                    f"cannot remove {folder}", why=str(exc.strerror), next_step=f"cat {folder}/cgroup.procs"
                ) from exc
            # The kernel takes a victim's memory down before it leaves its cgroup; there is nothing to wait on.
            time.sleep(0.01)
    _reap(started)


def _reap(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """A killed child is gone from the cgroup before it can be waited for; and its pipes are ours to close."""
    for process in started:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_CLOSE_WITHIN_S)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def _remove_folders(folder: str) -> None:
    for child in child_folders(folder):
        _remove_folders(child)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(folder)  # noqa: PTH106


def _kill_all(folder: str) -> None:
    for child in child_folders(folder):
        _kill_all(child)
    for pid in read_pids(folder):
        _kill(pid, folder)


def _kill(pid: int, folder: str) -> None:
    """A pid may pass to another process between reading and killing: hold it, look again, then kill what is held."""
    try:
        held = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if pid in read_pids(folder):
            signal.pidfd_send_signal(held, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        os.close(held)


def _remove_leftovers(folder: str) -> None:
    """Sandboxes of runs that crashed: named by a pid that is no more."""
    for child in child_folders(folder):
        match = _OURS.fullmatch(os.path.basename(child))  # noqa: PTH119
        if match and not os.path.exists(f"/proc/{match[1]}") and _all_in_our_namespace(child):  # noqa: PTH110
            remove_tree(child)


def _all_in_our_namespace(folder: str) -> bool:
    """Where containers share a cgroup folder, the pid in a name may be another namespace's, and that run alive."""
    try:
        own = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116
        return all(os.stat(f"/proc/{pid}/ns/pid").st_ino == own for pid in read_pids(folder))  # noqa: PTH116
    except OSError:
        return False
