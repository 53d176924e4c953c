"""A process of this machine, and its memory at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProcessInfo:
    """What identifies a process. ``pid`` and ``start_ticks`` together are never reused while the machine is up.

    ``namespace_pid``: its pid as it sees itself. ``cgroup``: its memory cgroup's path, "/" at the root.
    ``executable``: what /proc/PID/exe points at, "" when that is not readable.
    """

    pid: int
    parent_pid: int
    start_ticks: int
    started_s: float
    uid: int
    name: str
    executable: str
    command: tuple[str, ...]
    cgroup: str
    threads: int
    state: str
    namespace_pid: int

    @property
    def title(self) -> str:
        """The command line on one line, or the kernel's name for it."""
        return " ".join(self.command) if self.command else f"[{self.name}]"


@dataclass(frozen=True, slots=True)
class ProcessMemory:
    """Bytes at ``at_s`` (UTC epoch). ``pss_bytes`` is None where it was not asked for: it is dear to read."""

    at_s: float
    anon_bytes: int
    rss_bytes: int
    file_bytes: int
    swap_bytes: int | None = None
    pss_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class CgroupLimit:
    """A limit that binds: the cgroup's own, or that of an ancestor."""

    path: str
    limit_bytes: int


@dataclass(frozen=True, slots=True)
class CgroupMemory:
    """A memory cgroup at ``at_s``. ``limits``: every finite limit from the cgroup up to the root, own first.

    ``kills``: OOM kills counted by the kernel, None where it does not count them.
    ``pressure_some_us``: PSI, total stall time in microseconds, None where there is no PSI.
    """

    at_s: float
    path: str
    version: int
    usage_bytes: int
    anon_bytes: int
    file_bytes: int
    working_set_bytes: int
    swap_bytes: int | None
    limits: tuple[CgroupLimit, ...]
    kills: int | None
    pressure_some_us: int | None

    @property
    def limit(self) -> CgroupLimit | None:
        """The tightest limit, its own before an ancestor's of the same size."""
        return min(self.limits, key=lambda limit: limit.limit_bytes, default=None)


@dataclass(frozen=True, slots=True)
class OomKill:
    """One kill as the kernel told it.

    ``constraint``: ``memcg``, ``none`` (the whole machine), ``cpuset`` or ``mempolicy``.
    ``limit_cgroup``: whose limit was hit (oom_memcg); ``task_cgroup``: where the victim lived; "" if not told.
    ``pid`` is the pid in the kernel's own namespace. ``line``: the kernel's words.
    """

    at_s: float
    constraint: str
    limit_cgroup: str
    task_cgroup: str
    victim: str
    pid: int
    uid: int | None
    anon_bytes: int
    line: str


@dataclass(frozen=True, slots=True)
class Region:
    """One mapping of a process, ``[start, end)``.

    ``path``: "" for anonymous memory, ``[heap]``, ``[stack]`` or a file.
    """

    start: int
    end: int
    readable: bool
    writable: bool
    executable: bool
    private: bool
    offset: int
    inode: int
    path: str

    @property
    def size_bytes(self) -> int:
        return self.end - self.start
