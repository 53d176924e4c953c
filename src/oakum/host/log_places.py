"""Where a process writes its log, and what was rotated away from beside a file."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from oakum.host.gauge import ProcessFolder, boot_s
from oakum.host.log_folders import LogFolders
from oakum.host.log_names import DELETED, Beside, is_rotated, rotated_since, whose
from oakum.host.rooted import open_folder
from oakum.host.stat import TICKS_PER_S, parse_stat
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.log import LogFile
from oakum.model.pod_cgroup import pod_cgroup

MOST_ROTATED: Final = 9
MOST_NAMES: Final = 10_000
"""Of a folder with more files the first so many are looked at."""

MOST_OPEN: Final = 4096
"""Of a process with more open files the first so many are looked at."""

PODS: Final = "/var/log/pods"
DOCKER: Final = "/var/lib/docker/containers"

_CONTAINER: Final = re.compile(r"\b[0-9a-f]{64}\b")


def written_by(pid: int) -> list[LogFile | Absent]:
    """Raises TargetError when there is no such process."""
    try:
        numbers = sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))
    except PermissionError:
        return [_refused(pid)]
    except OSError as exc:
        raise TargetError(
            f"there is no process {pid}", why="it never was, or it has ended", next_step="oakum scan host"
        ) from exc
    found: dict[tuple[int, int], LogFile | Absent] = {}
    elsewhere: list[str] = []
    for number in numbers[:MOST_OPEN]:
        seen = _seen(pid, number)
        if isinstance(seen, str) and number in {1, 2}:
            elsewhere.append(seen)
        elif not isinstance(seen, str) and seen is not None:
            found.setdefault(*seen)
    folders = LogFolders(lambda folder: _beside(f"/proc/{pid}/root", folder))
    since_s = _started_s(pid)
    for log in [each for each in found.values() if isinstance(each, LogFile)]:
        for identity, other in _rotated_of(pid, log.name, folders, since_s):
            found.setdefault(identity, other)
    late = folders.absent(pid)
    if elsewhere:
        leads = " and ".join(dict.fromkeys(elsewhere))
        told = [*_carried(pid)]
        if told or found:
            return [*told, *found.values(), *late]
        return [
            Absent(
                f"the log of pid {pid}",
                AbsentKind.NOT_APPLICABLE,
                f"its standard output and error go to {leads}, and it writes no log file",
                "oakum investigate PATH    # of the file where its log is kept",
            )
        ]
    return [*found.values(), *late]


def _seen(pid: int, number: int) -> tuple[tuple[int, int], LogFile] | str | None:
    """(which file, the log); what it leads to where that is no file; None for what is no log."""
    path = f"/proc/{pid}/fd/{number}"
    try:
        told, leads = Path(path).stat(), os.readlink(path)  # noqa: PTH115  (a pipe:[…] is no path)
        flags = next(
            int(line.split()[1], 8)
            for line in Path(f"/proc/{pid}/fdinfo/{number}").read_text(encoding="ascii").splitlines()
            if line.startswith("flags:")
        )
    except (OSError, StopIteration, ValueError, IndexError):
        return None
    if not stat.S_ISREG(told.st_mode):
        return _kind(leads, told.st_mode) if number in {1, 2} else None
    known = whose(number, told.st_mode, flags, leads)
    if not known:
        return None
    log = LogFile(leads, f"fd:{pid}:{number}:{told.st_dev}:{told.st_ino}", known, told.st_size)
    return (told.st_dev, told.st_ino), log


def _rotated_of(pid: int, path: str, folders: LogFolders, since_s: float) -> Iterator[tuple[tuple[int, int], LogFile]]:
    """What was rotated away since then, as the process sees its files: which file, the log."""
    if path.endswith(DELETED) or not path.startswith("/"):
        return
    folder = os.path.dirname(path)  # noqa: PTH120  (as the process names it)
    for each in rotated_since(path, folders.files(folder), since_s):
        other = f"{folder.rstrip('/')}/{each.name}"
        key = f"root:{pid}:{each.device}:{each.inode}:{other}"
        yield (each.device, each.inode), LogFile(other, key, "rotated", each.size_bytes, previous=True)


def _beside(root: str, path: str) -> Iterator[Beside]:
    """The regular files of a folder; nothing where it may not be listed."""
    try:
        place = open_folder(root, path)
    except OSError:
        return
    try:
        with os.scandir(f"/proc/self/fd/{place}") as entries:
            for entry in islice(entries, MOST_NAMES):
                with suppress(OSError):
                    told = os.stat(entry.name, dir_fd=place, follow_symlinks=False)
                    if stat.S_ISREG(told.st_mode):
                        yield Beside(entry.name, told.st_dev, told.st_ino, told.st_size, told.st_mtime)
    except OSError:
        return
    finally:
        os.close(place)


def _started_s(pid: int) -> float:
    """UTC epoch seconds; now where it has ended."""
    try:
        told = parse_stat(Path(f"/proc/{pid}/stat").read_bytes())
    except OSError:
        told = None
    return time.time() if told is None else boot_s() + told.start_ticks / TICKS_PER_S


def _kind(leads: str, mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a pipe"
    if stat.S_ISSOCK(mode):
        return "a socket"
    return "a terminal" if leads.startswith(("/dev/pts/", "/dev/tty")) else leads


def _carried(pid: int) -> Iterator[LogFile]:
    """Who reads the other end keeps it: the node's container runtime, or the journal of its unit."""
    try:
        folder = ProcessFolder(pid)
        try:
            cgroups = folder.read("cgroup").decode("utf-8", "replace")
            told = parse_stat(folder.read("stat"))
        finally:
            folder.close()
    except OSError:
        return
    found = list(_of_container(cgroups))
    yield from found
    unit = unit_of(cgroups)
    if not found and unit and told and not _CONTAINER.search(cgroups) and shutil.which("journalctl"):
        started_s = boot_s() + told.start_ticks / TICKS_PER_S
        yield LogFile(f"journal of {unit.rpartition('/')[2]}", f"journal:{int(started_s)}:{unit}", "its unit's journal")


def unit_of(cgroups: str) -> str:
    """Its service; ``user@N.service/NAME`` for one of a user's own; "" where it is in none.

    The journal of user@N.service itself holds what all of the user's services say.
    """
    for line in cgroups.splitlines():
        path = line.split(":", 2)[-1].split("/")
        services = [part for part in path if part.endswith(".service")]
        of_user = next((at for at, name in enumerate(services) if name.startswith("user@")), None)
        if of_user is None and services:
            return services[0]
        if of_user is not None and services[of_user + 1 :]:
            return f"{services[of_user]}/{services[-1]}"
    return ""


def _of_container(cgroups: str) -> Iterator[LogFile]:
    where = next(
        (pod for line in cgroups.splitlines() if (pod := pod_cgroup(line.split(":", 2)[-1])) is not None), None
    )
    paths: list[Path] = []
    try:
        if where is not None:
            folders = Path(PODS).glob(f"*_{where.pod_uid}/*")
            current = [path for folder in folders for path in folder.glob("*.log")]
            paths = [path for path in current if not where.container_id or _belongs(path, where.container_id)]
        elif (container := _CONTAINER.search(cgroups)) is not None:
            paths = list(Path(DOCKER, container[0]).glob("*-json.log"))
    except OSError:
        return
    for path in sorted(paths):
        runs = sorted(path.parent.glob("*.log"), key=_run)
        before = [each for each in runs if _run(each) < _run(path)]
        for each in [*before[-1:], path]:
            size = _size(each)
            if size is not None:
                log = LogFile(str(each), f"file:{each}", "kept by the container runtime", size, each is not path)
                yield replace(log, printed=True)


def _belongs(path: Path, container: str) -> bool:
    """Whether the newest run of that container: the folder names it, links into the runtime's own folder may too."""
    runs = sorted(path.parent.glob("*.log"), key=_run)
    real = os.path.realpath(path)
    return container in real if _CONTAINER.search(real) else bool(runs) and runs[-1] == path


def _run(path: Path) -> int:
    return int(path.stem) if path.stem.isdigit() else -1


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def rotated(path: str) -> list[LogFile]:
    """Of a file: those beside it that a rotation left, packed ones too, the oldest first."""
    here = Path(path)
    found: list[tuple[float, LogFile]] = []
    try:
        names = [name for name in os.listdir(here.parent) if name.startswith(here.name) and name != here.name]
    except OSError:
        return []
    for name in names:
        if not is_rotated(name, here.name):
            continue
        other = str(here.parent / name)
        try:
            told = Path(other).stat()
        except OSError:
            continue
        if stat.S_ISREG(told.st_mode):
            found.append((told.st_mtime, LogFile(other, f"file:{other}", "rotated", told.st_size, previous=True)))
    return [log for _, log in sorted(found, key=lambda each: (each[0], each[1].name))][-MOST_ROTATED:]


def _refused(pid: int) -> Absent:
    return Absent(
        f"the log of pid {pid}",
        AbsentKind.NOT_PERMITTED,
        f"pid {pid} belongs to another user: {os.strerror(errno.EACCES)}",
        "run oakum as the user of the process, or as root (CAP_SYS_PTRACE)",
    )
