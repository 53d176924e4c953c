"""Set the memory limit of a cgroup; undo puts back what stood there."""

from __future__ import annotations

from collections.abc import Mapping

from oakum.act.control import control
from oakum.act.limits import least_bytes, limit_of, near, writes_back, writes_for
from oakum.act.tools import Data, Done, Tools
from oakum.model.absent import Absent
from oakum.model.action import SetLimit
from oakum.model.errors import MachineError, RefusedError, TargetError
from oakum.model.hands import LimitFiles
from oakum.model.supervisor import SupervisorKind
from oakum.model.units import format_size

ANSWERS_WITHIN_S = 30.0


class LimitDeed:
    """By systemd where the cgroup is a unit's own (it would put its own value back); else in the cgroup's files."""

    def __init__(self, action: SetLimit, tools: Tools) -> None:
        self._action, self._tools = action, tools

    def before(self, earlier: Data | None) -> Data:
        del earlier
        files = self._files()
        self._check_room(self._action.limit_bytes)
        return {"inode": files.inode, "version": files.version, "limits": dict(files.limits)}

    def do(self, data: Data) -> Done:
        files, before = self._files(), _limits(data)
        self._check_inode(files, data)
        if not near(limit_of(files), self._action.limit_bytes):
            # Cut off half way, one of two files has its new value: that is allowed, anything else is another's hand.
            changed = [name for name, limit in before.items() if files.limits.get(name) != limit]
            wanted = dict(writes_for(LimitFiles(files.path, files.inode, files.version, before), self._wanted))
            if any(not near(files.limits.get(name), wanted.get(name)) for name in changed):
                raise RefusedError(
                    f"the limits of {files.path} were changed meanwhile",
                    why=f"{_told(before)} then, {_told(files.limits)} now",
                    next_step="oakum plan    # makes a new one",
                )
            self._check_room(self._action.limit_bytes)
        self._set(files, tuple(writes_for(LimitFiles(files.path, files.inode, files.version, before), self._wanted)))
        now = limit_of(self._files())
        if not near(now, self._wanted):
            raise TargetError(
                f"the kernel set the limit of {files.path} to {_size(now)}",
                why=f"{_size(self._wanted)} was asked for",
                next_step="oakum undo",
            )
        return Done(f"the limit of {files.path} is {_size(now)}, it was {_size(self._action.before_bytes)}", data)

    def undo(self, data: Data) -> str:
        files, before = self._files(), _limits(data)
        self._check_inode(files, data)
        old = limit_of(LimitFiles(files.path, files.inode, files.version, before))
        now = limit_of(files)
        if not near(now, self._wanted) and not near(now, old):
            raise RefusedError(
                f"the limit of {files.path} is no longer what Oakum set",
                why=f"it is {_size(now)}, Oakum set {_size(self._wanted)}: somebody else's is not undone",
                next_step="oakum scan host",
            )
        if old is not None and (now is None or old < now):
            self._check_room(old)
        self._set(files, writes_back(files, dict(before)))
        return f"the limit of {files.path} is {_size(old)} again"

    @property
    def _wanted(self) -> int:
        return self._action.limit_bytes

    def _files(self) -> LimitFiles:
        found = self._tools.hands.limits.read(self._action.cgroup)
        if isinstance(found, Absent):
            raise TargetError(found.what, why=found.why, next_step=found.get or "oakum scan host")
        return found

    def _check_inode(self, files: LimitFiles, data: Data) -> None:
        if files.inode != data["inode"]:
            raise RefusedError(
                f"cgroup {files.path} was removed and made again",
                why="it is another one than the plan was made for",
                next_step="oakum plan    # makes a new one",
            )

    def _check_room(self, limit_bytes: int) -> None:
        memory = self._tools.cgroups.memory(self._action.cgroup)
        if isinstance(memory, Absent):
            raise TargetError(memory.what, why=memory.why, next_step=memory.get or "oakum scan host")
        least = least_bytes(memory, self._tools.policy)
        if limit_bytes < least:
            raise RefusedError(
                f"a limit of {_size(limit_bytes)} would kill it now",
                why=f"{_size(memory.working_set_bytes)} are in use, and a margin belongs to it",
                next_step="oakum plan    # with a higher --limit",
            )

    def _set(self, files: LimitFiles, writes: tuple[tuple[str, int | None], ...]) -> None:
        by = self._action.by
        if by.kind is SupervisorKind.SYSTEMD and not by.left_alone and files.path.endswith(f"/{by.name}"):
            limit = next(limit for name, limit in writes if name in {"memory.max", "memory.limit_in_bytes"})
            name = "MemoryMax" if files.version == 2 else "MemoryLimit"
            value = "infinity" if limit is None else str(limit)
            command = [*control(by), "set-property", "--runtime", by.name, f"{name}={value}"]
            ran = self._tools.hands.programs.run(command, within_s=ANSWERS_WITHIN_S)
            if isinstance(ran, Absent) or ran.code:
                why = ran.why if isinstance(ran, Absent) else ran.err.strip()[-200:]
                raise MachineError(f"systemd did not set the limit of {by.name}", why=why, next_step=" ".join(command))
            return
        self._tools.hands.limits.write(files.path, files.inode, writes)


def _limits(data: Data) -> Mapping[str, int | None]:
    limits = data["limits"]
    assert isinstance(limits, Mapping)
    return limits


def _size(limit: int | None) -> str:
    return "none" if limit is None else format_size(limit)


def _told(limits: Mapping[str, int | None]) -> str:
    return ", ".join(f"{name} {_size(limit)}" for name, limit in sorted(limits.items()))
