"""Going back to the revision that did not grow, where its growth began with a rollout."""

from __future__ import annotations

from typing import Final

from oakum.model.rollout import Rollout
from oakum.model.step import Plan, Step
from oakum.model.units import format_duration

RISK: Final = (
    "what that rollout brought is gone until it comes again: ask first where it changed a schema, or what others read"
)


def rollback(rollout: Rollout | None, workload: str) -> Plan:
    """``workload``: at the top of its pods' owners: ``deploy/shop/cart``. Empty where nothing is gained by it."""
    kind, namespace, name = workload.split("/")
    if rollout is None or not rollout.began or kind != "deploy":
        return Plan()
    kubectl, deployment = f"kubectl -n {namespace}", f"deployment/{name}"
    before, seen = rollout.before, format_duration(rollout.seen_s)
    if not rollout.since:
        title, command = "Roll back to the revision that did not grow", f"{kubectl} rollout undo {deployment}"
    else:
        title = f"Roll back to the revision of {before}, by its number"
        command = f"{kubectl} get replicaset {before} -o jsonpath='{{.metadata.annotations}}'"
        command += f" && {kubectl} rollout undo {deployment} --to-revision=NUMBER"
    return Plan(
        (
            Step(
                title,
                effect=f"pods of {before} again, which did not grow in {seen}; they are started one after the other",
                risk=RISK,
                command=command,
                undo=f"{kubectl} rollout undo {deployment}",
            ),
        )
    )
