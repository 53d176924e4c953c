"""Who would start a process again: told from where it lives and from its parents."""

from __future__ import annotations

import re
from collections.abc import Sequence
from posixpath import basename, dirname, join
from typing import Final

from oakum.model.launch import Manner
from oakum.model.process import ProcessInfo
from oakum.model.supervisor import Supervisor, SupervisorKind

SHELLS: Final = frozenset({"sh", "bash", "dash", "zsh", "ksh", "ash", "busybox", "fish"})
OTHERS: Final = {
    "runsv": "sv restart SERVICE",
    "s6-supervise": "s6-svc -r SERVICE",
    "pm2": "pm2 restart NAME",
    "circusd": "circusctl restart NAME",
    "monit": "monit restart NAME",
}
"""Supervisors that are known by name and not spoken to: name → what a person types."""

_CONTAINER: Final = re.compile(
    r"/(?:docker|kubepods|containerd|crio|libpod|lxc|machine\.slice)[-./]|docker-[0-9a-f]{12}"
)


def recognise(
    process: ProcessInfo,
    ancestors: Sequence[ProcessInfo],
    siblings: Sequence[ProcessInfo],
    manner: Manner,
    *,
    systemd: bool,
    init: str = "",
) -> Supervisor:
    """``ancestors``: its parent first. ``siblings``: its parent's other children.

    ``systemd``: whether it runs here and can be spoken to. ``init``: the name of process 1, "" where it cannot be seen.
    """
    apart = [name for name in manner.apart if name in {"mnt", "pid", "root", "user"}]
    if process.namespace_pid == 1 or process.pid == 1 or apart:
        return _container(process, apart)
    unit = unit_of(process.cgroup)
    if unit and systemd:
        return _systemd(unit, process.cgroup)
    if unit and init == "systemd":
        # Seen from a container beside the host's processes, say: it may start the unit again, and so would we.
        return Supervisor(
            SupervisorKind.SYSTEMD,
            unit,
            left_alone=f"it belongs to {unit}, and systemd cannot be spoken to from here",
            instead=f"systemctl restart {unit}    # on the machine itself",
        )
    return _by_parent(process, ancestors, siblings)


def unit_of(cgroup: str) -> str:
    """The systemd service that a cgroup belongs to, "" where none does."""
    parts = [part for part in cgroup.split("/") if part]
    services = [part for part in parts if part.endswith(".service")]
    return services[-1] if services else ""


def _container(process: ProcessInfo, apart: Sequence[str]) -> Supervisor:
    why = (
        "it is the first process of its container: the container ends with it"
        if process.namespace_pid == 1 or process.pid == 1
        else f"it lives in a container or jail ({', '.join(apart)} of its own)"
    )
    orchestrated = "kubepods" in process.cgroup
    instead = "kubectl rollout restart deployment/NAME" if orchestrated else "docker restart CONTAINER"
    return Supervisor(SupervisorKind.CONTAINER, left_alone=why, instead=instead)


def _systemd(unit: str, cgroup: str) -> Supervisor:
    if any(part.startswith("user@") for part in cgroup.split("/")):
        name = "UNIT" if unit.startswith("user@") else unit
        return Supervisor(
            SupervisorKind.SYSTEMD,
            unit,
            left_alone="it belongs to a user's own systemd",
            instead=f"systemctl --user restart {name}    # as that user",
        )
    return Supervisor(SupervisorKind.SYSTEMD, unit)


def _by_parent(process: ProcessInfo, ancestors: Sequence[ProcessInfo], siblings: Sequence[ProcessInfo]) -> Supervisor:
    if process.parent_pid <= 1 or not ancestors:
        if process.cgroup.endswith(".scope") or _CONTAINER.search(process.cgroup):
            return Supervisor(
                SupervisorKind.OTHER,
                left_alone=f"its cgroup {process.cgroup} goes when it ends, and belongs to who made it",
                instead="restart it the way it was started",
            )
        return Supervisor(SupervisorKind.NONE)
    for below, above in zip((process, *ancestors), ancestors, strict=False):
        if called(above) == "supervisord":
            # What it started itself is what it calls by a name; the target may be a child of that.
            return Supervisor(SupervisorKind.SUPERVISORD, pid=below.pid, config=_config(above), control=_control(above))
    parent = ancestors[0]
    name = called(parent)
    if name in OTHERS:
        return Supervisor(SupervisorKind.OTHER, name, parent.pid, left_alone=f"{name} holds it", instead=OTHERS[name])
    if any(sibling.command == process.command and sibling.uid == process.uid for sibling in siblings):
        return Supervisor(SupervisorKind.MASTER, parent.name, parent.pid)
    if name in SHELLS:
        return _shell(parent)
    return Supervisor(
        SupervisorKind.OTHER,
        parent.name,
        parent.pid,
        left_alone=f"its parent, pid {parent.pid} ({parent.title[:60]}), may start it again, or end with it",
        instead=f"ask that one, or: oakum plan pid/{parent.pid} --restart",
    )


def _shell(parent: ProcessInfo) -> Supervisor:
    """A shell that somebody types into starts nothing again; one that runs a script may."""
    if len(parent.command) <= 1 or all(word.startswith("-") and word != "-c" for word in parent.command[1:]):
        return Supervisor(SupervisorKind.SHELL, parent.name, parent.pid)
    return Supervisor(
        SupervisorKind.SHELL,
        parent.name,
        parent.pid,
        left_alone=f"a shell script started it (pid {parent.pid}: {parent.title[:60]}) and may start it again",
        instead=f"oakum plan pid/{parent.pid} --restart    # the script with all that it runs",
    )


def called(process: ProcessInfo) -> str:
    """The program's name: of a script, the script's."""
    words = [basename(word) for word in process.command[:3]]
    interpreted = words and re.fullmatch(r"(python|node|ruby|perl)[0-9.]*", words[0]) is not None
    scripts = [word for word in words[1:] if not word.startswith("-")]
    name = scripts[0] if interpreted and scripts else words[0] if words else process.name
    return name.lstrip("-")


def _control(parent: ProcessInfo) -> str:
    """The program supervisorctl stands beside supervisord."""
    places = [join(dirname(word), "supervisorctl") for word in parent.command if word.endswith("/supervisord")]
    return places[0] if places else "supervisorctl"


def _config(parent: ProcessInfo) -> str:
    """What supervisord was started with: ``-c FILE`` or ``--configuration=FILE``; relative ones by its own folder."""
    words = parent.command
    for place, word in enumerate(words):
        if word in {"-c", "--configuration"} and place + 1 < len(words):
            return words[place + 1]
        for prefix in ("--configuration=", "-c"):
            if word.startswith(prefix) and len(word) > len(prefix):
                return word.removeprefix(prefix)
    return ""
