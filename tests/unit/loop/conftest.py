"""Lets the tests of this folder import the fakes and render's examples: importlib mode puts none on the path."""

from __future__ import annotations

import sys
from pathlib import Path

FAKES = next(folder / "fakes" for folder in Path(__file__).parents if (folder / "fakes").is_dir())
sys.path[:0] = [str(FAKES), str(Path(__file__).parents[1] / "render"), str(Path(__file__).parent)]
