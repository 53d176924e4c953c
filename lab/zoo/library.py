"""docs/cases.md: the library of cases, made of their headers: ``python -m lab.zoo library``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from lab.zoo.case import LEAK, Case, cases
from lab.zoo.changed import changed, fenced, sentence
from lab.zoo.results import ROOT, Results
from lab.zoo.score import Said
from oakum.render.markdown import code

PAGE: Final = ROOT / "docs" / "cases.md"
NAMES: Final = {"python": "Python", "node": "Node.js", "jvm": "Java", "go": "Go", "ruby": "Ruby", "native": "C and C++",
                "postgres": "PostgreSQL", "redis": "Redis"}  # fmt: skip

HEAD: Final = """# The library of cases

Services of [the leak zoo](leak-zoo.md), one file each in `lab/zoo/cases`: the symptom in a sentence, the cause, who
holds it, the lines that leak (`-`) and those that do not (`+`), and what Oakum named first when it was run last. Those
that look guilty and are not stand last of each runtime. Find yours by the symptom, and hold its lines beside your own.
Five of them are told [from symptom to proof](stories.md). All are ours: cases of other firms come without a source.

Written by `python -m lab.zoo library` from the headers of the files; change nothing by hand.
"""
_HEADING = re.compile(r"^### (\S+)$", re.MULTILINE)
_SAID = re.compile(r"^Oakum said: .*$", re.MULTILINE)


def page(found: Sequence[Case], said: Mapping[str, str]) -> str:
    """``said``: the line of what Oakum said, by the case's id."""
    return "\n".join(_lines(found, said)).rstrip() + "\n"


def said_in(text: str) -> dict[str, str]:
    """What a page tells of it, by the case's id."""
    _, *parts = _HEADING.split(text)
    told = zip(parts[::2], parts[1::2], strict=True)
    return {name: line[0] for name, body in told if (line := _SAID.search(body)) is not None}


def written(results: Results) -> Path:
    """With what the results say; where they have none of a case, what the page told before stays."""
    found = cases()
    before = said_in(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    latest = {case.id: results.latest(case, case.variants[0]) for case in found}
    now = {name: _said(result.looks[-1]) for name, result in latest.items() if result is not None}
    PAGE.write_text(page(found, {**before, **now}), encoding="utf-8")
    return PAGE


def _said(look: Said) -> str:
    first = f"; {look.causes[0].cause}, `{code(look.causes[0].holder)}`" if look.causes else ""
    return f"Oakum said: {look.verdict}{first}."


def _lines(found: Sequence[Case], said: Mapping[str, str]) -> Iterator[str]:
    yield HEAD
    yield "| symptom | cause | case |\n| --- | --- | --- |"
    leaks = [case for case in found if case.kind == LEAK]
    yield from (f"| {sentence(case)} | {_causes(case)} | [{case.id}](#{_anchor(case)}) |" for case in leaks)
    for runtime, name in NAMES.items():
        yield f"\n## {name}\n"
        mine = [case for case in found if case.runtime == runtime]
        for case in sorted(mine, key=lambda each: each.kind != LEAK):
            yield from _case(case, said.get(case.id, ""))


def _case(case: Case, said: str) -> Iterator[str]:
    yield f"### {case.id}\n"
    yield f"{sentence(case)}\n"
    if case.kind == LEAK:
        yield f"Cause: {_causes(case)}. Held by {' and '.join(f'`{code(text)}`' for text in case.holder)}.\n"
        yield from fenced("diff", changed(case))
        yield ""
    else:
        yield "It looks guilty and is healthy.\n"
    if said:
        yield f"{said}\n"
    yield f"Run it: `python -m lab.zoo run --only {case.id}`; read it: `python -m lab.zoo show {case.id}`.\n"


def _causes(case: Case) -> str:
    return " or ".join(f"[{name}](causes.md#{name})" for name in case.causes)


def _anchor(case: Case) -> str:
    """As Git hosts make it of the heading."""
    return case.id.replace("/", "").lower()
