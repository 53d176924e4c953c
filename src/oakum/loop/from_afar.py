"""A workload's worst container, looked into from another machine: the journey is the one that its node would see.

A small program of ours reads there what the probes ask for (``host/afar``); everything else stays here.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from shlex import quote
from typing import TYPE_CHECKING, Final

from oakum.explain.crash_plan import runtime_of_container
from oakum.loop import node_pod as nodes
from oakum.loop.afar_ports import command, hidden, keeper, reached
from oakum.loop.bridge import Bridge, Opens, bridge
from oakum.loop.consent import Consent
from oakum.loop.facts import Facts
from oakum.loop.investigate import Settings, investigate
from oakum.loop.on_node import ClusterTarget, Looked, both, knowing
from oakum.loop.out_of_reach import OutOfReach
from oakum.loop.role_command import role_command
from oakum.loop.room import Guest, Usage, left_in_pod, refusal, refusal_beside
from oakum.loop.visiting import not_permitted, visited
from oakum.model.absent import Absent, AbsentKind
from oakum.model.assessment import Investigation
from oakum.model.cluster import Question
from oakum.model.cluster_pod import ContainerName, Pod
from oakum.model.container_memory import ContainerMemory
from oakum.model.errors import OakumError
from oakum.model.evidence import Evidence
from oakum.model.node import Room
from oakum.model.policy import Policy
from oakum.model.rights import HOME, PROGRAMS
from oakum.model.target import CgroupTarget
from oakum.model.units import format_count, format_size

if TYPE_CHECKING:
    from oakum.host import Machine
    from oakum.host.afar.agent import Agent
    from oakum.loop.progress import Progress

AGENT: Final = Guest("the program that reads its memory", 32 << 20)
"""As much as the program itself lets itself take (``MOST_BYTES``)."""
"""It takes about 8 MiB of the container's limit (measured: 7 MiB of its own, and pages of files that go again)."""

ENDS_S: Final = 900
"""A container or pod of ours lasts no longer, in seconds, beside twice the time of the watch."""

BY_EXEC: Final = (
    "A small program would be started in {name}, to read its memory: it takes about 8 MiB of the limit, 32 at most,"
    " writes nothing, and ends with this command."
)


NODE_POD: Final = "node pod"
"""As ``transport`` tells it."""

ASKED: Final = {"jvm": "a JVM", "node": "Node.js"}
"""The runtimes whose heap only they themselves can tell."""

QUESTION: Final = (
    "The container runs {runtime}: it would be signalled, and asked for its heap, by a program in {where}."
)


@dataclass(frozen=True, slots=True)
class Ways:
    """``consent``: to programs in containers. ``image``: of an ephemeral container that may be added; "" for none.

    ``node_pod``: the image of a pod that may be made on its node, "" for none; ``home``: that pod's namespace.
    """

    consent: Consent
    image: str = ""
    node_pod: str = ""
    home: str = HOME


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
    name = ContainerName(worst.namespace, worst.pod, worst.name)
    told = OutOfReach(target, name, _options(ways), numbered=not isinstance(found, Absent) and _from_node(found))
    if isinstance(found, Absent):
        return replace(looked.answer, absent=(*looked.answer.absent, told.absent(found)))
    return both(target, looked, worst, found, str(CgroupTarget(f"/{worst.container_id}")), afar=told)


def _options(ways: Ways) -> str:
    """What says again what was said, or agreed to, this time."""
    execute = {True: "--exec", False: "--no-exec" if ways.consent.refused_beforehand else "", None: ""}
    parts = [
        execute[ways.consent.agreed],
        f"--image {quote(ways.image)}" if ways.image else "",
        f"--node-pod {quote(ways.node_pod)}" if ways.node_pod else "",
        f"--node-pod-namespace {quote(ways.home)}" if ways.node_pod and ways.home != HOME else "",
    ]
    return " ".join(part for part in parts if part)


def _from_node(found: Investigation) -> bool:
    """Whether pids are its node's, and not the container's."""
    return any((each.facts or {}).get("transport") == NODE_POD for each in found.evidence if each.id == "transport")


@dataclass(frozen=True, slots=True)
class _Way:
    """``container``: where the agent is started. ``how``: for a person. ``inside``: it is the very one that is looked
    into. ``on_node``: all processes of the node are seen from there.
    """

    transport: str
    container: ContainerName
    how: str
    inside: bool = False
    on_node: bool = False


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

    @property
    def _ends_s(self) -> int:
        return ENDS_S + round(2 * self.settings.watch_s)

    def lost(self, exc: OakumError) -> Absent:
        """What to say of an error on the way: the container's own end explains it best. Raises OakumError."""
        seen = self.joined.call(self._seen)
        if isinstance(seen, Absent):
            return replace(seen, why=f"{seen.why} ({exc.brief})")
        return Absent(self.what, AbsentKind.UNREADABLE, exc.brief, exc.next_step or f"oakum investigate {self.target}")

    def investigated(self, ways: Ways) -> Investigation | Absent:
        """By exec; where that cannot be, by what was allowed in its place. Raises OakumError."""
        seen = self.joined.call(self._seen)
        if isinstance(seen, Absent):
            return seen
        pod, usage = seen
        found = self._by_exec(pod, usage, ways.consent)
        if not isinstance(found, Absent):
            return found
        # To add a container is more than to start the program that nobody agreed to.
        declined = found.kind is AbsentKind.NOT_YET and not ways.consent.refused_beforehand
        said = "--no-exec " if declined else "--exec " if ways.consent.agreed else ""
        if declined or not (ways.image or ways.node_pod):
            image = f"oakum investigate {self.target} {said}--image {quote(ways.image) if ways.image else 'IMAGE'}"
            return _or(found, f"{image}    # an ephemeral container: any image with python3 that its node can pull")
        if ways.image:
            second = self._by_visitor(pod, usage, ways.image, before=found.why)
            if not isinstance(second, Absent):
                return second
            found = replace(second, why=f"{found.why}; {second.why}")
            if not ways.node_pod and found.kind is not AbsentKind.NOT_YET:
                last = f"oakum investigate {self.target} {said}--node-pod {quote(ways.image)}"
                return _or(found, f"{last}    # the last resort: a privileged pod on its node")
        if not ways.node_pod or (found.kind is AbsentKind.NOT_YET and ways.image):
            return found
        third = self._by_node_pod(pod, ways, before=found.why)
        return replace(third, why=f"{found.why}; {third.why}") if isinstance(third, Absent) else third

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
        return self._by_agent(_Way("exec", self.name, "by exec", inside=True))

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
        get = await role_command(self.joined.cluster, PROGRAMS.capability, namespace)
        return Absent(self.what, AbsentKind.NOT_PERMITTED, why, get)

    def _by_visitor(self, pod: Pod, usage: Usage, image: str, *, before: str) -> Investigation | Absent:
        """As ``_by_exec``. ``before``: why not by that."""
        self.progress.stage(f"not by exec: {before}")

        async def forbidden() -> Absent | None:
            return await not_permitted(self.joined.cluster, pod.namespace, self.what)

        async def added() -> ContainerName:
            return await visited(self.joined.cluster, pod, self.worst.name, image, keeper(self._ends_s))

        refused = refusal_beside(pod, usage, AGENT, self.what) or self.joined.call(forbidden)
        if refused is None:
            refused = self._useless(
                pod, f"--image {quote(image)}", "an ephemeral container, which stays listed in the pod"
            )
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
        how = f"from the ephemeral container {name.container} of {image}"
        return self._by_agent(_Way("ephemeral container", name, how))

    def _by_node_pod(self, pod: Pod, ways: Ways, *, before: str) -> Investigation | Absent:
        """As ``_by_visitor``."""
        cluster, home = self.joined.cluster, ways.home
        options = f"--node-pod {quote(ways.node_pod)}"
        refused = (
            self.joined.call(lambda: nodes.not_permitted(cluster, home, self.what))
            or self.joined.call(lambda: nodes.not_ready(cluster, pod.node, self.what))
            or self._useless(pod, options, "a pod on its node")
        )
        if refused is not None:
            return refused
        self.progress.stage(f"not in another way: {before}")
        wanted = nodes.node_pod(
            home,
            ways.node_pod,
            self.name,
            node=pod.node,
            keeps=keeper,
            ends_s=self._ends_s,
        )
        self.progress.stage(nodes.price(wanted))
        how = f"from {wanted.title} of {wanted.image} on its node {wanted.node}"
        with ExitStack() as stack:
            try:
                made = stack.enter_context(nodes.lodged(self.joined, wanted))
            except OakumError as exc:
                again = f"oakum investigate {self.target} {_options(replace(ways, home=HOME))}"
                get = exc.next_step.replace(nodes.AGAIN, again)
                return Absent(self.what, AbsentKind.UNREADABLE, exc.brief, get)
            self._sweep(home)
            self.progress.stage(f"looking into {self.worst.title}, from {wanted.title} on its node")
            found = self._by_agent(_Way(NODE_POD, wanted.container, how, on_node=True))
        if made.left is None:
            return found
        if isinstance(found, Absent):
            return replace(found, why=f"{found.why}; {made.left.why}", get=made.left.get)
        return replace(found, absent=(*found.absent, made.left))

    def _sweep(self, home: str) -> None:
        """What an earlier Oakum left. That it stays is no reason not to look."""
        try:
            gone = self.joined.call(lambda: nodes.swept(self.joined.cluster, home))
        except OakumError as exc:
            self.progress.stage(f"what an earlier Oakum may have left in namespace {home} stays there: {exc.brief}")
            return
        if gone:
            self.progress.stage(f"deleted what an earlier Oakum left: {', '.join(gone)}")

    def _useless(self, pod: Pod, options: str, where: str) -> Absent | None:
        """Why nothing would come of a program there: nobody agreed to ask the runtime. ``options``: for it."""
        container = pod.container(self.worst.name)
        runtime = "" if container is None else runtime_of_container(container)
        if runtime not in ASKED:
            return None
        if self.consent_to_ask.agreed is None:
            self.consent_to_ask.denied(QUESTION.format(runtime=ASKED[runtime], where=where), self.progress)
        if self.consent_to_ask.agreed:
            return None
        why = f"it runs {ASKED[runtime]}, which tells its heap only where it may be signalled and asked"
        command = f"oakum investigate {self.target} --no-exec {options} --inspect"
        return Absent(self.what, AbsentKind.NOT_YET, why, command)

    def _by_agent(self, way: _Way) -> Investigation | Absent:
        from oakum.host.afar.agent import Agent  # noqa: PLC0415  (loaded where a process is looked into)

        with ExitStack() as stack:
            try:
                agent = Agent(stack.enter_context(self.joined.converse(way.container, command())))
                machine, group = reached(
                    self.machine,
                    agent,
                    self.worst.container_id,
                    self._rooms,
                    inside=way.inside,
                    on_node=way.on_node,
                )
                kept = hidden(machine, group)
            except OakumError as exc:
                return Absent(self.what, AbsentKind.NOT_APPLICABLE, exc.brief, exc.next_step)
            if kept is not None:
                return replace(kept, what=self.what)
            found = investigate(
                CgroupTarget(group),
                machine=machine,
                policy=self.policy,
                settings=replace(
                    self.settings, stop=False, terms=replace(self.settings.terms, inspect=self.consent_to_ask.agreed)
                ),
                progress=self.progress,
            )
            found = replace(found, evidence=(*found.evidence, self._told(agent, way)))
        if not self.settings.stop:
            return found
        why = "a connection that breaks would leave it standing still: it was copied while it ran"
        stop = Absent("an exact copy", AbsentKind.NOT_APPLICABLE, why, "the same command on its node, as root")
        return replace(found, absent=(*found.absent, stop))

    def _told(self, agent: Agent, way: _Way) -> Evidence:
        crossed = agent.sent_bytes + agent.came_bytes
        title = (
            f"looked into {self.worst.title} {way.how}: {format_size(crossed)} crossed the network"
            f" ({format_size(agent.told_bytes)} unpacked), and the hash of each of"
            f" {format_count(agent.answers)} answers was that of what came"
        )
        facts = Facts(self.machine.clock)
        facts.add(
            "transport",
            title,
            "API server",
            facts={
                "transport": way.transport,
                "container": str(way.container),
                "sent_bytes": agent.sent_bytes,
                "received_bytes": agent.came_bytes,
                "unpacked_bytes": agent.told_bytes,
                "answers": agent.answers,
                "python": agent.greeting.python,
            },
        )
        return facts.evidence[0]


def _or(found: Absent, other: str) -> Absent:
    return replace(found, get=f"{found.get}; or {other}" if found.get else other)
