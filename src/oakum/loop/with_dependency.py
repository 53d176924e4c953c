"""``oakum investigate TARGET --with postgresql://…``: a workload and a server that it talks to, over the same time.

The server is asked on a thread and a loop of its own, from before the workload is looked at until after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import replace
from shlex import quote
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

from oakum.explain.with_dependency import Together, joined
from oakum.loop.dependency import DependencySettings, DependencyWatch, Kind
from oakum.loop.facts import Facts
from oakum.loop.postgres_here import short_title
from oakum.loop.progress import Silent
from oakum.model.absent import Absent, AbsentKind
from oakum.model.admission import Admission, Endpoint, Instance
from oakum.model.assessment import Investigation
from oakum.model.dependency import Dependency
from oakum.model.errors import CallerError, OakumError, TargetError
from oakum.model.pool import PoolServer
from oakum.model.target import CgroupTarget, DependencyTarget, LogTarget, ProcessTarget, Target, parse_target

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.loop.progress import Progress
    from oakum.model.process import ProcessInfo

ANSWERS_S: Final = 30.0
"""The first and the last whole answer come within so long, in seconds; each part of them has a deadline of its own."""


def beside(target: Target, url: str) -> DependencyTarget:
    """The server of ``url``, that ``target`` is to be looked at with. Raises CallerError for what cannot be meant."""
    again = f"oakum investigate {quote(str(target))}"
    if not url.strip():
        raise CallerError(
            "--with names no server",
            why="what it was given is empty, as a variable that is not set is",
            next_step=f"{again} --with redis://HOST",
        )
    dependency = parse_target(url)
    if not isinstance(dependency, DependencyTarget):
        raise CallerError(
            f"--with {dependency} is no dependency", why="it takes a URL", next_step=f"{again} --with redis://HOST"
        )
    if isinstance(target, LogTarget | DependencyTarget):
        raise CallerError(f"--with is not for {target}", why="it has no connections of its own", next_step=again)
    return dependency


def investigate_with(  # noqa: PLR0913  (a workload and its dependency)
    target: Target,
    dependency: DependencyTarget,
    *,
    kind: Kind,
    opened: AbstractAsyncContextManager[Dependency[Any]],
    machine: Machine,
    settings: DependencySettings,
    progress: Progress,
    look: Callable[[PoolServer], Investigation],
) -> Investigation:
    """``look``: looks at the workload. Raises TargetError where the server does not answer at first."""
    progress.stage(f"asking {dependency}")
    alike = _alike(target, machine)
    with _Beside(DependencyWatch(dependency, kind, machine, settings, Silent()), opened).asking() as asked:
        first = asked.admission()
        answer = look(PoolServer(first.kind, first.most))
        # While both are there: a process that ends takes its sockets with it.
        server, own = asked.over(), alike or _alike(target, machine)
        owners = _owners(server, own, machine)
    replicas = () if answer.replicas is None else answer.replicas.each
    if owners and answer.pools is not None:
        seen = len({each.name for each in owners.values()})
        answer = replace(answer, pools=replace(answer.pools, processes=max(answer.pools.processes, seen)))
    found, told = joined(answer, Together(server, asked.told(), replicas, owners))
    facts = Facts(machine.clock)
    for each in told:
        facts.add(each.kind, each.title, each.origin, facts=each.facts)
        facts.evidence[-1] = replace(facts.evidence[-1], at_s=each.at_s)
    return replace(found, evidence=(*found.evidence, *facts.evidence))


class _Beside:
    """The server, asked until it is over."""

    def __init__(self, watch: DependencyWatch, opened: AbstractAsyncContextManager[Dependency[Any]]) -> None:
        self._watch, self._opened = watch, opened
        self._begun, self._over = Event(), Event()
        self._failed: BaseException | None = None
        self._thread = Thread(target=self._run, name="oakum-dependency", daemon=True)

    @contextmanager
    def asking(self) -> Iterator[_Beside]:
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join(ANSWERS_S)

    def admission(self) -> Admission:
        """Raises what the first question raised."""
        if not self._begun.wait(ANSWERS_S):
            raise TargetError(f"{self._watch.target} does not answer", why=f"nothing came in {ANSWERS_S:.0f} s")
        if self._failed is not None:
            raise self._failed
        return self._watch.admission()

    def over(self) -> Admission:
        self._over.set()
        self._thread.join(ANSWERS_S)
        return self._watch.admission()

    def told(self) -> Investigation:
        found, why = self._watch.concluded(), self._cut()
        if not why:
            return found
        what = "what it holds at the end of the watch"
        missed = Absent(what, AbsentKind.UNREADABLE, why, f"oakum investigate {quote(str(self._watch.target))}")
        return replace(found, absent=(*found.absent, missed), partial=True)

    def _cut(self) -> str:
        """Why it was not asked to the end, "" where it was. Another's words may hold a password."""
        if self._thread.is_alive():
            return f"no answer came in {ANSWERS_S:.0f} s: what is said of it is from before"
        if self._failed is None:
            return ""
        brief = self._failed.brief if isinstance(self._failed, OakumError) else type(self._failed).__name__
        return f"asking it ended with {brief}: what is said of it is from before"

    def _run(self) -> None:
        import anyio  # noqa: PLC0415  (comes with the extra that speaks to the server)

        async def journey() -> None:
            async with self._opened as dependency:
                await self._watch.run(dependency, begun=self._begun.set, over=self._over.is_set)

        try:
            anyio.run(journey)
        except BaseException as exc:  # noqa: BLE001  (told on the thread that waits for it)
            self._failed = exc
        finally:
            self._begun.set()


def _alike(target: Target, machine: Machine) -> list[ProcessInfo]:
    """The processes of the same program as the target's, of its user and in its folder, and those below it; of a cgroup
    all that are in it.
    """
    if not isinstance(target, ProcessTarget | CgroupTarget):
        return []
    try:
        every = machine.processes.list()
        if isinstance(target, ProcessTarget):
            own = machine.processes.info(target.pid)
            below = _below(own.pid, every)
            same = [each for each in every if _program(each) == _program(own) and _same_place(each, own, machine)]
            return list({each.pid: each for each in (*same, *below)}.values())
        pids = set(machine.cgroups.pids(target.path))
        return [each for each in every if each.pid in pids]
    except OakumError:
        return []


def _program(info: ProcessInfo) -> tuple[object, ...]:
    return info.uid, info.executable, info.command


def _same_place(info: ProcessInfo, own: ProcessInfo, machine: Machine) -> bool:
    """``server.py`` is another program in another folder or container; where none is told, in another cgroup."""
    there, here = machine.connections.folders(info.pid), machine.connections.folders(own.pid)
    return info.cgroup == own.cgroup if there is None or here is None else there == here


def _below(pid: int, every: Sequence[ProcessInfo]) -> list[ProcessInfo]:
    found, at = [pid], 0
    while at < len(found):
        found += [each.pid for each in every if each.parent_pid == found[at] and each.pid not in found]
        at += 1
    return [each for each in every if each.pid in found]


def _owners(server: Admission, alike: list[ProcessInfo], machine: Machine) -> Mapping[Endpoint, Instance]:
    if not alike:
        return {}
    known = {each.pid: Instance(f"pid {each.pid} ({short_title(each)})", each.started_s) for each in alike}
    ends = [each.endpoint for each in server.connections if each.port]
    try:
        held = machine.connections.owners(ends, server.reached)
    except (OakumError, OSError):
        return {}
    return {end: known[pid] for end, pid in held.items() if pid in known}
