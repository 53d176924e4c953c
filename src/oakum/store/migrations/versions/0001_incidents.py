"""The record of incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "incidents",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("open_fingerprint", sa.Text()),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("escalation", sa.Integer(), nullable=False),
        sa.Column("opened_at_s", sa.Double(), nullable=False),
        sa.Column("clock_from_s", sa.Double(), nullable=False),
        sa.Column("changed_at_s", sa.Double(), nullable=False),
        sa.Column("closed_at_s", sa.Double()),
        sa.Column("closed_why", sa.Text(), nullable=False),
        sa.Column("before", sa.Integer()),
        sa.Column("document", sa.Text(), nullable=False),
        sa.UniqueConstraint("open_fingerprint", name="uq_incidents_open_fingerprint"),
        sa.ForeignKeyConstraint(["before"], ["incidents.number"], name="fk_incidents_before"),
        sa.PrimaryKeyConstraint("number", name="pk_incidents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_incidents_identity", "incidents", ["identity"])
    op.create_table(
        "timeline",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_timeline_incident"),
        sa.PrimaryKeyConstraint("incident", "number", name="pk_timeline"),
    )
    op.create_table(
        "assessments",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("samples", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_assessments_incident"),
        sa.PrimaryKeyConstraint("incident", "number", name="pk_assessments"),
    )
    op.create_table(
        "evidence",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("at_s", sa.Double(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.number"], name="fk_evidence_incident"),
        sa.PrimaryKeyConstraint("incident", "number", name="pk_evidence"),
    )
    op.create_index("ix_evidence_digest", "evidence", ["digest"])
