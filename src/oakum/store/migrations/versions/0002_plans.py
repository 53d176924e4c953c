"""Plans, their steps, and who approved them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("made_at_s", sa.Double(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_plans_incident"),
        sa.PrimaryKeyConstraint("number", name="pk_plans"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_plans_incident", "plans", ["incident"])
    op.create_table(
        "steps",
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("undo_data", sa.Text()),
        sa.Column("began_at_s", sa.Double()),
        sa.Column("ended_at_s", sa.Double()),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plans.number"], name="fk_steps_plan"),
        sa.PrimaryKeyConstraint("plan", "number", name="pk_steps"),
    )
    op.create_table(
        "approvals",
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plans.number"], name="fk_approvals_plan"),
        sa.PrimaryKeyConstraint("plan", "number", name="pk_approvals"),
    )
