"""Alembic's way in: the caller brings the connection, and its transaction."""

from __future__ import annotations

from alembic import context

from oakum.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
