"""The two databases that the record is kept in, each new and empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from postgres_server import PostgresServer

from oakum.store.place import Place, parse_place


class Databases:
    """Makes places of one kind. ``server``: the PostgreSQL behind it, None for SQLite."""

    def __init__(self, make: Callable[[], str], server: PostgresServer | None = None) -> None:
        self._make, self.server = make, server

    def place(self) -> Place:
        return parse_place(self._make())


@contextmanager
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def postgres():
    with server() as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request, tmp_path):
    if request.param == "sqlite":
        names = iter(range(1000))
        return Databases(lambda: str(tmp_path / f"store-{next(names)}" / "oakum.db"))
    made = request.getfixturevalue("postgres")
    return Databases(made.database, made)
