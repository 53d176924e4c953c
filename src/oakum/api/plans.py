"""The twins of ``oakum plan``, ``apply``, ``undo`` and ``verify``: what is done about a leak, and whether it holds."""

from __future__ import annotations

from oakum import wiring
from oakum.act.plan import Wish
from oakum.loop import act as acting
from oakum.loop import verify as verifying
from oakum.loop.progress import Progress, Silent
from oakum.model.plan_record import PlanRecord
from oakum.model.verification import Verification


def make_plan(
    target: str,
    *,
    restart: bool = False,
    stop: bool = False,
    collect: bool = False,
    limit_bytes: int | None = None,
    inspect: bool | None = None,
    watch_s: float = 20.0,
    capture: bool = True,
    store: str = "",
    progress: Progress | None = None,
) -> PlanRecord:
    """As ``oakum plan TARGET|INCIDENT``. Nothing is done."""
    wish = Wish(restart, stop, collect, limit_bytes, inspect)
    with wiring.bench(store, progress or Silent()) as bench:
        return acting.plan(target, wish, bench=bench, watch_s=watch_s, capture=capture)


def apply_plan(
    plan: str, *, yes: bool = False, kill: bool = False, store: str = "", progress: Progress | None = None
) -> PlanRecord:
    """As ``oakum apply PLAN``. ``yes``: your approval; without it nothing is done. ``kill``: SIGKILL too."""
    with wiring.bench(store, progress or Silent()) as bench:
        return acting.apply(plan, acting.Assent(yes=yes, kill=kill), bench=bench)


def undo_plan(plan: str, *, yes: bool = False, store: str = "", progress: Progress | None = None) -> PlanRecord:
    """As ``oakum undo PLAN``. ``yes``: your approval; without it nothing is done."""
    with wiring.bench(store, progress or Silent()) as bench:
        return acting.undo(plan, acting.Assent(yes=yes), bench=bench)


def verify_fix(
    target: str, *, watch_s: float | None = None, on: str = "", store: str = "", progress: Progress | None = None
) -> Verification:
    """As ``oakum verify INCIDENT|TARGET``: watched for as long as the policy's quick check unless told otherwise."""
    with wiring.bench(store, progress or Silent()) as bench:
        return verifying.verify(target, bench=bench, watch_s=watch_s, on=on)
