"""Lets the tests of this folder import the fakes, the worlds and the lab.

pytest's importlib mode puts no folder on the path.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FAKES = next(folder / "fakes" for folder in Path(__file__).parents if (folder / "fakes").is_dir())
sys.path[:0] = [str(FAKES), str(Path(__file__).parent), str(Path(__file__).parents[2])]

from stores import databases, postgres  # noqa: E402, F401  (the path is set just above; fixtures)
from worlds import afar_world, fake_world, real_world  # noqa: E402

WORLDS = {"this machine": real_world, "fake": fake_world, "from afar": afar_world}
NEAR = ("this machine", "fake")
FROM_AFAR = {"test_contract_memories", "test_contract_processes"}
"""What a program in a container offers too."""


def pytest_generate_tests(metafunc):
    if "world" in metafunc.fixturenames and not hasattr(metafunc.module, "world"):
        names = WORLDS if metafunc.module.__name__.rpartition(".")[2] in FROM_AFAR else NEAR
        metafunc.parametrize("world", list(names), indirect=True)


@pytest.fixture
def world(request, tmp_path):
    with WORLDS[request.param](tmp_path) as world:
        yield world
