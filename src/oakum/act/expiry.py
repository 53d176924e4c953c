"""What stands longer than it was meant to: a limit that Oakum set, and that nobody took back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from oakum.act.limits import limit_of, near
from oakum.act.stale import actions
from oakum.model.absent import Absent
from oakum.model.action import SetLimit
from oakum.model.hands import LimitFiles
from oakum.model.plan_record import PlanRecord, StepRecord, StepState
from oakum.model.policy import Policy
from oakum.model.sighting import Sighting
from oakum.model.work import Holder


@dataclass(frozen=True, slots=True)
class Expired:
    """One applied step whose time is over. ``stood_s``, ``lasts_s``: how long it has stood, and was meant to.

    ``host``: where, should that be another machine than this.
    """

    action: SetLimit
    stood_s: float
    lasts_s: float
    host: str = ""


def expired(
    record: PlanRecord,
    policy: Policy,
    *,
    now_s: float,
    here: Holder,
    read: Callable[[str], LimitFiles | Absent],
) -> Iterator[Expired]:
    """What of this plan still stands. What this machine no longer has, or somebody else has set anew, does not.

    Another machine's limits cannot be looked at: they are told by the record.
    """
    then = Sighting.of(record.seen)
    for action, step in zip(actions(record), record.steps, strict=True):
        if not isinstance(action, SetLimit) or step.state is not StepState.APPLIED or step.ended_at_s is None:
            continue
        lasts_s = policy.change_lasts_s if action.lasts_s is None else action.lasts_s
        stood_s = now_s - step.ended_at_s
        if stood_s <= lasts_s:
            continue
        if then.host != here.host:
            yield Expired(action, stood_s, lasts_s, then.host)
        elif then.boot == here.boot and _stands(action, step, read(action.cgroup)):
            yield Expired(action, stood_s, lasts_s)


def _stands(action: SetLimit, step: StepRecord, found: LimitFiles | Absent) -> bool:
    if isinstance(found, Absent) or found.inode != (step.undo_data or {}).get("inode"):
        return False
    return near(limit_of(found), action.limit_bytes)
