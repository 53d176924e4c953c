"""The tables are what the migrations make, and no migration loses a row; on SQLite and on a real PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Double, Float, Integer, LargeBinary, MetaData, insert, select, text

import oakum.store
from oakum.model.errors import CallerError, MachineError
from oakum.store import open_store, schema, tables
from oakum.store.database import Database

MIGRATIONS = Path(oakum.store.__file__).with_name("migrations")


@pytest.fixture
def database(databases):
    made = Database(databases.place())
    yield made
    made.close()


def difference(connection):
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    return compare_metadata(context, tables.metadata)


def test_the_tables_are_what_all_migrations_together_make(database):
    schema.prepare(database)
    assert database.read(difference) == []


def test_a_table_that_no_migration_makes_would_be_found(database):
    database.write(lambda connection: schema.migrate(connection, "0003"))
    assert {change[0] for change in database.read(difference)} == {"add_table", "add_column"}


def test_every_revision_is_known_without_loading_alembic():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert tuple(step.revision for step in reversed(list(script.walk_revisions()))) == schema.REVISIONS
    assert script.get_heads() == [schema.HEAD]


def rows_of(connection):
    """Every row of every table, by the table's name: its values by column."""
    known = MetaData()
    known.reflect(connection)
    return {
        table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
        for table in known.sorted_tables
        if table.name != "alembic_version"
    }


def fill(connection):
    """One row in every table that is there, with a value of its own in every column."""
    known = MetaData()
    known.reflect(connection)
    for table in known.sorted_tables:
        if table.name != "alembic_version":
            connection.execute(insert(table).values({column: value_of(column) for column in table.columns}))


def value_of(column):
    if column.foreign_keys and column.nullable:
        return None
    if isinstance(column.type, Double | Float):
        return 1_790_000_000.125
    if isinstance(column.type, BigInteger):
        return 1 << 40
    if isinstance(column.type, Integer):
        return 1
    if isinstance(column.type, LargeBinary):
        return b"\x00state"
    return f'{{"{column.table.name}":"{column.name}"}}'


@pytest.mark.parametrize("revision", schema.REVISIONS)
def test_an_upgrade_from_every_earlier_revision_keeps_every_row(database, revision):
    database.write(lambda connection: schema.migrate(connection, revision))
    database.write(fill)
    before = database.read(rows_of)
    assert all(before.values())
    schema.prepare(database)
    after = database.read(rows_of)
    kept = {name: [{column: row[column] for column in before[name][0]} for row in after[name]] for name in before}
    assert kept == before
    assert database.read(difference) == []


def test_a_database_of_a_newer_oakum_is_left_as_it_is(database):
    schema.prepare(database)
    database.write(lambda connection: connection.execute(text("update alembic_version set version_num = '9999'")))
    with pytest.raises(MachineError, match="newer Oakum") as caught:
        open_store(database.place, blobs="unused")
    assert "pip install --upgrade" in caught.value.next_step
    assert database.read(lambda connection: connection.scalar(text("select version_num from alembic_version"))) == (
        "9999"
    )


def test_a_database_of_somebody_else_is_not_written_to(database):
    database.write(lambda connection: connection.execute(text("create table theirs (x integer)")))
    with pytest.raises(CallerError, match="no record of Oakum's"):
        open_store(database.place, blobs="unused")
    assert set(database.read(rows_of)) == {"theirs"}


def test_an_upgrade_that_fails_half_way_leaves_the_older_tables(database, monkeypatch):
    database.write(lambda connection: schema.migrate(connection, "0001"))

    def torn(connection, revision):
        migrate(connection, "0003")
        raise OSError("the power went")

    migrate = schema.migrate
    monkeypatch.setattr(schema, "migrate", torn)
    with pytest.raises(OSError, match="power"):
        schema.prepare(database)
    assert "plans" not in database.read(rows_of)
    monkeypatch.undo()
    schema.prepare(database)
    assert database.read(difference) == []
