"""What ``import oakum`` gives: a sorted list of names, each of which is there, and nothing else by accident."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest

import oakum
from oakum import api
from oakum.cli.investigate import investigate
from oakum.cli.scan import scan
from oakum.cli.watch import watch

TREE = ast.parse(Path(oakum.__file__).read_text(encoding="utf-8"))


def names_for_type_checkers():
    (block,) = [node for node in TREE.body if isinstance(node, ast.If)]
    return {
        (alias.asname, node.module) for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }


def test_the_list_is_sorted_and_is_what_dir_shows():
    assert oakum.__all__ == sorted(set(oakum.__all__))
    assert set(oakum.__all__) <= set(dir(oakum))


def test_programs_and_type_checkers_are_told_the_same():
    assert names_for_type_checkers() == set(oakum._HOMES.items())
    assert sorted(oakum._HOMES) == oakum.__all__


@pytest.mark.parametrize("name", oakum.__all__)
def test_every_name_is_there_and_comes_from_where_it_lives(name):
    found = getattr(oakum, name)
    assert found.__module__ == oakum._HOMES[name]
    assert found.__name__ == name


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = oakum.nonsense


@pytest.mark.parametrize(("twin", "command"), [(api.investigate, investigate), (api.scan, scan), (api.watch, watch)])
def test_a_twin_takes_what_the_command_takes(twin, command):
    spoken = {
        "watch_for": "watch_s",
        "sources": "files",
        "max_pause": "max_pause_s",
        "max_copy": "max_copy_s",
        "pause": "pause_s",
        "keep": "keep_s",
        "disk": "disk_bytes",
        "window": "window_s",
        "step": "step_s",
        "budget": "budget_s",
    }
    faces_own = {"output", "file", "top", "interval"}
    wanted = {spoken.get(name, name) for name in inspect.signature(command).parameters} - faces_own
    assert wanted <= set(inspect.signature(twin).parameters)
    assert (twin.__doc__ or "").startswith(f"As ``oakum {command.__name__}")
