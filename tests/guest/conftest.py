"""Tests that run inside the lab's virtual machine, where cgroups are of version 2: see tests/lab/vm.py."""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / "lab"), str(TESTS / "fakes")]
