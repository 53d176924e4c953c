"""The table of the runbooks: each row once, each command one that is there, and the page as it is made."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

from lab.runbooks import DOCS, GROUPS, LATER, STATES, page, table
from oakum.cli.main import app

FOUND = table()
ROWS = FOUND["row"]
WRONG = typer.BadParameter.__base__
"""What the command line raises for words that it does not know; typer brings a click of its own."""

COMMANDS = sorted({row["run"] for row in (*ROWS, *FOUND["later"]) if "run" in row})


def oakums(line):
    """Each ``oakum …`` of a line of shell, as words without ``oakum`` itself."""
    parts = [[]]
    for word in shlex.split(line, comments=True):
        if word in {"|", "&&", ";"}:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part[1:] for part in parts if part[:1] == ["oakum"]]


def parsed(words):
    """Raises ``WRONG`` where the command line would; nothing is run."""
    command, name = typer.main.get_command(app), "oakum"
    while hasattr(command, "commands"):
        if not words or words[0] not in command.commands:
            raise WRONG(f"{name} has no command {words[:1]}")
        command, name, words = command.commands[words[0]], f"{name} {words[0]}", words[1:]
    command.make_context(name, list(words))


def test_each_row_from_1_to_84_stands_there_once_and_in_order():
    assert [row["number"] for row in ROWS] == list(range(1, 85))
    assert [number for numbers in GROUPS.values() for number in numbers] == list(range(1, 85))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["number"]))
def test_a_row_says_what_it_does_or_what_is_missing(row):
    assert row["state"] in STATES
    assert row["asks"]
    assert ("but" in row) == (row["state"] != "does")
    assert ("run" in row, "prints" in row) == ((row["state"] != "not yet"),) * 2
    assert set(row) <= {"number", "asks", "state", "run", "prints", "but"}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_one_of_the_command_line(line):
    found = oakums(line)
    assert found, f"no oakum in {line!r}"
    for words in found:
        parsed(words)


@pytest.mark.parametrize("line", ["oakum stop", "oakum scan --nothing", "oakum heap", "oakum scan --top few"])
def test_a_command_that_is_not_there_is_told(line):
    (words,) = oakums(line)
    with pytest.raises(WRONG):
        parsed(words)


def test_later_rows_are_those_that_were_not_walked():
    numbers = [number for each in FOUND["later"] for number in each["numbers"]]
    assert len(set(numbers)) == len(numbers)
    assert set(numbers) <= set(LATER)


def test_the_page_is_made_of_the_table():
    assert (DOCS / "runbooks.md").read_text(encoding="utf-8") == page(FOUND), "python -m lab.runbooks"


def test_links_and_pages_that_it_names_are_there():
    text = (DOCS / "runbooks.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\(([a-z-]+\.md)\)|docs/([a-z-]+\.md)", text))
    assert named
    assert all((DOCS / "".join(each)).is_file() for each in named)
