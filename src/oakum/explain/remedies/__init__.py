"""What is to be done about each cause in each runtime, with an example of it: before, and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from oakum.explain.remedies import anywhere, go, java, javascript, native, python, ruby
from oakum.explain.remedies.absent import NOT_APPLICABLE
from oakum.explain.remedies.remedy import Remedy
from oakum.model.cause import Cause, CauseName, Example

LANGUAGES: Final = ("Python", "JavaScript", "Java", "Go", "Ruby", "native")
"""As HeapGrowth has them; ``native``: C, C++ and Rust."""

_BY_LANGUAGE: Final[Mapping[str, Mapping[CauseName, Remedy]]] = {
    "Python": python.REMEDIES,
    "JavaScript": javascript.REMEDIES,
    "Java": java.REMEDIES,
    "Go": go.REMEDIES,
    "Ruby": ruby.REMEDIES,
    "native": native.REMEDIES,
}


def remedy_of(name: CauseName, language: str) -> Remedy | None:
    """None where the cause does not exist there, or where nothing is known of the runtime."""
    return _BY_LANGUAGE.get(language, {}).get(name) or anywhere.REMEDIES.get(name)


def advised(name: CauseName, language: str) -> tuple[str, Example | None]:
    """Advice in any case; the example where the runtime has one."""
    found = remedy_of(name, language)
    if found is not None:
        return found.advice, found.example
    if name in anywhere.ADVICE:
        return anywhere.ADVICE[name], None
    known = next((rows[name] for rows in _BY_LANGUAGE.values() if name in rows), None)
    return (known.advice if known else ""), None


def with_advice(cause: Cause, language: str) -> Cause:
    """What is to be done about it, as ``advised`` says."""
    advice, example = advised(cause.name, language)
    return replace(cause, advice=advice, example=example)


__all__ = ["LANGUAGES", "NOT_APPLICABLE", "Remedy", "advised", "remedy_of", "with_advice"]
