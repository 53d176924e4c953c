"""Plans with their steps and approvals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from oakum.model.errors import CallerError, RefusedError
from oakum.model.plan_record import Approval, PlanRecord, StepRecord, StepState
from oakum.model.step import Step
from oakum.store import tables
from oakum.store.database import Database


class SqlPlans:
    """``Plans`` of the ports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, plan: PlanRecord) -> PlanRecord:
        def work(connection: Connection) -> PlanRecord:
            row = {**_row(plan), "revision": 1, "incident": plan.incident, "made_at_s": plan.made_at_s}
            made = connection.execute(insert(tables.plans).values(**row)).inserted_primary_key
            assert made is not None
            for number, step in enumerate(plan.steps, 1):
                connection.execute(insert(tables.steps).values(plan=made[0], number=number, **_step_row(step)))
            return replace(plan, number=made[0], revision=1)

        return self._database.write(work)

    def get(self, number: int) -> PlanRecord:
        return self._database.read(lambda connection: _get(connection, number))

    def of(self, incident: int) -> Sequence[PlanRecord]:
        def work(connection: Connection) -> Sequence[PlanRecord]:
            table = tables.plans
            wanted = select(table.c.number).where(table.c.incident == incident).order_by(table.c.number)
            return [_get(connection, number) for number in connection.scalars(wanted).all()]

        return self._database.read(work)

    def change(self, plan: PlanRecord) -> PlanRecord:
        def work(connection: Connection) -> PlanRecord:
            table = tables.plans
            found = connection.execute(
                update(table)
                .where(table.c.number == plan.number, table.c.revision == plan.revision)
                .values(revision=plan.revision + 1, **_row(plan))
            )
            if found.rowcount != 1:
                _get(connection, plan.number)
                raise RefusedError(
                    f"plan {plan.number} was changed by another Oakum",
                    why="it is not what it was when it was read; nothing was written",
                    next_step="the same command again",
                )
            steps = tables.steps
            for number, step in enumerate(plan.steps, 1):
                connection.execute(
                    update(steps).where(steps.c.plan == plan.number, steps.c.number == number).values(**_step_row(step))
                )
            return replace(plan, revision=plan.revision + 1)

        return self._database.write(work)

    def approve(self, approval: Approval) -> None:
        def work(connection: Connection) -> None:
            plan = _get(connection, approval.plan)
            if plan.digest != approval.digest:
                raise RefusedError(
                    f"plan {plan.number} is not what was shown",
                    why="an approval holds for what was shown, and nothing else",
                    next_step="look at the plan again, then approve it",
                )
            table = tables.approvals
            last = connection.scalar(select(func.max(table.c.number)).where(table.c.plan == plan.number)) or 0
            connection.execute(insert(table).values(number=last + 1, **asdict(approval)))

        self._database.write(work)

    def approvals(self, plan: int) -> Sequence[Approval]:
        table = tables.approvals
        wanted = select(table).where(table.c.plan == plan).order_by(table.c.number)
        return self._database.read(
            lambda connection: [
                Approval(row.plan, row.digest, row.author, row.how, row.at_s) for row in connection.execute(wanted)
            ]
        )


def _get(connection: Connection, number: int) -> PlanRecord:
    row = connection.execute(select(tables.plans).where(tables.plans.c.number == number)).one_or_none()
    if row is None:
        raise CallerError(f"there is no plan {number}", next_step="oakum incident list")
    wanted = select(tables.steps).where(tables.steps.c.plan == number).order_by(tables.steps.c.number)
    return PlanRecord(
        row.incident,
        row.target,
        row.made_at_s,
        row.digest,
        tuple(_step(step) for step in connection.execute(wanted)),
        seen=row.seen,
        state=StepState(row.state),
        number=row.number,
        revision=row.revision,
    )


def _row(plan: PlanRecord) -> dict[str, object]:
    return {"target": plan.target, "state": plan.state.value, "digest": plan.digest, "seen": plan.seen}


def _step_row(record: StepRecord) -> dict[str, object]:
    return {
        "state": record.state.value,
        "step": asdict(record.step),
        "undo_data": record.undo_data,
        "began_at_s": record.began_at_s,
        "ended_at_s": record.ended_at_s,
        "outcome": record.outcome,
    }


def _step(row: Row[Any]) -> StepRecord:
    return StepRecord(
        Step(**row.step),
        StepState(row.state),
        undo_data=row.undo_data,
        began_at_s=row.began_at_s,
        ended_at_s=row.ended_at_s,
        outcome=row.outcome,
    )
