"""The bench is no part of the distribution: it is imported from the root of the repository."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
for folder in (str(ROOT), str(ROOT / "tests" / "fakes")):
    if folder not in sys.path:
        sys.path.insert(0, folder)
