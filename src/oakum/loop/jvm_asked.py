"""A JVM that may be asked: looked at first, asked once somebody agreed, left as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from oakum.loop.capturing.wanted import missing
from oakum.model.absent import Absent
from oakum.probe.jvm import JvmProbe, Reach
from oakum.probe.jvm_session import JvmSession

if TYPE_CHECKING:
    from oakum.host import Machine


@contextmanager
def jvm_asked(pid: int, machine: Machine, agree: Callable[[Reach], None]) -> Iterator[tuple[JvmSession, Reach]]:
    """``agree`` raises where nobody does. Raises TargetError where it cannot be asked."""
    with closing(machine.jvms.open(pid)) as jvm:
        probe = JvmProbe(pid, jvm, machine.processes)
        reach = probe.look()
        if isinstance(reach, Absent):
            raise missing(reach)
        agree(reach)
        session = probe.session(reach)
        version = session.version()
        if isinstance(version, Absent):
            raise missing(version)
        yield session, reach
