"""Memory, limits and pressure of a cgroup, on v1, v2, hybrid and none.

Figures are the kernel's own, in bytes, children included. Sources: the kernel's admin-guide, cgroup-v1/memory and
cgroup-v2; accounting/psi.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from oakum_guard.files import number, read_limit, read_lines, read_number, read_table, read_text, under
from oakum_guard.hierarchy import Hierarchy, Mount, find_hierarchy, read_membership


@dataclass(frozen=True)
class Limit:
    """A finite limit. ``path`` is "" for an ancestor that binds but cannot be seen from here."""

    path: str
    limit_bytes: int


@dataclass(frozen=True)
class Pressure:
    """PSI: the share of the last 10 s (percent) and the total time (microseconds) that tasks waited for memory.

    ``some``: at least one task waited; ``full``: all of them did.
    """

    some_avg10: float
    some_total_us: int
    full_avg10: float | None
    full_total_us: int | None


@dataclass(frozen=True)
class Memory:
    """One cgroup. None is a figure that this kernel, or this container, does not show.

    ``version``: 1, 2, or 0 where no memory cgroup is mounted; ``kind``: ``v1 v2 hybrid none``.
    ``file_bytes``: page cache, tmpfs included; ``shmem_bytes``: the tmpfs part, which cannot be reclaimed.
    ``working_set_bytes``: usage without the inactive page cache, as kubelet counts it.
    ``limits``: every finite limit, own first, then ancestors upwards.
    ``kills``: OOM kills since the cgroup was made. ``group_kill``: the kernel kills all of it at once.
    """

    version: int
    kind: str
    path: str
    usage_bytes: int | None = None
    anon_bytes: int | None = None
    file_bytes: int | None = None
    shmem_bytes: int | None = None
    working_set_bytes: int | None = None
    swap_bytes: int | None = None
    limits: tuple[Limit, ...] = ()
    kills: int | None = None
    group_kill: bool | None = None
    pressure: Pressure | None = None
    machine_bytes: int | None = None

    @property
    def limit(self) -> Limit | None:
        """The tightest."""
        return min(self.limits, key=lambda limit: limit.limit_bytes, default=None)


def read_memory(pid: int | str = "self", root: str = "/") -> Memory:
    """The cgroup that a process lives in. ``root``: where ``proc`` and ``sys`` are found."""
    hierarchy = find_hierarchy(root)
    membership = read_membership(pid, root)
    path = membership.memory(hierarchy.version)
    unified = membership.unified if hierarchy.kind == "hybrid" else None
    return _read(hierarchy, path, unified, root)


def read_cgroup(path: str, root: str = "/", hierarchy: Hierarchy | None = None) -> Memory:
    """A cgroup by its path, as /proc/PID/cgroup writes it."""
    return _read(hierarchy or find_hierarchy(root), path, None, root)


def _read(hierarchy: Hierarchy, path: str | None, unified: str | None, root: str) -> Memory:
    machine_bytes = read_machine_bytes(root)
    mount = None if path is None else hierarchy.mount_of(path)
    folder = None if mount is None or path is None else mount.locate(path)
    if mount is None or path is None or folder is None:
        return Memory(hierarchy.version, hierarchy.kind, path or "", machine_bytes=machine_bytes)
    if hierarchy.version == 2:
        return _read_v2(hierarchy, mount, path, machine_bytes)
    return _read_v1(hierarchy, mount, path, (machine_bytes, _hybrid_pressure(hierarchy, unified)))


def _read_v1(hierarchy: Hierarchy, mount: Mount, path: str, beside: tuple[int | None, Pressure | None]) -> Memory:
    folder = mount.locate(path) or mount.folder
    stat = read_table(f"{folder}/memory.stat")
    usage = read_number(f"{folder}/memory.usage_in_bytes")
    machine_bytes, pressure = beside
    return Memory(
        hierarchy.version,
        hierarchy.kind,
        path,
        usage_bytes=usage,
        anon_bytes=_total(stat, "rss"),
        file_bytes=_total(stat, "cache"),
        shmem_bytes=_total(stat, "shmem"),
        working_set_bytes=_working_set(usage, _total(stat, "inactive_file")),
        swap_bytes=_total(stat, "swap"),
        limits=tuple(_v1_limits(mount, path, stat.get("hierarchical_memory_limit"))),
        kills=_v1_kills(folder),
        # v1 has no group kill.
        group_kill=False if usage is not None else None,
        pressure=pressure,
        machine_bytes=machine_bytes,
    )


def _read_v2(hierarchy: Hierarchy, mount: Mount, path: str, machine_bytes: int | None) -> Memory:
    folder = mount.locate(path) or mount.folder
    stat = read_table(f"{folder}/memory.stat")
    usage = read_number(f"{folder}/memory.current")
    group = read_number(f"{folder}/memory.oom.group")
    own = ((name, read_limit(f"{at}/memory.max")) for name, at in mount.upwards(path))
    return Memory(
        hierarchy.version,
        hierarchy.kind,
        path,
        usage_bytes=usage,
        anon_bytes=stat.get("anon"),
        file_bytes=stat.get("file"),
        shmem_bytes=stat.get("shmem"),
        working_set_bytes=_working_set(usage, stat.get("inactive_file")),
        swap_bytes=read_number(f"{folder}/memory.swap.current"),
        limits=tuple(Limit(name, limit) for name, limit in own if limit is not None),
        kills=read_table(f"{folder}/memory.events").get("oom_kill"),
        group_kill=None if group is None else group == 1,
        pressure=read_pressure(f"{folder}/memory.pressure"),
        machine_bytes=machine_bytes,
    )


def _total(stat: dict[str, int], name: str) -> int | None:
    """v1 counts a cgroup alone (``rss``) and with all below it (``total_rss``); usage always has all below it."""
    return stat.get(f"total_{name}", stat.get(name))


def _working_set(usage: int | None, inactive_file: int | None) -> int | None:
    if usage is None or inactive_file is None:
        return None
    # The two are read a moment apart, and v1's usage is rounded.
    return max(0, usage - inactive_file)


def _v1_limits(mount: Mount, path: str, binding: int | None) -> Iterator[Limit]:
    """``binding`` is the kernel's own minimum over the ancestors that bind.

    A smaller limit of an ancestor does not bind (``use_hierarchy`` off); a smaller ``binding`` than all that can be
    seen is the limit of an ancestor outside this container.
    """
    seen = []
    for name, folder in mount.upwards(path):
        limit = read_limit(f"{folder}/memory.limit_in_bytes")
        if limit is not None and (binding is None or limit >= binding):
            seen.append(limit)
            yield Limit(name, limit)
    machine_wide = binding is None or binding >= (1 << 60)
    if not machine_wide and binding is not None and binding not in seen:
        yield Limit("", binding)


def _v1_kills(folder: str) -> int | None:
    """v1 counts a kill in the victim's cgroup only; v2 counts it in every ancestor too. So the sum, as v2 would."""
    own = read_table(f"{folder}/memory.oom_control").get("oom_kill")
    if own is None:
        return None
    return own + sum(_v1_kills(child) or 0 for child in child_folders(folder))


def child_folders(folder: str) -> list[str]:
    """The cgroups right below; none when it went away."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _hybrid_pressure(hierarchy: Hierarchy, unified: str | None) -> Pressure | None:
    for mount in hierarchy.unified:
        folder = None if unified is None else mount.locate(unified)
        # The root has no cgroup.events; its pressure is that of the whole machine, not of this cgroup.
        if folder is not None and read_text(f"{folder}/cgroup.events") is not None:
            return read_pressure(f"{folder}/memory.pressure")
    return None


def read_pressure(path: str) -> Pressure | None:
    """A PSI file; None where PSI is not built in or switched off."""
    some = full = None
    for line in read_lines(path):
        kind, _, pairs = line.partition(" ")
        values = dict(pair.partition("=")[::2] for pair in pairs.split())
        avg10, total = _share(values.get("avg10", "")), number(values.get("total", ""))
        if avg10 is None or total is None:
            continue
        if kind == "some":
            some = (avg10, total)
        elif kind == "full":
            full = (avg10, total)
    if some is None:
        return None
    return Pressure(some[0], some[1], *(full or (None, None)))


def _share(text: str) -> float | None:
    whole, _, part = text.partition(".")
    return float(text) if number(whole) is not None and (not part or number(part) is not None) else None


def read_machine_bytes(root: str = "/") -> int | None:
    """MemTotal, in bytes."""
    for line in read_lines(under(root, "proc/meminfo")):
        name, _, rest = line.partition(":")
        if name == "MemTotal":
            kib = number(rest.split()[0]) if rest.split() else None
            return None if kib is None else kib * 1024
    return None
