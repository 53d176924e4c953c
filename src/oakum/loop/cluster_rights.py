"""What a cluster lets Oakum do, asked of the cluster itself, and what each verb that is missing costs."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

from oakum.loop.facts import Facts
from oakum.loop.role_command import role_command
from oakum.model.absent import Absent, AbsentKind
from oakum.model.cluster import Cluster, Permission, Question
from oakum.model.errors import OakumError
from oakum.model.rights import RIGHTS, Capability, Right, asked, in_a_namespace

WITHIN_S: Final = 8.0
"""A cluster that does not answer within so long is told as such, in seconds."""

ALL_WITHIN_S: Final = 30.0
"""The same for all questions together: about forty, one after the other on one connection."""


@dataclass(frozen=True, slots=True)
class ClusterFact:
    """As a machine's fact: ``finding`` is a value in words, or why it is missing."""

    name: str
    finding: str | Absent


def cluster_facts(cluster: AbstractAsyncContextManager[Cluster], namespace: str = "") -> list[ClusterFact]:
    """On a loop of its own. ``namespace``: what is allowed there; "" for all. Raises nothing that is the cluster's."""
    import anyio  # noqa: PLC0415  (comes with the extra that opened the cluster)

    async def journey() -> list[ClusterFact]:
        async with cluster as opened:
            with anyio.fail_after(WITHIN_S):
                itself = await _itself(opened)
            with anyio.fail_after(ALL_WITHIN_S):
                return [itself, *await _rights(opened, namespace)]

    try:
        return anyio.run(journey)
    except TimeoutError:
        why = f"it does not answer within {WITHIN_S:.0f} s"
        return [ClusterFact("cluster", Absent("cluster", AbsentKind.UNREADABLE, why, "kubectl cluster-info"))]
    except OakumError as exc:
        return [ClusterFact("cluster", Absent("cluster", AbsentKind.UNREADABLE, exc.brief, exc.next_step))]


async def tell_missing(namespace: str, cluster: Cluster, facts: Facts) -> None:
    """What may not be looked into in a namespace, one fact for each right; what was told already is left out."""
    rights = [each for each in RIGHTS if each.capability is Capability.CAPTURE]
    try:
        answers = await _answers(cluster, rights, namespace)
    except OakumError as exc:
        facts.miss(Absent("what may be looked into", AbsentKind.UNREADABLE, exc.brief, exc.next_step))
        return
    told = " ".join(each.why for each in facts.absent if each.kind is AbsentKind.NOT_PERMITTED)
    for right in rights:
        missing = _missing(right, answers, namespace)
        if missing and right.questions[0].resource not in told:
            facts.miss(await _absent(right, missing, namespace, cluster))


async def _itself(cluster: Cluster) -> ClusterFact:
    place, who = cluster.place, await cluster.whoami()
    known = "" if isinstance(who, Absent) or who == place.user else f", whom it knows as {who}"
    return ClusterFact(
        "cluster", f"{await cluster.version()} at {place.server}, context {place.context} as {place.user}{known}"
    )


async def _rights(cluster: Cluster, namespace: str) -> list[ClusterFact]:
    answers = await _answers(cluster, RIGHTS, namespace)
    here = cluster.place.namespace
    lacking = [
        right
        for right in RIGHTS
        if not right.home and _missing(right, answers, namespace) and all(map(in_a_namespace, right.questions))
    ]
    # Who has a role of one namespace has it where the context is, as a rule.
    nearer = await _answers(cluster, lacking, here) if here and not namespace else {}
    return [await _fact(right, answers, nearer, cluster, namespace=namespace, here=here) for right in RIGHTS]


async def _answers(cluster: Cluster, rights: Iterable[Right], namespace: str) -> dict[Question, Permission]:
    wanted = list(dict.fromkeys(each for right in rights for each in right.within(namespace)))
    return {each.question: each for each in await cluster.may(wanted)} if wanted else {}


async def _fact(
    right: Right,
    answers: dict[Question, Permission],
    nearer: dict[Question, Permission],
    cluster: Cluster,
    *,
    namespace: str,
    here: str,
) -> ClusterFact:
    missing = _missing(right, answers, namespace)
    only = namespace or right.home
    if not missing:
        return ClusterFact(right.title, f"allowed, in {f'namespace {only}' if only else 'all namespaces'}")
    if set(right.within(here)) <= nearer.keys() and not _missing(right, nearer, here):
        return ClusterFact(right.title, f"allowed, in namespace {here}, not in all")
    return ClusterFact(right.title, await _absent(right, missing, namespace, cluster))


def _missing(right: Right, answers: dict[Question, Permission], namespace: str) -> list[Question]:
    return [each for each in right.within(namespace) if not answers[each].allowed]


async def _absent(right: Right, missing: list[Question], namespace: str, cluster: Cluster) -> Absent:
    only = namespace if all(in_a_namespace(each) for each in missing) else ""
    get = await role_command(cluster, right.capability, only)
    return Absent(right.name, AbsentKind.NOT_PERMITTED, f"not allowed: {asked(missing)}; {right.cost}", get)
