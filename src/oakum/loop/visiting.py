"""An ephemeral container beside a container: what permits it, and until it runs."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final

from oakum.loop.role_command import role_command
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster
from oakum.model.cluster_pod import Container, ContainerName, Pod, Running, Terminated, Visitor, Waiting
from oakum.model.errors import TargetError
from oakum.model.rights import BESIDE, PROGRAMS
from oakum.model.units import format_duration

READY_S: Final = 90.0
"""Its image is pulled and it is started within so long, in seconds."""

LOOKED_EVERY_S: Final = 0.5
HOPELESS: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CreateContainerConfigError",
        "CreateContainerError",
        "RunContainerError",
    }
)


async def not_permitted(cluster: Cluster, namespace: str, what: str) -> Absent | None:
    """None where all that it takes is allowed."""
    # What looks is started in it by exec: what a container's own program prints is kept by its node, as a log.
    answers = await cluster.may([*BESIDE.within(namespace), *PROGRAMS.within(namespace)])
    missing = [f"{each.question.verb} {each.question.resource}" for each in answers if not each.allowed]
    if not missing:
        return None
    why = f"not allowed to {' and to '.join(missing)} in namespace {namespace}"
    return Absent(what, AbsentKind.NOT_PERMITTED, why, await role_command(cluster, BESIDE.capability, namespace))


async def visited(cluster: Cluster, pod: Pod, target: str, image: str, command: Sequence[str]) -> ContainerName:
    """The container that was added, once it runs. Raises TargetError where it does not come to that."""
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    name = ContainerName(pod.namespace, pod.name, f"oakum-{secrets.token_hex(3)}")
    await cluster.visit(pod, Visitor(name.container, image, target, tuple(command)))
    with anyio.move_on_after(READY_S):
        while True:
            seen = (await cluster.pod(pod.namespace, pod.name)).container(name.container)
            if seen is not None and isinstance(seen.state, Running):
                return name
            _check(name, seen)
            await anyio.sleep(LOOKED_EVERY_S)
    raise _useless(name, image, f"it does not run after {format_duration(READY_S)}")


def _check(name: ContainerName, seen: Container | None) -> None:
    """Raises TargetError where it will not run."""
    state = None if seen is None else seen.state
    image = "" if seen is None else seen.image
    if isinstance(state, Terminated):
        raise _useless(name, image, f"it ended at once: {state.reason} {state.message}".strip())
    if isinstance(state, Waiting) and state.reason in HOPELESS:
        raise _useless(name, image, f"{state.reason}: {state.message}" if state.message else state.reason)


def _useless(name: ContainerName, image: str, why: str) -> TargetError:
    return TargetError(
        f"the ephemeral container {name.container} of image {image} is of no use",
        why=f"{why}; it stays listed in the pod for as long as that lives",
        next_step=f"kubectl describe pod -n {name.namespace} {name.pod}    # is it the right --image, with python3?",
    )
