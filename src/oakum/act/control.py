"""Speaking to supervisors: which process they run under a name, and how they are told to start and stop it."""

from __future__ import annotations

import re
from dataclasses import replace

from oakum.model.absent import Absent
from oakum.model.errors import MachineError, TargetError
from oakum.model.hands import Programs, Ran
from oakum.model.supervisor import Supervisor, SupervisorKind

ANSWERS_WITHIN_S = 120.0
"""A supervisor waits for its program to end, by default some ten seconds, systemd up to 90."""

_RUNNING = re.compile(r"^(\S+)\s+\S+\s+pid (\d+),", re.MULTILINE)
"""One line of ``supervisorctl status``."""


def control(supervisor: Supervisor) -> list[str]:
    """The beginning of every command to it."""
    if supervisor.kind is SupervisorKind.SYSTEMD:
        # A password would be asked for of nobody: what is not permitted is told.
        return ["systemctl", "--no-ask-password"]
    return [supervisor.control or "supervisorctl", *(["-c", supervisor.config] if supervisor.config else [])]


def named(supervisor: Supervisor, programs: Programs) -> Supervisor:
    """With the name that supervisord knows it by; left alone where that cannot be asked."""
    if supervisor.kind is not SupervisorKind.SUPERVISORD or supervisor.name:
        return supervisor
    command = [*control(supervisor), "status"]
    ran = programs.run(command, within_s=ANSWERS_WITHIN_S)
    if isinstance(ran, Ran):
        name = next((name for name, pid in _RUNNING.findall(ran.out) if int(pid) == supervisor.pid), "")
        if name:
            return replace(supervisor, name=name)
    why = ran.why if isinstance(ran, Absent) else f"it said: {(ran.out or ran.err).strip()[-160:]}"
    return replace(
        supervisor,
        left_alone=f"supervisord holds it, and cannot be asked by what name: {why}",
        instead=" ".join(command),
    )


def tell(supervisor: Supervisor, verb: str, programs: Programs) -> str:
    """``verb``: start, stop or restart. What it said. Raises MachineError or TargetError."""
    command = [*control(supervisor), verb, supervisor.name]
    ran = programs.run(command, within_s=ANSWERS_WITHIN_S)
    if isinstance(ran, Absent):
        raise MachineError(f"{command[0]} is not here", why=ran.why, next_step=ran.get)
    said = (ran.err or ran.out).strip()[-300:]
    # supervisorctl tells an error in words; before 4.0 its exit code did not.
    if (ran.code or "ERROR" in ran.out) and "already started" not in said:
        raise TargetError(f"{supervisor} refused to {verb}", why=said, next_step=" ".join(command))
    return said


def running_pid(supervisor: Supervisor, programs: Programs) -> int:
    """Of the process that it runs under that name, 0 where it runs none."""
    if supervisor.kind is SupervisorKind.SYSTEMD:
        command = ["systemctl", "show", "--property=MainPID", "--value", supervisor.name]
        ran = programs.run(command, within_s=ANSWERS_WITHIN_S)
        return int(ran.out.strip()) if isinstance(ran, Ran) and ran.out.strip().isdigit() else 0
    ran = programs.run([*control(supervisor), "status", supervisor.name], within_s=ANSWERS_WITHIN_S)
    found = _RUNNING.findall(ran.out) if isinstance(ran, Ran) else []
    return next((int(pid) for name, pid in found if name == supervisor.name), 0)
