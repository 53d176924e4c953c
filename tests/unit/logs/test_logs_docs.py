"""The page of patterns is what the library holds."""

from __future__ import annotations

from pathlib import Path

from oakum.logs import library
from oakum.render.table_patterns import patterns_markdown

PAGE = Path(__file__).parents[3] / "docs" / "logs.md"


def test_the_table_of_the_page_is_that_of_the_library():
    assert PAGE.read_text(encoding="utf-8").endswith(f"\n\n{patterns_markdown(library())}\n")
