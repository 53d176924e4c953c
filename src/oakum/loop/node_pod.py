"""A pod of ours on a target's node: what permits it, until it runs, and its end, however Oakum's own comes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from oakum.loop.bridge import Bridge
from oakum.loop.role_command import role_command
from oakum.loop.visiting import HOPELESS, LOOKED_EVERY_S
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster, Question
from oakum.model.cluster_pod import ContainerName, Pod, Running, Terminated, Waiting
from oakum.model.errors import OakumError, TargetError
from oakum.model.node_pod import AGAIN, MEMORY_BYTES, SELECTOR, NodePod
from oakum.model.rights import ON_NODES, PROGRAMS, Capability
from oakum.model.units import format_duration, format_size

__all__ = ["AGAIN", "Lodged", "lodged", "node_pod", "not_permitted", "not_ready", "price", "swept"]

READY_S: Final = 90.0
"""Its image is pulled and it is started within so long, in seconds."""

ENDED: Final = frozenset({"Succeeded", "Failed"})


def node_pod(
    namespace: str,
    image: str,
    target: ContainerName,
    *,
    node: str,
    keeps: Callable[[int], tuple[str, ...]],
    ends_s: int,
) -> NodePod:
    """Its name is of chance: two of Oakum's do not meet. ``keeps``: what it runs for so long."""
    name = f"oakum-node-pod-{secrets.token_hex(4)}"
    return NodePod(namespace, name, node, image, keeps(ends_s), str(target), ends_s)


def price(wanted: NodePod) -> str:
    """What it is and risks, for a person, before it is made."""
    return (
        f"making {wanted.title} of {wanted.image} on node {wanted.node}: privileged, so it sees all processes of that"
        f" node and could do there whatever root can; it reads which cgroup each is in, and else those of"
        f" {wanted.looks_at} alone. It takes {format_size(MEMORY_BYTES)} of the node at most, is deleted with the end"
        f" of this command; without Oakum it ends within seconds, and after {format_duration(wanted.ends_s)} its node"
        " ends it"
    )


async def not_permitted(cluster: Cluster, namespace: str, what: str) -> Absent | None:
    """None where all that it takes is allowed."""
    questions = [
        *ON_NODES.within(namespace),
        *(Question(verb, "pods", namespace=namespace) for verb in ("get", "list")),
        *PROGRAMS.within(namespace),
    ]
    answers = await cluster.may(questions)
    missing = [f"{each.question.verb} {each.question.resource}" for each in answers if not each.allowed]
    if not missing:
        return None
    why = f"not allowed to {' and to '.join(missing)} in namespace {namespace}"
    wanted = "" if namespace == ON_NODES.home else namespace
    return Absent(what, AbsentKind.NOT_PERMITTED, why, await role_command(cluster, Capability.NODE_POD, wanted))


async def not_ready(cluster: Cluster, node: str, what: str) -> Absent | None:
    """None where it is, or where that is not told: then the pod tells."""
    try:
        seen = await cluster.node(node)
    except OakumError:
        return None
    if seen.ready is not False:
        return None
    why = f"node {node} is not ready: no pod would start there"
    return Absent(what, AbsentKind.UNREADABLE, why, f"kubectl describe node {node}")


async def swept(cluster: Cluster, namespace: str) -> list[str]:
    """The titles of those that an earlier Oakum left, and that have ended: they are gone now. Raises TargetError.

    One that runs may be that of an Oakum that runs; it ends by itself.
    """
    left = (await cluster.pods(namespace, selector=SELECTOR)).items
    return [
        pod.title
        for pod in left
        if pod.phase in ENDED and await cluster.remove_node_pod(pod.namespace, pod.name, uid=pod.uid)
    ]


class Lodged:
    """One that was made. ``left``: why it is still there, once it should be gone."""

    def __init__(self, wanted: NodePod) -> None:
        self.wanted = wanted
        self.left: Absent | None = None


@contextmanager
def lodged(joined: Bridge, wanted: NodePod) -> Iterator[Lodged]:
    """It runs; it is deleted when this is left. Raises TargetError where it does not come to that."""
    made = Lodged(wanted)
    try:
        joined.call(lambda: _running(joined.cluster, wanted))
        yield made
    except TargetError as exc:
        made.left = _removed(joined, wanted)
        if made.left is not None:
            raise TargetError(exc.what, why=f"{exc.why}; {made.left.why}", next_step=made.left.get) from exc
        raise
    except BaseException:
        _removed(joined, wanted)
        raise
    else:
        made.left = _removed(joined, wanted)


def _removed(joined: Bridge, wanted: NodePod) -> Absent | None:
    """None: it is gone, or going."""
    try:
        joined.call(lambda: joined.cluster.remove_node_pod(wanted.namespace, wanted.name))
    except OakumError as exc:
        ends = format_duration(wanted.ends_s)
        why = f"{wanted.title} could not be deleted ({exc.brief}): it ends by itself within {ends}, and stays listed"
        get = f"kubectl delete pod -n {wanted.namespace} {wanted.name}"
        return Absent(f"the end of {wanted.title}", AbsentKind.UNREADABLE, why, get)
    return None


async def _running(cluster: Cluster, wanted: NodePod) -> None:
    """Raises TargetError where it will not run."""
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    waits = ""
    await cluster.make_node_pod(wanted)
    with anyio.move_on_after(READY_S):
        while True:
            pod = await cluster.pod(wanted.namespace, wanted.name)
            container = pod.container(wanted.container.container)
            if container is not None and isinstance(container.state, Running):
                return
            waits = _waits(wanted, pod)
            await anyio.sleep(LOOKED_EVERY_S)
    last = f", last: {waits}" if waits else ": its kubelet says nothing of it"
    raise _useless(wanted, f"it does not run after {format_duration(READY_S)}{last}")


def _waits(wanted: NodePod, pod: Pod) -> str:
    """For what, "" where that is not told. Raises TargetError where it waits for nothing that comes."""
    container = pod.container(wanted.container.container)
    state = None if container is None else container.state
    if isinstance(state, Terminated):
        raise _useless(wanted, f"it ended at once: {_told(state.reason, state.message)}")
    if pod.phase in ENDED:
        raise _useless(wanted, f"its node refused it: {_told(pod.reason, pod.message)}")
    if isinstance(state, Waiting):
        if state.reason in HOPELESS:
            raise _useless(wanted, _told(state.reason, state.message))
        return _told(state.reason, state.message)
    return ""


def _told(reason: str, message: str) -> str:
    return ": ".join(each for each in (reason, " ".join(message.split())[:300]) if each) or "it says nothing"


def _useless(wanted: NodePod, why: str) -> TargetError:
    return TargetError(
        f"the pod of image {wanted.image} on node {wanted.node} is of no use",
        why=why,
        next_step=f"kubectl describe node {wanted.node}    # or is it the wrong image? It needs python3, and a node"
        " that can pull it",
    )
