"""docs/stories.md: five leaks, from symptom to proof, of answers that a run left: ``python -m lab.zoo stories``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lab.zoo.answered import COLUMNS, answer, printed
from lab.zoo.asked import AGREED
from lab.zoo.case import FIXED, LEAK, Case, CaseError, cases
from lab.zoo.changed import changed, fenced, sentence
from lab.zoo.results import ROOT, Result, Results
from oakum.render.story_lines import lead_line

PAGE: Final = ROOT / "docs" / "stories.md"
TOLD: Final = {
    "python/live_scores": "Python: listeners that nobody removes",
    "node/presence": "Node.js: timers of visitors who left",
    "jvm/Baskets": "Java: reminders of baskets that are paid",
    "go/rates": "Go: goroutines that wait for nobody",
    "native/carts": "C: carts in a table that is never cleared",
}
"""Case → title, in the order of the page."""

HEAD: Final = """# Five leaks, from symptom to proof

Five services of [the leak zoo](leak-zoo.md), each with what it keeps, the lines that leak, what `oakum investigate`
printed while requests came in, and what it said once they were mended. Written by `python -m lab.zoo stories` from the
answers of its last run; change nothing by hand. It is the text of a terminal of {columns} columns, rendered again from
`-o json`: only the curve of samples is missing, which JSON does not keep, and folders of the machine are `…/`. How
often such an answer is right is counted in [the figures](bench-zoo.md); more services with their answers are in
[the library of cases](cases.md).
"""


def told_cases() -> list[Case]:
    """In the order of the page. Raises CaseError where one is no more."""
    found = {case.id: case for case in cases(tuple(TOLD))}
    if missing := [name for name in TOLD if name not in found or found[name].kind != LEAK]:
        raise CaseError(f"{', '.join(missing)}: no leak of that name")
    return [found[name] for name in TOLD]


def page(results: Results) -> str:
    """Raises CaseError where a variant was not run, or a folder of the machine would be shown."""
    text = "\n".join([HEAD.format(columns=COLUMNS), *(line for case in told_cases() for line in _story(case, results))])
    if found := re.search(r"(?<![\w./…])/(?:tmp|root|home|work)/\S*", text):
        raise CaseError(f"{found[0]} would be shown: a folder of the machine")
    return f"{text.rstrip()}\n"


def written(results: Results) -> Path:
    PAGE.write_text(page(results), encoding="utf-8")
    return PAGE


def _story(case: Case, results: Results) -> Iterator[str]:
    leaking, mended = (_result(case, variant, results) for variant in (LEAK, FIXED))
    yield f"## {TOLD[case.id]}\n"
    yield f"{sentence(case)}\n\nThe lines that leak (`-`), and those that do not (`+`):\n"
    yield from fenced("diff", changed(case))
    day = datetime.fromtimestamp(leaking.at_s, UTC).date().isoformat()
    yield f"\n`{case.id}`, {day}, {leaking.got_per_s:.0f} requests/s, load {leaking.load:.1f}:\n"
    found = answer(results.answer(case, leaking))
    options = "".join(f" {option}" for option in (*AGREED.get(case.runtime, ()), *case.options))
    command = f"$ oakum investigate {found.target} --for {_for_s(case, leaking):g}s{options}"
    yield from fenced("text", [command, *printed(found).rstrip().splitlines()])
    said = answer(results.answer(case, mended))
    yield f"\nMended, under the same load for {_for_s(case, mended):g} s:\n"
    yield from fenced("text", [lead_line(said)])
    yield ""


def _for_s(case: Case, result: Result) -> float:
    from lab.zoo.run import LONGER  # noqa: PLC0415

    return case.for_s * (LONGER if len(result.looks) > 1 else 1)


def _result(case: Case, variant: str, results: Results) -> Result:
    found = results.latest(case, variant)
    if found is None:
        raise CaseError(f"no answer is kept: python -m lab.zoo run --only {case.id} --variant {variant}")
    return found
