"""Going back to the revision that did not grow, where its growth began with a rollout."""

from __future__ import annotations

from typing import Final

from oakum.model.rollout import Rollout
from oakum.model.step import Plan, Step
from oakum.model.units import format_duration

REVISION: Final = r"{.metadata.annotations.deployment\.kubernetes\.io/revision}"

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
    # Without its number kubectl takes the revision before the present one, which these pods may not be of.
    number = f"{kubectl} get replicaset {before} -o jsonpath='{REVISION}'"
    command = f"{kubectl} rollout undo {deployment} --to-revision=$({number})"
    return Plan(
        (
            Step(
                f"Roll back to the revision that did not grow ({before})",
                effect=f"pods of {before} again, which did not grow in {seen}; they are started one after the other",
                risk=RISK,
                command=command,
                undo=f"{kubectl} rollout undo {deployment}",
            ),
        )
    )
