"""The tables as they are now; ``migrations/`` tells how they came to be, and a test that both say the same.

Times (``…_at_s``) are UTC epoch seconds.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
)

from oakum.store.types import Document, Words

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

incidents = Table(
    "incidents",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
    # Of identity and cause while it is open, empty once it is closed: the same leak is open once.
    Column("open_fingerprint", Words),
    Column("identity", Words, nullable=False),
    Column("target", Words, nullable=False),
    Column("cause", Words, nullable=False),
    Column("holder", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("severity", Words, nullable=False),
    Column("verdict", Words, nullable=False),
    Column("headline", Words, nullable=False),
    Column("alert", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("escalation", Integer, nullable=False),
    Column("opened_at_s", Double, nullable=False),
    Column("clock_from_s", Double, nullable=False),
    Column("changed_at_s", Double, nullable=False),
    Column("closed_at_s", Double),
    Column("closed_why", Words, nullable=False),
    Column("before", Integer, ForeignKey("incidents.number")),
    Column("document", Document, nullable=False),
    UniqueConstraint("open_fingerprint"),
    Index(None, "identity"),
    sqlite_autoincrement=True,
)

timeline = Table(
    "timeline",
    metadata,
    Column("incident", Integer, ForeignKey("incidents.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_s", Double, nullable=False),
    Column("kind", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("facts", Document, nullable=False),
)

assessments = Table(
    "assessments",
    metadata,
    Column("incident", Integer, ForeignKey("incidents.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at_s", Double, nullable=False),
    Column("document", Document, nullable=False),
    Column("samples", Words, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("incident", Integer, ForeignKey("incidents.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("id", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("origin", Words, nullable=False),
    Column("at_s", Double, nullable=False),
    Column("facts", Document, nullable=False),
    Column("digest", Words, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", Words, nullable=False),
    Column("author", Words, nullable=False),
    Index(None, "digest"),
)

plans = Table(
    "plans",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("incident", Integer, ForeignKey("incidents.number"), nullable=False),
    Column("target", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("made_at_s", Double, nullable=False),
    Column("digest", Words, nullable=False),
    Column("seen", Document, nullable=False),
    Index(None, "incident"),
    sqlite_autoincrement=True,
)

steps = Table(
    "steps",
    metadata,
    Column("plan", Integer, ForeignKey("plans.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Words, nullable=False),
    Column("step", Document, nullable=False),
    Column("undo_data", Document),
    Column("began_at_s", Double),
    Column("ended_at_s", Double),
    Column("outcome", Words, nullable=False),
)

approvals = Table(
    "approvals",
    metadata,
    Column("plan", Integer, ForeignKey("plans.number"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("how", Words, nullable=False),
    Column("at_s", Double, nullable=False),
)

mutes = Table(
    "mutes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("scope", Words, nullable=False),
    Column("identity", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("author", Words, nullable=False),
    Column("created_at_s", Double, nullable=False),
    Column("until_s", Double, nullable=False),
    Column("lifted_at_s", Double),
    Column("lifted_by", Words, nullable=False),
    sqlite_autoincrement=True,
)

scans = Table(
    "scans",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("source", Words, nullable=False),
    Column("at_s", Double, nullable=False),
    Column("document", Document, nullable=False),
    Column("name", Words, nullable=False, server_default=""),
    # The whole document, compressed; empty in what was written before there were names.
    Column("packed", LargeBinary),
    Index(None, "source", "at_s"),
    sqlite_autoincrement=True,
)

judge_states = Table(
    "judge_states",
    metadata,
    Column("series", Words, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("at_s", Double, nullable=False),
    Column("state", LargeBinary, nullable=False),
)

works = Table(
    "works",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Words, nullable=False),
    Column("subject", Words, nullable=False),
    Column("again", Words, nullable=False),
    Column("host", Words, nullable=False),
    Column("boot", Words, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("start_ticks", BigInteger, nullable=False),
    Column("began_at_s", Double, nullable=False),
    sqlite_autoincrement=True,
)
