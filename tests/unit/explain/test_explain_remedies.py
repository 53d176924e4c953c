"""Every cause in every runtime has advice and an example, or a reason why it does not exist there."""

from __future__ import annotations

import ast
import importlib

import pytest

from oakum.explain.remedies import LANGUAGES, NOT_APPLICABLE, advised, remedy_of
from oakum.model.cause import CauseName, Example

BY_RULES = {
    CauseName.UNBOUNDED_CACHE: "unbounded_cache",
    CauseName.LISTENER: "listener",
    CauseName.TIMER: "timer",
    CauseName.CLOSURE: "closure",
    CauseName.GLOBAL: "global_",
    CauseName.THREAD_LOCAL: "thread_local",
    CauseName.STATIC_COLLECTION: "static_collection",
    CauseName.SESSION_STATE: "session_state",
    CauseName.QUEUE_BACKLOG: "queue_backlog",
    CauseName.NATIVE_ALLOCATION: "native_allocation",
    CauseName.FRAGMENTATION: "fragmentation",
}
"""Of Python, those whose rule carries its example by itself."""


def example_of(name: CauseName, language: str) -> Example | None:
    found = remedy_of(name, language)
    if found is not None:
        return found.example
    if language == "Python" and name in BY_RULES:
        return importlib.import_module(f"oakum.explain.causes.{BY_RULES[name]}").EXAMPLE
    return None


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
