"""Every error Oakum raises on purpose: what happened, why we think so, and the next step as a command."""

from __future__ import annotations


class OakumError(Exception):
    """The root. A family says who must act, and carries the exit code of its kind."""

    exit_code = 70

    def __init__(self, what: str, *, why: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.next_step = next_step

    @property
    def brief(self) -> str:
        """What and why on one line."""
        return f"{self.what}: {self.why}" if self.why else self.what

    def __str__(self) -> str:
        lines = [self.what]
        if self.why:
            lines.append(f"  why:  {self.why}")
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


class CallerError(OakumError):
    """The caller asked for something that cannot be meant."""

    exit_code = 2


class TargetError(OakumError):
    """The target or a source could not be reached, ended, or refused."""

    exit_code = 3


class SilentError(TargetError):
    """Nothing came in time; it may come yet."""


class RefusedError(TargetError):
    """A gate of our own forbade the step, because it would endanger the target."""


class SpentError(RefusedError):
    """What the caller let us ask of the source is used up."""


class TooMuchError(TargetError):
    """A source does not answer so much at once: ask for less."""


class DeniedError(TargetError):
    """One command that this user must not give, or that the server does not know: the rest may be asked."""


class DataError(OakumError):
    """The data is broken."""

    exit_code = 4


class MachineError(OakumError):
    """This machine lacks something: disk, permission, a program."""

    exit_code = 6


class InternalError(OakumError):
    """Our own fault."""

    exit_code = 70
