"""Where the record is kept, as a person writes it; a password is never printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from oakum.model.errors import CallerError
from oakum.store.place import FilePlace, PostgresPlace, parse_place


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/var/lib/oakum.db", "/var/lib/oakum.db"),
        ("shop.sqlite", "shop.sqlite"),
        ("/no/such/folder/", "/no/such/folder/oakum.db"),
        ("sqlite:////var/lib/o.db", "/var/lib/o.db"),
        ("sqlite:///o.db", "o.db"),
    ],
)
def test_a_path_is_a_file_of_this_machine(text, path):
    assert parse_place(text) == FilePlace(Path(path))


def test_a_folder_that_is_there_holds_the_usual_file_and_evidence_lies_beside_it(tmp_path):
    place = parse_place(str(tmp_path))
    assert place == FilePlace(tmp_path / "oakum.db")
    assert place.blobs == tmp_path / "oakum.blobs"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_database_is_printed_without_its_password(scheme):
    place = parse_place(f"{scheme}://ann:secret@db.example:5433/leaks?sslmode=require")
    assert isinstance(place, PostgresPlace)
    assert place.url == "postgresql+psycopg://ann:secret@db.example:5433/leaks?sslmode=require"
    assert str(place) == "postgresql://db.example:5433/leaks"


@pytest.mark.parametrize("text", ["mysql://x/y", "http://x", "sqlite://x", "sqlite:///", "://x"])
def test_another_kind_of_place_is_the_callers_mistake(text):
    with pytest.raises(CallerError, match="no place for the record") as caught:
        parse_place(text)
    assert caught.value.next_step
