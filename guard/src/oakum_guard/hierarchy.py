"""Where the memory cgroups are mounted, and which folder shows a given cgroup.

Sources: proc_pid_mountinfo(5), cgroups(7), cgroup_namespaces(7).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from oakum_guard.files import read_lines, read_text, under

_OCTAL = re.compile(r"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """``folder`` shows the cgroup ``root`` and what lies below it. In a container that is often only a subtree."""

    folder: str
    root: str

    def locate(self, path: str) -> str | None:
        """The folder of cgroup ``path``; None when this mount does not show it.

        Both texts are relative to the reader's cgroup namespace, so they are compared as text: ``/..`` stands for
        something above the namespace, and normalising it away would take the whole machine for the container.
        """
        below = _below(self.root, path)
        if below is None or ".." in below.split("/"):
            return None
        return f"{self.folder}/{below}" if below else self.folder

    def upwards(self, path: str) -> Iterator[tuple[str, str]]:
        """(cgroup, folder) of ``path`` and of every ancestor that can be seen, ``path`` first."""
        folder = self.locate(path)
        while folder is not None:
            yield path, folder
            if path == self.root:
                return
            path = path.rpartition("/")[0] or "/"
            folder = self.locate(path)


@dataclass(frozen=True)
class Hierarchy:
    """``version``: of the hierarchy that accounts memory: 1, 2, or 0 where none is mounted.

    ``unified``: v2 mounts; on a hybrid machine they stand beside v1's memory and hold only the pressure figures.
    """

    version: int
    mounts: tuple[Mount, ...]
    unified: tuple[Mount, ...]

    @property
    def kind(self) -> str:
        """``v1``, ``v2``, ``hybrid`` (memory on v1, a v2 tree beside it) or ``none``."""
        if self.version == 1 and self.unified:
            return "hybrid"
        return f"v{self.version}" if self.version else "none"

    def mount_of(self, path: str) -> Mount | None:
        """The first mount that shows ``path``."""
        return next((mount for mount in self.mounts if mount.locate(path) is not None), None)


def find_hierarchy(root: str = "/") -> Hierarchy:
    """From the mounts that this process sees."""
    v1: list[Mount] = []
    unified: list[Mount] = []
    for line in read_lines(under(root, "proc/self/mountinfo")):
        before, separator, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if not separator or len(fields) < 5 or len(kind) < 3:
            continue
        mount = Mount(under(root, _plain(fields[4])), _plain(fields[3]))
        if kind[0] == "cgroup" and "memory" in kind[2].split(","):
            v1.append(mount)
        elif kind[0] == "cgroup2":
            unified.append(mount)
    mounts = v1 or unified
    return Hierarchy(1 if v1 else 2 if unified else 0, tuple(mounts), tuple(unified))


@dataclass(frozen=True)
class Membership:
    """The cgroups of one process; None where it has none in that hierarchy."""

    v1_memory: str | None
    unified: str | None

    def memory(self, version: int) -> str | None:
        return self.v1_memory if version == 1 else self.unified if version == 2 else None


def read_membership(pid: int | str = "self", root: str = "/") -> Membership:
    """What /proc/PID/cgroup says."""
    return parse_membership(read_text(under(root, f"proc/{pid}/cgroup")) or "")


def parse_membership(text: str) -> Membership:
    """``hierarchy:controllers:path`` lines; the path may hold anything but a line end, colons too."""
    v1_memory = unified = None
    for line in text.split("\n"):
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            unified = path
        elif "memory" in controllers.split(","):
            v1_memory = path
    return Membership(v1_memory, unified)


def _below(root: str, path: str) -> str | None:
    if root in {path, "/"}:
        return "" if root == path else path.lstrip("/")
    return path[len(root) + 1 :] if path.startswith(f"{root}/") else None


def _plain(field: str) -> str:
    """Blanks, tabs, line ends and backslashes stand in mountinfo as octal escapes."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), field)
