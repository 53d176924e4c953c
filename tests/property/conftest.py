"""Lets the tests of this folder import the fakes, the fuzzer and their own: pytest's importlib mode puts no folder on
the path.
"""

from __future__ import annotations

import sys
from pathlib import Path

FAKES = next(folder / "fakes" for folder in Path(__file__).parents if (folder / "fakes").is_dir())
sys.path[:0] = [str(FAKES), str(FAKES.parents[1]), str(Path(__file__).parent)]
