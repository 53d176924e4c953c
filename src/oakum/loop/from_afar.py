"""A workload's worst container, looked into from another machine: the journey is the one that its node would see.

A small program of ours reads there what the probes ask for (``host/afar``); everything else stays here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING, Final

from oakum.explain.crash_plan import runtime_of_container
from oakum.loop.bridge import Bridge, Opens, bridge
from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.investigate import Settings, investigate
from oakum.loop.on_node import ClusterTarget, Looked, both, knowing
from oakum.loop.out_of_reach import OutOfReach
from oakum.loop.room import Guest, Usage, left_in_pod, refusal, refusal_beside
from oakum.loop.visiting import not_permitted, visited
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cluster import Question
from oakum.model.cluster_pod import ContainerName, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import OakumError, TargetError
from oakum.model.evidence import Evidence
from oakum.model.node import Room
from oakum.model.policy import Policy
from oakum.model.target import CgroupTarget
from oakum.model.units import format_count, format_size

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.host.afar.agent import Agent
    from oakum.loop.progress import Progress

AGENT: Final = Guest("the program that reads its memory", 32 << 20)
"""As much as the program itself lets itself take (``MOST_BYTES``)."""
"""It takes about 8 MiB of the container's limit (measured: 7 MiB of its own, and pages of files that go again)."""

BY_EXEC: Final = (
    "A small program would be started in {name}, to read its memory: it takes about 8 MiB of the limit, 32 at most,"
    " writes nothing, and ends with this command."
)


ASKED: Final = {"jvm": "a JVM", "node": "Node.js"}
"""The runtimes whose heap only they themselves can tell."""

QUESTION: Final = (
    "The container runs {runtime}: it would be signalled, and asked for its heap, by a program in an ephemeral"
    " container, which stays listed in the pod."
)


@dataclass(frozen=True, slots=True)
class Ways:
    """``consent``: to programs in containers. ``image``: of an ephemeral container that may be added; "" for none."""

    consent: Consent
    image: str = ""


def looked_into_from_afar(  # noqa: PLR0913  (both the cluster's part and the process's come together here)
    target: ClusterTarget,
    looked: Looked,
    *,
    opens: Opens,
    ways: Ways,
    machine: Machine,
    policy: Policy,
    settings: Settings,
    progress: Progress,
) -> Investigation:
    """The cluster's answer as it is, with why, where the worst container cannot be looked into."""
    worst = looked.worst
    if worst is None or not settings.capture:
        return looked.answer
    what = f"what the heap of {worst.title} holds"
    settings = knowing(settings, worst)
    try:
        with bridge(opens) as joined:
            asks = Consent(agreed=settings.terms.inspect)
            afar = _Afar(target, worst, what, joined, machine, policy, settings, progress, asks)
            try:
                found = afar.investigated(ways)
            except OakumError as exc:
                found = afar.lost(exc)
    except OakumError as exc:
        found = Absent(what, AbsentKind.UNREADABLE, exc.brief, exc.next_step or f"oakum investigate {target}")
    told = OutOfReach(target, ContainerName(worst.namespace, worst.pod, worst.name), _options(ways))
    if isinstance(found, Absent):
        return replace(looked.answer, absent=(*looked.answer.absent, told.absent(found)))
    return both(target, looked, worst, found, str(CgroupTarget(f"/{worst.container_id}")), afar=told)


def _options(ways: Ways) -> str:
    """What says again what was said, or agreed to, this time."""
    execute = {True: "--exec", False: "--no-exec" if ways.consent.refused_beforehand else "", None: ""}
    return f"{execute[ways.consent.agreed]}{f' --image {quote(ways.image)}' if ways.image else ''}".strip()


@dataclass(frozen=True, slots=True)
class _Afar:
    target: ClusterTarget
    worst: ContainerMemory
    what: str
    joined: Bridge
    machine: Machine
    policy: Policy
    settings: Settings
    progress: Progress
    consent_to_ask: Consent

    @property
    def name(self) -> ContainerName:
        return ContainerName(self.worst.namespace, self.worst.pod, self.worst.name)

    def lost(self, exc: OakumError) -> Absent:
        """What to say of an error on the way: the container's own end explains it best. Raises OakumError."""
        seen = self.joined.call(self._seen)
        if isinstance(seen, Absent):
            return replace(seen, why=f"{seen.why} ({exc.brief})")
        return Absent(self.what, AbsentKind.UNREADABLE, exc.brief, exc.next_step or f"oakum investigate {self.target}")

    def investigated(self, ways: Ways) -> Investigation | Absent:
        """By exec; where that cannot be, by an ephemeral container. Raises OakumError."""
        seen = self.joined.call(self._seen)
        if isinstance(seen, Absent):
            return seen
        pod, usage = seen
        found = self._by_exec(pod, usage, ways.consent)
        if not isinstance(found, Absent):
            return found
        # To add a container is more than to start the program that nobody agreed to.
        declined = found.kind is AbsentKind.NOT_YET and not ways.consent.refused_beforehand
        if not ways.image or declined:
            said = "--no-exec " if declined else "--exec " if ways.consent.agreed else ""
            image = f"oakum investigate {self.target} {said}--image {quote(ways.image) if ways.image else 'IMAGE'}"
            other = f"{image}    # an ephemeral container: any image with python3 that its node can pull"
            return replace(found, get=f"{found.get}; or {other}" if found.get else other)
        self.progress.stage(f"not by exec: {found.why}")
        second = self._by_visitor(pod, usage, ways.image)
        return replace(second, why=f"{found.why}; {second.why}") if isinstance(second, Absent) else second

    async def _seen(self) -> tuple[Pod, Usage] | Absent:
        """Its pod and what it uses now. Absent: it is another run by now."""
        cluster, worst = self.joined.cluster, self.worst
        pod = await cluster.pod(worst.namespace, worst.pod)
        container = pod.container(worst.name)
        if container is None or not container.running or container.container_id != worst.container_id:
            why = "its container has ended or restarted since it was watched"
            return Absent(self.what, AbsentKind.NOT_YET, why, f"oakum investigate {self.target}")
        usage = await cluster.usage(pod.node)
        if isinstance(usage, Absent):
            return pod, {}
        return pod, {(each.pod_uid, each.container): each for each in usage.containers}

    def _by_exec(self, pod: Pod, usage: Usage, consent: Consent) -> Investigation | Absent:
        """Absent: it cannot be begun. Raises OakumError once it was."""
        container = pod.container(self.worst.name)
        assert container is not None
        refused = refusal(pod, container, usage, AGENT, self.what) or self.joined.call(self._no_exec)
        if refused is not None:
            return refused
        command = f"oakum investigate {self.target} --exec"
        declined = consent.denied(BY_EXEC.format(name=self.name), self.progress)
        if declined:
            return Absent(self.what, AbsentKind.NOT_YET, f"a program would be started in it; {declined}", command)
        self.progress.stage(f"looking into {self.worst.title}, by a program in it")
        return self._by_agent(self.name, command=_command(), how="by exec")

    def _rooms(self) -> list[Room]:
        """What is left below the pod's limit now: nothing where that cannot be told."""
        try:
            seen = self.joined.call(self._seen)
        except OakumError as exc:
            return [Room(0, f"its pod's limit, as far as is known ({exc.brief})")]
        left = Room(0, f"its pod's limit ({seen.why})") if isinstance(seen, Absent) else left_in_pod(*seen)
        return [] if left is None else [left]

    async def _no_exec(self) -> Absent | None:
        namespace = self.worst.namespace
        (answer,) = await self.joined.cluster.may([Question("create", "pods/exec", namespace=namespace)])
        if answer.allowed:
            return None
        why = f"not allowed to create pods/exec in namespace {namespace}"
        return Absent(self.what, AbsentKind.NOT_PERMITTED, why, "a role that may create pods/exec")

    def _by_visitor(self, pod: Pod, usage: Usage, image: str) -> Investigation | Absent:
        """As ``_by_exec``."""

        async def forbidden() -> Absent | None:
            return await not_permitted(self.joined.cluster, pod.namespace, self.what)

        async def added() -> ContainerName:
            return await visited(self.joined.cluster, pod, self.worst.name, image, _command())

        refused = refusal_beside(pod, usage, AGENT, self.what) or self.joined.call(forbidden)
        if refused is None:
            refused = self._useless(pod, image)
        if refused is not None:
            return refused
        self.progress.stage(
            f"adding an ephemeral container of {image} to {pod.title}: it takes about 8 MiB of the pod's memory, ends"
            " with this command, and stays listed in the pod"
        )
        try:
            name = self.joined.call(added)
        except OakumError as exc:
            return Absent(self.what, AbsentKind.UNREADABLE, exc.brief, exc.next_step)
        self.progress.stage(f"looking into {self.worst.title}, from {name.container} beside it")
        return self._by_agent(name, command=(), how=f"from the ephemeral container {name.container} of {image}")

    def _useless(self, pod: Pod, image: str) -> Absent | None:
        """Why nothing would come of a visitor that stays listed in the pod: nobody agreed to ask the runtime."""
        container = pod.container(self.worst.name)
        runtime = "" if container is None else runtime_of_container(container)
        if runtime not in ASKED:
            return None
        if self.consent_to_ask.agreed is None:
            self.consent_to_ask.denied(QUESTION.format(runtime=ASKED[runtime]), self.progress)
        if self.consent_to_ask.agreed:
            return None
        why = f"it runs {ASKED[runtime]}, which tells its heap only where it may be signalled and asked"
        command = f"oakum investigate {self.target} --no-exec --image {quote(image)} --inspect"
        return Absent(self.what, AbsentKind.NOT_YET, why, command)

    def _by_agent(self, name: ContainerName, *, command: tuple[str, ...], how: str) -> Investigation | Absent:
        """``command``: () for the program that the container was started with."""
        from oakum.host.afar.agent import Agent  # noqa: PLC0415  (loaded where a process is looked into)

        with ExitStack() as stack:
            try:
                agent = Agent(stack.enter_context(self.joined.converse(name, command)))
                machine, group = _reached(
                    self.machine, agent, self.worst.container_id, self._rooms, inside=bool(command)
                )
                hidden = _hidden(machine, group)
            except OakumError as exc:
                return Absent(self.what, AbsentKind.NOT_APPLICABLE, exc.brief, exc.next_step)
            if hidden is not None:
                return replace(hidden, what=self.what)
            found = investigate(
                CgroupTarget(group),
                machine=machine,
                policy=self.policy,
                settings=replace(
                    self.settings, stop=False, terms=replace(self.settings.terms, inspect=self.consent_to_ask.agreed)
                ),
                progress=self.progress,
            )
            found = replace(found, evidence=(*found.evidence, self._told(agent, name, how)))
        if not self.settings.stop:
            return found
        why = "a connection that breaks would leave it standing still: it was copied while it ran"
        stop = Absent("an exact copy", AbsentKind.NOT_APPLICABLE, why, "the same command on its node, as root")
        return replace(found, absent=(*found.absent, stop))

    def _told(self, agent: Agent, name: ContainerName, how: str) -> Evidence:
        crossed = agent.sent_bytes + agent.came_bytes
        title = (
            f"looked into {self.worst.title} {how}: {format_size(crossed)} crossed the network"
            f" ({format_size(agent.told_bytes)} unpacked), and the hash of each of"
            f" {format_count(agent.answers)} answers was that of what came"
        )
        facts = Facts(self.machine.clock)
        facts.add(
            "transport",
            title,
            "API server",
            facts={
                "transport": "exec" if name == self.name else "ephemeral container",
                "container": str(name),
                "sent_bytes": agent.sent_bytes,
                "received_bytes": agent.came_bytes,
                "unpacked_bytes": agent.told_bytes,
                "answers": agent.answers,
                "python": agent.greeting.python,
            },
        )
        return facts.evidence[0]


def _command() -> tuple[str, ...]:
    from oakum.host.afar.agent import command  # noqa: PLC0415  (as above)

    return command()


def _reached(
    machine: Machine, agent: Agent, container_id: str, rooms: Callable[[], Sequence[Room]], *, inside: bool
) -> tuple[Machine, str]:
    """This machine, but for the ports that touch the target; and the container's cgroup as they name it.

    ``rooms``: what the cluster knows to be left. ``inside``: the agent runs in that container. Raises TargetError where
    no process of it is seen, or its node's kernel counts memory in other pages than this machine's: every address and
    every figure would be wrong.
    """
    from oakum.host.afar.cgroups import AfarCgroups  # noqa: PLC0415  (as above)
    from oakum.host.afar.debuggees import AfarDebuggees  # noqa: PLC0415
    from oakum.host.afar.jvms import AfarJvms  # noqa: PLC0415
    from oakum.host.afar.memory import AfarMemories  # noqa: PLC0415
    from oakum.host.afar.node import AfarNode  # noqa: PLC0415
    from oakum.host.afar.processes import AfarProcesses  # noqa: PLC0415
    from oakum.host.afar.untold import AfarKernelLog, AfarLogs  # noqa: PLC0415
    from oakum.host.stat import PAGE_BYTES  # noqa: PLC0415

    if agent.greeting.page_bytes != PAGE_BYTES:
        theirs, ours = format_size(agent.greeting.page_bytes), format_size(PAGE_BYTES)
        raise TargetError(
            f"memory in pages of {theirs} cannot be read from here",
            why=f"its node's kernel has pages of {theirs}, this machine has pages of {ours}",
            next_step="the same command on its node, or on a machine with pages of that size",
        )
    processes = AfarProcesses(agent, container_id, inside=inside)
    members = processes.members()
    if not members:
        raise TargetError(
            "no process of the container is seen from there",
            why="its node's runtime does not share the target's processes",
            next_step="kubectl version    # targetContainerName wants a runtime that supports it",
        )
    seen_by = agent.greeting.pid if inside else members[0]
    made = replace(
        machine,
        processes=processes,
        cgroups=AfarCgroups(agent, processes, seen_by=seen_by),
        memories=AfarMemories(agent),
        kernel_log=AfarKernelLog(),
        logs=AfarLogs(),
        debuggees=AfarDebuggees(agent),
        jvms=AfarJvms(agent),
        node=AfarNode(agent, seen_by=seen_by, beside=rooms),
    )
    return made, processes.group


def _hidden(machine: Machine, group: str) -> Absent | None:
    """Why none of its processes may be read; None where one may be."""
    hidden: Absent | None = None
    for pid in machine.cgroups.pids(group):
        memory = machine.memories.open(pid)
        if not isinstance(memory, Absent):
            memory.close()
            return None
        hidden = memory
    return hidden
