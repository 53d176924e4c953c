"""``oakum heap capture``: one dump of a live process, taken safely and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from oakum.loop.capturing.jvm import capture_jvm
from oakum.loop.capturing.node import capture_node
from oakum.loop.capturing.python import capture_python
from oakum.loop.capturing.ruby import capture_ruby
from oakum.loop.capturing.settings import Settings
from oakum.loop.capturing.wanted import Wanted, chosen
from oakum.model.by_hand import core_command
from oakum.model.capture import Capture
from oakum.model.errors import CallerError, TargetError
from oakum.model.runtime import Runtime, RuntimeName
from oakum.model.target import Target

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress

CAPTURES: Final[Mapping[RuntimeName, Callable[[Wanted], Capture]]] = {
    RuntimeName.CPYTHON: capture_python,
    RuntimeName.JVM: capture_jvm,
    RuntimeName.NODE: capture_node,
    RuntimeName.RUBY: capture_ruby,
}

OTHERS: Final[Mapping[RuntimeName, str]] = {
    RuntimeName.GO: "oakum investigate pid/{pid} --inspect    # or, where net/http/pprof is served: curl -o heap.pb.gz"
    " http://HOST:PORT/debug/pprof/heap",
    RuntimeName.NATIVE: f"{core_command('{pid}')}    # it stands still meanwhile; all of its secrets are in the core",
}


def capture(target: Target, file: str, *, machine: Machine, settings: Settings, progress: Progress) -> Capture:
    """``file``: ``-`` is standard output. Raises CallerError, TargetError (RefusedError where it would be too dear, or
    nobody agreed), DataError or MachineError; nothing half-written is left then, and the target runs on.
    """
    machine.dumps.check_recipients(settings.recipients)
    if file != "-":
        machine.dumps.check_room(file, 0)
    pid, runtime = chosen(target, machine, progress, able=CAPTURES)
    take = CAPTURES.get(runtime.name)
    if take is None:
        raise _another(pid, runtime)
    if settings.worker and runtime.name is not RuntimeName.NODE:
        raise CallerError(
            f"pid {pid} runs {runtime}, which has one heap for all its threads",
            why="--worker chooses a worker thread of Node.js",
            next_step="the same command without --worker",
        )
    return take(Wanted(str(target), pid, runtime, file, machine, settings, progress))


def _another(pid: int, runtime: Runtime) -> TargetError:
    return TargetError(
        f"pid {pid} runs {runtime}, and this version captures CPython, Node.js, Ruby and the JVM",
        why=", ".join(runtime.how),
        next_step=OTHERS.get(runtime.name, "oakum investigate pid/{pid}    # the series still speaks").format(pid=pid),
    )
