"""The policy: where it is looked for, what it may say, and what is told of a file that is wrong."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from dataclasses import fields

import pytest

from oakum import wiring
from oakum.incident import IncidentSettings
from oakum.model.errors import CallerError, MachineError
from oakum.model.incident import Runbook
from oakum.model.policy import Policy


@pytest.fixture
def places(tmp_path, monkeypatch):
    """(the folder we are in, the user's own folder)."""
    here, home = tmp_path / "here", tmp_path / "home"
    here.mkdir()
    (home / "oakum").mkdir(parents=True)
    monkeypatch.chdir(here)
    monkeypatch.delenv("OAKUM_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    return here, home


def written(path, text):
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_hold(places):
    assert wiring.policy() == Policy()


def test_the_named_file_comes_before_the_one_here_and_that_before_the_users(places, tmp_path, monkeypatch):
    here, home = places
    name = fields(Policy)[0].name
    written(home / "oakum" / "oakum.toml", f"[policy]\n{name} = 3\n")
    assert getattr(wiring.policy(), name) == 3
    written(here / "oakum.toml", f"[policy]\n{name} = 2\n")
    assert getattr(wiring.policy(), name) == 2
    monkeypatch.setenv("OAKUM_CONFIG", str(written(tmp_path / "mine.toml", f"[policy]\n{name} = 1\n")))
    assert getattr(wiring.policy(), name) == 1


def test_every_field_can_be_set(places):
    lines = [f"{field.name} = {number + 1}" for number, field in enumerate(fields(Policy))]
    written(places[0] / "oakum.toml", "[policy]\n" + "\n".join(lines))
    policy = wiring.policy()
    assert [getattr(policy, field.name) for field in fields(Policy)] == list(range(1, len(lines) + 1))


def test_a_file_about_something_else_changes_nothing(places):
    written(places[0] / "oakum.toml", "[colours]\nlimit = 'red'\n")
    assert wiring.policy() == Policy()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[policy\n", "is not TOML"),
        ("\xff\xfe", "is not TOML"),
        ("[policy]\nnonsense = 1\n", "no field 'nonsense'"),
        ("policy = 3\n", "[policy]"),
        ("[[policy]]\nx = 1\n", "[policy]"),
        *[
            (f"[policy]\n{fields(Policy)[0].name} = {value}\n", "=")
            for value in ("0", "-1", "true", "'80'", "nan", "inf")
        ],
    ],
)
def test_a_file_that_is_wrong_is_the_callers_and_is_named(places, text, words):
    path = places[0] / "oakum.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(CallerError) as caught:
        wiring.policy()
    assert words in caught.value.what
    assert "oakum.toml" in caught.value.what
    assert caught.value.next_step


def test_a_named_file_that_is_not_there_is_told(places, monkeypatch):
    monkeypatch.setenv("OAKUM_CONFIG", "nowhere.toml")
    with pytest.raises(MachineError, match="cannot read"):
        wiring.policy()


@pytest.fixture
def no_store(monkeypatch, tmp_path):
    monkeypatch.delenv("OAKUM_STORE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_the_record_is_where_it_was_asked_for_then_the_environment_then_the_file_then_the_users_folder(
    places, no_store, tmp_path, monkeypatch
):
    def place(named=""):
        with closing(wiring.store(named)) as store:
            return store.place

    assert place() == str(tmp_path / "state" / "oakum" / "oakum.db")
    written(places[0] / "oakum.toml", f"[store]\nurl = '{tmp_path}/file.db'\nblobs = '{tmp_path}/blobs'\n")
    assert place() == str(tmp_path / "file.db")
    monkeypatch.setenv("OAKUM_STORE", str(tmp_path / "environment.db"))
    assert place() == str(tmp_path / "environment.db")
    assert place(str(tmp_path / "asked.db")) == str(tmp_path / "asked.db")
    with closing(wiring.store()) as store:
        store.blobs.put([b"x"])
    assert (tmp_path / "blobs").is_dir()


def test_looking_for_a_record_makes_none(places, no_store, tmp_path):
    assert wiring.store_if_there() is None
    assert wiring.store_if_there(str(tmp_path)) is None
    assert not (tmp_path / "state").exists()
    wiring.store().close()
    with closing(wiring.store_if_there()) as store:
        assert store.place == str(tmp_path / "state" / "oakum" / "oakum.db")


@pytest.mark.parametrize("text", ["[store]\nplace = 'x'\n", "[store]\nurl = 3\n", "[store]\nurl = ''\n", "store = 3\n"])
def test_a_store_that_is_wrong_in_the_file_is_the_callers(places, no_store, text):
    written(places[0] / "oakum.toml", text)
    with pytest.raises(CallerError, match="store"):
        wiring.store()


def test_a_record_is_opened_without_alembic_postgresql_or_buckets_once_its_tables_are_there(tmp_path):
    place = str(tmp_path / "oakum.db")
    code = f"from oakum import wiring\nwiring.store({place!r}).close()\nimport sys\nprint(*sys.modules)"

    def loaded():
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=20)
        return set(run.stdout.split()) & {"sqlalchemy", "alembic", "psycopg", "obstore"}

    assert loaded() == {"sqlalchemy", "alembic"}
    assert loaded() == {"sqlalchemy"}


def test_what_people_say_once_of_incidents_is_read(places):
    assert wiring.incident_settings() == IncidentSettings()
    text = """[incident]
owner = "the shop"
impact_user = "checkout fails"
impact_business = "orders are lost"
contacts = ["a", "b"]
[incident.runbook]
id = "RB-010"
last_tested = "2026-09-01"
related = ["RB-001"]
"""
    written(places[0] / "oakum.toml", text)
    runbook = Runbook("RB-010", last_tested="2026-09-01", related=("RB-001",))
    assert wiring.incident_settings() == IncidentSettings(
        "the shop", "checkout fails", "orders are lost", ("a", "b"), runbook
    )


@pytest.mark.parametrize(
    "text",
    [
        "incident = 3",
        "[incident]\nnonsense = 'x'",
        "[incident]\nowner = 3",
        "[incident]\ncontacts = 'a'",
        "[incident]\ncontacts = [1]",
        "[incident]\nrunbook = 'RB'",
        "[incident.runbook]\nnonsense = 'x'",
        "[incident.runbook]\nid = 10",
        "[incident.runbook]\nrelated = 'RB'",
    ],
)
def test_what_is_wrong_about_incidents_in_the_file_is_the_callers(places, text):
    written(places[0] / "oakum.toml", text + "\n")
    with pytest.raises(CallerError, match="incident"):
        wiring.incident_settings()


def test_the_person_behind_sudo_is_the_author(monkeypatch):
    monkeypatch.setattr("os.getuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "ann")
    assert wiring.author() == "ann"
    monkeypatch.delenv("SUDO_USER")
    assert wiring.author() == "root"
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    assert wiring.author() == "4000000000"


PATTERN = "[[pattern]]\nid = '{}'\npattern = 'cart {}'\nmeaning = 'm'\n"


def test_patterns_of_logs_come_from_oakum_toml_and_from_files_that_are_named(places, tmp_path):
    here, _ = places
    ours = wiring.log_patterns()
    (here / "more").mkdir()
    written(here / "more" / "shop.toml", PATTERN.format("one", "one") + PATTERN.format("two", "two"))
    written(here / "oakum.toml", "[logs]\npatterns = ['more/shop.toml']\n")
    named = written(tmp_path / "named.toml", PATTERN.format("two", "more"))
    found = {pattern.id: pattern for pattern in wiring.log_patterns([named])}
    assert len(found) == len(ours) + 2
    assert found["two"].pattern == "cart more"


def test_a_file_of_patterns_that_is_not_there_or_wrong_is_named(places, tmp_path):
    with pytest.raises(CallerError, match="cannot read patterns from"):
        wiring.log_patterns([tmp_path / "none.toml"])
    with pytest.raises(CallerError, match=r"wrong\.toml: pattern 1"):
        wiring.log_patterns([written(tmp_path / "wrong.toml", "[[pattern]]\nid = 'x'\n")])
    written(places[0] / "oakum.toml", "[logs]\npatterns = 'x.toml'\n")
    with pytest.raises(CallerError, match="patterns"):
        wiring.log_patterns()
