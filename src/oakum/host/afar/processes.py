"""The processes of one container, through the agent in it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from oakum.host.afar.agent import Agent, gone
from oakum.host.afar.folder import AfarFolder, absent, information, lost, membership, translated
from oakum.host.procfs import no_mappings
from oakum.host.smaps import SMAPS_BYTES, parse_smaps
from oakum.host.stat import parse_kib_table, parse_statm
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError, TargetError
from oakum.model.layout import Mapping
from oakum.model.process import ProcessInfo, ProcessMemory
from oakum.model.surroundings import Connection

ENVIRONMENT_BYTES: Final = 1 << 21
STATUS_BYTES: Final = 1 << 16


class AfarProcesses:
    """Port Processes: all that the container sees, without the agent; from its node, its own alone. Those that are the
    container's own have ``group`` as their cgroup, whatever the kernel calls it there.
    """

    def __init__(self, agent: Agent, container_id: str, *, inside: bool, on_node: bool = False) -> None:
        """``inside``: the agent runs in the very container; else in another one, that sees its processes.

        ``on_node``: it sees all processes of the node.
        """
        self._agent, self._container_id, self._inside = agent, container_id, inside
        self._which = ("within", container_id) if on_node else ("pids",)
        self.group = f"/{container_id}"
        with AfarFolder.opened(agent, agent.greeting.pid) as own:
            self._own = membership(own.read("cgroup", STATUS_BYTES))

    def pids(self) -> list[int]:
        try:
            told = self._agent.ask(*self._which).split()
        except OSError as exc:
            raise translated(0, exc) from exc
        return sorted({int(each) for each in told} - {self._agent.greeting.pid})

    def list(self) -> list[ProcessInfo]:
        held = AfarFolder.each(self._agent, self.pids())
        try:
            return [self._placed(info) for info in information(self._agent, held) if info is not None]
        finally:
            self._agent.drop([folder.number for folder in held])

    def info(self, pid: int) -> ProcessInfo:
        with AfarFolder.opened(self._agent, pid) as folder:
            return self._info(folder)

    def open(self, pid: int) -> AfarGauge:
        folder = AfarFolder.opened(self._agent, pid)
        try:
            return AfarGauge(folder, self._info(folder), self._placed)
        except TargetError:
            folder.close()
            raise

    def environment(self, pid: int) -> dict[str, str] | Absent:
        try:
            with AfarFolder(self._agent, pid) as folder:
                raw = folder.read("environ", ENVIRONMENT_BYTES)
        except OSError as exc:
            return absent(f"the environment of pid {pid}", pid, exc)
        except OakumError as exc:
            return lost(f"the environment of pid {pid}", exc)
        pairs = (os.fsdecode(pair).partition("=") for pair in raw.split(b"\0"))
        return {name: value for name, equals, value in pairs if name and equals}

    def read_file(self, pid: int, path: str, max_bytes: int) -> bytes | Absent:
        try:
            with AfarFolder(self._agent, pid) as folder:
                return self._agent.ask("file", folder.number, path, max_bytes)
        except OSError as exc:
            return absent(f"{path} of pid {pid}", pid, exc)
        except OakumError as exc:
            return lost(f"{path} of pid {pid}", exc)

    def mappings(self, pid: int) -> Sequence[Mapping] | Absent:
        what = f"the mappings of pid {pid}"
        try:
            with AfarFolder(self._agent, pid) as folder:
                raw = folder.read("smaps", SMAPS_BYTES)
        except OSError as exc:
            return absent(what, pid, exc)
        except OakumError as exc:
            return lost(what, exc)
        return parse_smaps(raw) or no_mappings(what)

    def connections(self, pid: int) -> Sequence[Connection] | Absent:
        what, why = f"the connections of pid {pid}", "they are not read from afar"
        return Absent(what, AbsentKind.NOT_APPLICABLE, why, "the same command on its node")

    def members(self) -> Sequence[int]:
        """The container's own."""
        return [info.pid for info in self.list() if info.cgroup == self.group]

    def _info(self, folder: AfarFolder) -> ProcessInfo:
        (info,) = information(self._agent, [folder])
        if info is None:
            raise gone(folder.pid)
        return self._placed(info)

    def _placed(self, info: ProcessInfo) -> ProcessInfo:
        """By the container's id in its cgroup's name; or by the agent's own, where that is the same."""
        below = info.cgroup == self._own or info.cgroup.startswith(f"{self._own.rstrip('/')}/")
        if self._container_id in info.cgroup or (self._inside and below and not info.cgroup.startswith("/..")):
            return replace(info, cgroup=self.group)
        return info


class AfarGauge:
    """Port ProcessGauge: one question for each sample. Its time is that of this machine's clock.

    An agent that is lost can tell no more of it than of a process that has ended.
    """

    def __init__(self, folder: AfarFolder, info: ProcessInfo, placed: Callable[[ProcessInfo], ProcessInfo]) -> None:
        """Takes over ``folder``."""
        self._folder, self._info, self._placed = folder, info, placed
        self._closed = False

    @property
    def info(self) -> ProcessInfo:
        """Read anew: exec changes name and command. The last known once the process has ended, or the agent."""
        if not self._closed:
            try:
                (info,) = information(self._folder.agent, [self._folder])
            except OakumError:
                return self._info
            self._info = self._info if info is None else self._placed(info)
        return self._info

    def sample(self) -> ProcessMemory | None:
        raw = self._read("statm", 128)
        statm = None if raw is None else parse_statm(raw)
        return (
            None if statm is None else ProcessMemory(time.time(), statm.anon_bytes, statm.rss_bytes, statm.file_bytes)
        )

    def sample_in_full(self) -> ProcessMemory | None:
        memory = self.sample()
        if memory is None:
            return None
        full, status = (parse_kib_table(self._read(name, STATUS_BYTES) or b"") for name in ("smaps_rollup", "status"))
        return replace(memory, swap_bytes=full.get("Swap", status.get("VmSwap")), pss_bytes=full.get("Pss"))

    def _read(self, name: str, max_bytes: int) -> bytes | None:
        try:
            return None if self._closed else self._folder.read(name, max_bytes)
        except (OSError, OakumError):
            return None

    def close(self) -> None:
        self._closed = True
        self._folder.close()
