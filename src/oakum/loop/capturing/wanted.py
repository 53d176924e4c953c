"""One dump that is wanted: of which process, where to, on what terms."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from oakum.loop.capturing.settings import Settings
from oakum.loop.consent import Consent
from oakum.loop.dumped import Occasion
from oakum.loop.progress import Progress
from oakum.loop.subject import choose
from oakum.model.absent import Absent, AbsentKind
from oakum.model.errors import OakumError, RefusedError, TargetError
from oakum.model.runtime import Runtime, RuntimeName
from oakum.model.target import ProcessTarget, Target
from oakum.probe.runtime import recognise

if TYPE_CHECKING:
    from oakum.host import Machine


@dataclass(frozen=True, slots=True)
class Wanted:
    """``target``: as it was named; ``pid``: of the process that was chosen. ``file``: ``-`` is standard output."""

    target: str
    pid: int
    runtime: Runtime
    file: str
    machine: Machine
    settings: Settings
    progress: Progress

    @property
    def command(self) -> str:
        """What says yes to it, on the terms that were given but for its bounds."""
        settings = self.settings
        # The address of a store may hold a password.
        store = "…" if "@" in settings.store else quote(settings.store)
        options = {
            f"--worker {quote(settings.worker)}": settings.worker,
            "--stop": settings.stop,
            "--raw": settings.raw,
            **{f"--seal-to {quote(one)}": True for one in settings.recipients},
            f"--incident {quote(settings.incident)}": settings.incident,
            f"--store {store}": settings.store,
            "--inspect": self.runtime.name is not RuntimeName.CPYTHON,
        }
        words = [option for option, given in options.items() if given]
        return " ".join([f"oakum heap capture pid/{self.pid} --output {quote(self.file)}", *words])

    def occasion(self) -> Occasion:
        return Occasion(self.pid, self.machine, self.settings.terms.budget, self.command, self.progress)

    def agree(self, question: str) -> None:
        """``question``: what would be done. Raises RefusedError where nobody said yes."""
        why = Consent(agreed=self.settings.terms.inspect).denied(question, self.progress)
        if why:
            again = self.settings.terms.budget.asked(self.command)
            raise RefusedError(f"the heap of pid {self.pid} was not captured", why=why, next_step=again)

    def check_room(self, dump_bytes: int) -> None:
        """Raises CallerError or MachineError where the file could not be kept."""
        if self.file != "-":
            self.machine.dumps.check_room(self.file, dump_bytes)

    def texts(self) -> str:
        """What a person is told beforehand of what stands in the file."""
        return " Texts of the program, which may be secrets, will be in the file." if self.settings.raw else ""


def chosen(
    target: Target, machine: Machine, progress: Progress, *, able: Container[RuntimeName]
) -> tuple[int, Runtime]:
    """The process that is looked at on behalf of ``target``, and what it runs. Raises TargetError, CallerError.

    The one that was named itself where it runs one of ``able``; behind a wrapper, and in a cgroup, the one that grows.
    """
    progress.stage(f"looking at {target}")
    if isinstance(target, ProcessTarget):
        named = recognise(target.pid, machine.processes, machine.memories)
        if isinstance(named, Runtime) and named.name in able:
            progress.stage(f"pid {target.pid} itself is looked at: it runs {named}")
            return target.pid, named
    subject = choose(target, processes=machine.processes, cgroups=machine.cgroups, clock=machine.clock)
    pid = subject.process.pid
    if subject.why:
        progress.stage(f"pid {pid} is looked at: {subject.why}")
    runtime = recognise(pid, machine.processes, machine.memories)
    if isinstance(runtime, Absent):
        raise missing(runtime)
    return pid, runtime


def missing(absent: Absent, *, cheaper: str = "") -> OakumError:
    """``cheaper``: a command that asks less of the target."""
    if absent.kind is not AbsentKind.TOO_DEAR:
        return TargetError("the heap cannot be captured", why=absent.why, next_step=absent.get)
    steps = [step for step in (absent.get, cheaper and f"{cheaper}    # costs less") if step]
    return RefusedError("the heap was not captured", why=absent.why, next_step="\n        ".join(steps))
