"""Restart and stop: by the supervisor where there is one, else by a handover that outlives Oakum."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.act.control import running_pid, tell
from oakum.act.tools import Data, Done, Tools
from oakum.model.absent import Absent
from oakum.model.action import Restart, Stop
from oakum.model.errors import RefusedError, TargetError
from oakum.model.hands import Handover
from oakum.model.launch import Started
from oakum.model.process import ProcessInfo
from oakum.model.supervisor import SupervisorKind

HANDOVER_S = 600.0
"""A handover waits for the end of what it asked to end for so long after the grace time, in seconds."""

COMES_WITHIN_S = 15.0
"""A start must show by then, in seconds."""

LIVES_S = 1.0
"""What was started and ended within so many seconds did not start, in seconds."""

SUPERVISED = frozenset({SupervisorKind.SYSTEMD, SupervisorKind.SUPERVISORD})


class _Ending:
    """What restart and stop share: how the target is asked to end."""

    def __init__(self, action: Restart | Stop, tools: Tools) -> None:
        self._by, self._tools = action.by, tools
        self._handovers = tools.hands.handovers
        self._sightings = tools.hands.sightings

    @property
    def _supervised(self) -> bool:
        return self._by.kind in SUPERVISED

    def _runs(self) -> bool:
        return self._sightings.runs(self._tools.seen.pid, self._tools.seen.start_ticks)

    def _mark(self, data: Data) -> str:
        return f"{self._tools.mark}-{data['attempt']}"

    def before(self, earlier: Data | None) -> Data:
        if self._supervised:
            return dict(earlier or {})
        if earlier is not None and not self._runs():
            return self._again(earlier)
        self._check_sane()
        if self._by.kind is not SupervisorKind.MASTER:
            launch = self._handovers.launch_of(self._tools.seen.pid)
            if isinstance(launch, Absent):
                raise RefusedError(f"{launch.what} cannot be told", why=launch.why, next_step=launch.get)
            self._handovers.keep(self._tools.mark, launch)
        family = [list(member) for member in self._sightings.family(self._tools.seen.pid)]
        attempt = 1 if earlier is None else earlier["attempt"]
        return {"attempt": attempt, "family": family, "began_at_s": self._tools.clock.now_s()}

    def _again(self, earlier: Data) -> Data:
        """What was started before has failed: another start wants a mark of its own."""
        attempt = earlier["attempt"]
        assert isinstance(attempt, int)
        failed = self._handovers.started(self._mark(earlier)) is not None
        return {**earlier, "attempt": attempt + failed}

    def _check_sane(self) -> None:
        manner = self._sightings.manner(self._tools.seen.pid)
        if manner.ends_on_term == "ignored" and not self._tools.may_kill:
            raise RefusedError(
                f"pid {self._tools.seen.pid} ignores SIGTERM",
                why="only a kill would end it, and that needs an approval of its own",
                next_step="oakum apply PLAN --kill",
            )

    def _hand_over(self, data: Data, *, start: bool) -> None:
        grace_s = self._tools.policy.stop_grace_s
        launch = self._handovers.kept(self._tools.mark) if start else None
        if start and launch is None:
            raise TargetError(
                "how it was started is no longer on record here",
                why="the file that held it is gone",
                next_step="start it the way it was started before",
            )
        self._handovers.begin(
            Handover(
                mark=self._mark(data),
                family=_family(data),
                ask=True,
                wait_s=grace_s + HANDOVER_S,
                kill_after_s=grace_s if self._tools.may_kill else None,
                launch=launch,
            )
        )

    def _await_end(self) -> None:
        grace_s = self._tools.policy.stop_grace_s
        if not self._tools.ended_within(grace_s + (5.0 if self._tools.may_kill else 0.0)):
            raise TargetError(
                f"pid {self._tools.seen.pid} has not ended within {grace_s:.0f} s of being asked",
                why="it may still be serving what it has begun; it is never killed without an approval of its own",
                next_step="oakum apply PLAN    # waits on; with --kill it is killed",
            )


class RestartDeed(_Ending):
    """Nothing is started twice, and what was asked to end is not asked twice."""

    def do(self, data: Data) -> Done:
        if self._supervised:
            return self._by_supervisor(data)
        if self._by.kind is SupervisorKind.MASTER:
            return self._by_master(data)
        if self._handovers.started(self._mark(data)) is None:
            self._hand_over(data, start=True)
            self._await_end()
        started = self._await_start(self._mark(data))
        self._handovers.forget(self._tools.mark)
        return self._done(started.pid, {**data, "after": [started.pid, started.start_ticks]})

    def undo(self, data: Data) -> str:
        del self, data
        return "a restart is not taken back: the old process is gone"

    def _done(self, pid: int, data: Data) -> Done:
        return Done(f"pid {self._tools.seen.pid} ended, pid {pid} runs in its place", data)

    def _await_start(self, mark: str) -> Started:
        tools = self._tools
        end_s = tools.clock.monotonic_s() + COMES_WITHIN_S
        while (started := self._handovers.started(mark)) is None:
            if tools.clock.monotonic_s() >= end_s:
                raise TargetError("it ended, and nothing was started", next_step="oakum apply PLAN    # tries again")
            tools.pause(0.05)
        if not started.failure:
            tools.pause(LIVES_S)
            # A start that fails says so in the same file, right after it was claimed.
            started = self._handovers.started(mark) or started
        if started.failure or not self._sightings.runs(started.pid, started.start_ticks):
            raise TargetError(
                "the old process ended, and the new one does not run",
                why=started.failure or f"pid {started.pid} ended within {LIVES_S:.0f} s of its start",
                next_step="oakum apply PLAN    # tries again; or start it the way it was started",
            )
        return started

    def _by_supervisor(self, data: Data) -> Done:
        programs = self._tools.hands.programs
        if self._runs():
            tell(self._by, "restart", programs)
            self._await_end()
        if not (pid := self._supervised_pid()):
            # Cut off between its stop and its start, or not yet up.
            tell(self._by, "start", programs)
            pid = self._supervised_pid()
        if not pid:
            raise TargetError(
                f"{self._by} does not run it",
                why="it ended, and no new one stays up",
                next_step="oakum apply PLAN    # tries again",
            )
        return self._done(pid, {**data, "after": [pid, self._tools.processes.info(pid).start_ticks]})

    def _supervised_pid(self) -> int:
        """Of the new process, once it has lived a while; 0: there is none."""
        tools = self._tools
        tools.pause(LIVES_S)
        return running_pid(self._by, tools.hands.programs)

    def _by_master(self, data: Data) -> Done:
        tools = self._tools
        if self._runs():
            self._hand_over(data, start=False)
            self._await_end()
        end_s = tools.clock.monotonic_s() + COMES_WITHIN_S
        while (found := self._newcomer(data)) is None:
            if tools.clock.monotonic_s() >= end_s:
                raise TargetError(
                    f"pid {self._by.pid} put nobody in its place",
                    why=f"no new worker of it within {COMES_WITHIN_S:.0f} s",
                    next_step=f"oakum plan pid/{self._by.pid} --restart",
                )
            tools.pause(0.1)
        return self._done(found.pid, {**data, "after": [found.pid, found.start_ticks]})

    def _newcomer(self, data: Data) -> ProcessInfo | None:
        """A worker of the same master and command that is younger than the restart's begin."""
        began_s = data["began_at_s"]
        assert isinstance(began_s, float)
        seen = self._tools.seen
        found = [
            info
            for info in self._tools.processes.list()
            if info.parent_pid == self._by.pid and info.command == seen.command and info.started_s >= began_s - 0.5
        ]
        return min(found, key=lambda info: info.started_s, default=None)


class StopDeed(_Ending):
    """Undo starts it again as it was."""

    def do(self, data: Data) -> Done:
        if self._runs():
            if self._supervised:
                tell(self._by, "stop", self._tools.hands.programs)
            else:
                self._hand_over(data, start=False)
            self._await_end()
        return Done(f"pid {self._tools.seen.pid} ended", data)

    def undo(self, data: Data) -> str:
        if self._runs():
            return f"pid {self._tools.seen.pid} runs still: there is nothing to take back"
        if self._supervised:
            if not running_pid(self._by, self._tools.hands.programs):
                tell(self._by, "start", self._tools.hands.programs)
            return f"{self._by} runs it again as pid {running_pid(self._by, self._tools.hands.programs)}"
        started = self._handovers.started(self._undo_mark)
        if started is None:
            self._check_nobody_else()
            launch = self._handovers.kept(self._tools.mark)
            if launch is None:
                raise TargetError(
                    "how it was started is no longer on record here",
                    next_step="start it the way it was started before",
                )
            self._handovers.begin(
                Handover(mark=self._undo_mark, family=_family(data), ask=False, wait_s=COMES_WITHIN_S, launch=launch)
            )
        found = RestartDeed(Restart(self._by), self._tools)._await_start(self._undo_mark)  # noqa: SLF001
        self._handovers.forget(self._tools.mark)
        return f"it runs again as pid {found.pid}"

    @property
    def _undo_mark(self) -> str:
        return f"{self._tools.mark}-undo"

    def _check_nobody_else(self) -> None:
        """Somebody may have started it by hand meanwhile."""
        seen = self._tools.seen
        for info in self._tools.processes.list():
            if (info.command, info.uid, info.cgroup) == (seen.command, seen.uid, seen.cgroup):
                raise RefusedError(
                    f"it runs already, as pid {info.pid}",
                    why="somebody started it meanwhile",
                    next_step="oakum scan host",
                )


def _family(data: Data) -> Sequence[tuple[int, int]]:
    family = data["family"]
    assert isinstance(family, Sequence)
    return tuple((pid, ticks) for pid, ticks in family)
