"""Lets the tests of this folder import the fakes and the worlds: pytest's importlib mode puts no folder on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FAKES = next(folder / "fakes" for folder in Path(__file__).parents if (folder / "fakes").is_dir())
sys.path[:0] = [str(FAKES), str(Path(__file__).parent)]

from stores import databases, postgres  # noqa: E402, F401  (the path is set just above; fixtures)
from worlds import fake_world, real_world  # noqa: E402


@pytest.fixture(params=[real_world, fake_world], ids=["this machine", "fake"])
def world(request, tmp_path):
    with request.param(tmp_path) as world:
        yield world
