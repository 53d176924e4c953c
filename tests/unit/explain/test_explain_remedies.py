"""Every cause in every runtime has advice and an example, or a reason why it does not exist there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from oakum.explain.catalogue import ENTRIES, catalogue_rows, remedy_in
from oakum.explain.remedies import LANGUAGES, NOT_APPLICABLE, advised, remedy_of
from oakum.model.cause import CauseName, Example
from oakum.render.table_causes import causes_markdown

PAGE = Path(__file__).parents[3] / "docs" / "causes.md"


def example_of(name: CauseName, language: str) -> Example | None:
    found = remedy_in(name, language)
    return None if found is None else found.example


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CauseName)
def test_each_cause_of_each_runtime_has_an_example_or_a_reason_why_not(name, language):
    example, reason = example_of(name, language), NOT_APPLICABLE.get((name, language))
    assert (example is None) != (reason is None), (name, language)
    if example is not None:
        assert example.before.strip()
        assert example.before.strip() != example.after.strip()
        assert example.after.endswith("\n") or language == "Python"
    else:
        assert len(reason) > 10


@pytest.mark.parametrize("name", [name for name in CauseName if example_of(name, "Python") is not None])
def test_python_examples_are_python(name):
    example = example_of(name, "Python")
    compile(example.after, "after.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    compile(example.before, "before.py", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("language", ["JavaScript", "Java", "Go", "native"])
@pytest.mark.parametrize("name", CauseName)
def test_brackets_of_examples_close(name, language):
    example = example_of(name, language)
    for text in (example.after,) if example is not None else ():
        for opens, closes in ("()", "{}", "[]"):
            assert text.count(opens) == text.count(closes), (name, language, text)


@pytest.mark.parametrize("language", [*LANGUAGES, "", "Erlang"])
@pytest.mark.parametrize(
    "name",
    [
        CauseName.GC_MISCONFIGURED,
        CauseName.UNDERSIZED_LIMIT,
        CauseName.PAGE_CACHE,
        CauseName.MANY_PROCESSES,
        CauseName.LOAD_GROWTH,
        CauseName.LARGE_LOAD,
        CauseName.CONNECTION_POOL,
    ],
)
def test_what_stands_around_a_process_is_advised_on_whatever_it_runs(name, language):
    advice, _ = advised(name, language)
    assert advice.endswith(".")


def test_what_runbooks_had_wrong_is_not_advised():
    told = " ".join(
        f"{found.advice} {found.example.before} {found.example.after}"
        for name in CauseName
        for language in LANGUAGES
        if (found := remedy_of(name, language)) is not None
    )
    for wrong in ("maxAge", "require('lru-cache')", "PrintGCTimeStamps", "G1NewSizePercent", "drop_caches", "Trove"):
        assert wrong not in told
    assert "new LRUCache({ max, ttl })" in told
    assert "MaxRAMPercentage" in told


def test_the_page_is_the_catalogue():
    assert PAGE.read_text(encoding="utf-8").endswith(f"\n\n{causes_markdown(catalogue_rows())}\n")
    assert set(ENTRIES) == set(CauseName)
