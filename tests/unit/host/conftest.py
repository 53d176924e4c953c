"""Lets the tests of this folder import the fakes: pytest's importlib mode puts no folder on the path."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

FAKES = next(folder / "fakes" for folder in Path(__file__).parents if (folder / "fakes").is_dir())
sys.path.insert(0, str(FAKES))

from live_child import live_child  # noqa: E402  (the path is set just above)


@pytest.fixture
def child():
    with live_child() as child:
        yield child


@pytest.fixture
def open_files():
    """Fails when the test leaves a file open that was not open before. Asked for before the child: left after it."""
    import os  # noqa: PLC0415

    before = set(os.listdir("/proc/self/fd"))
    yield
    assert set(os.listdir("/proc/self/fd")) == before
