"""The policy: where it is looked for, what it may say, and what is told of a file that is wrong."""

from __future__ import annotations

from dataclasses import fields

import pytest

from oakum import wiring
from oakum.model.errors import CallerError, MachineError
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
