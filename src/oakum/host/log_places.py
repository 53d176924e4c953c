"""Where a process writes its log, and what was rotated away from beside a file."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from oakum.host.gauge import ProcessFolder, boot_s
from oakum.host.stat import TICKS_PER_S, parse_stat
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import TargetError
from oakum.model.log import LogFile
from oakum.model.pod_cgroup import pod_cgroup

MOST_ROTATED: Final = 9
MOST_OPEN: Final = 4096
"""Of a process with more open files the first so many are looked at."""

PODS: Final = "/var/log/pods"
DOCKER: Final = "/var/lib/docker/containers"

_LOG_NAME: Final = re.compile(r"\.(?:log|out|err)(?:\.\d+)?$|/logs?/|/log$|(?:^|[/_-])log[._-]", re.IGNORECASE)
_ROTATED: Final = re.compile(r"(?:\.\d{1,4}|-\d{8}(?:-?\d{1,6})?)(?:\.gz|\.zst)?$")
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
    if elsewhere:
        leads = " and ".join(dict.fromkeys(elsewhere))
        told = [*_carried(pid)]
        if told or found:
            return [*told, *found.values()]
        return [
            Absent(
                f"the log of pid {pid}",
                AbsentKind.NOT_APPLICABLE,
                f"its standard output and error go to {leads}, and it writes no log file",
                "oakum investigate PATH    # of the file where its log is kept",
            )
        ]
    return list(found.values())


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
    standard = {1: "its standard output", 2: "its standard error"}.get(number)
    if not stat.S_ISREG(told.st_mode):
        return _kind(leads, told.st_mode) if standard else None
    if not flags & os.O_ACCMODE or not (standard or _LOG_NAME.search(leads.removesuffix(" (deleted)"))):
        return None
    log = LogFile(
        leads, f"fd:{pid}:{number}:{told.st_dev}:{told.st_ino}", standard or "a file that it writes", told.st_size
    )
    return (told.st_dev, told.st_ino), log


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
                yield LogFile(str(each), f"file:{each}", "kept by the container runtime", size, each is not path)


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
        if not _ROTATED.fullmatch(name[len(here.name) :]):
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
