"""Names of scans, and what they found, packed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("scans", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.add_column("scans", sa.Column("packed", sa.LargeBinary()))
