"""The document: a section that this run did not make stays as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from bench.judge.report.section import FOLDER, SOURCES, Section

NAME = "bench-judge.md"
HEAD = """# The judge measured

Written by `make bench-judge` (`DATA=PATH` for the real series too); change nothing by hand. Each section says when and
on what it was made.

Every method is asked online, every five minutes, with earlier samples only. A leak counts as found at the first `leak`
after its onset; false alarms on healthy time are merged within six hours into episodes, and precision counts series
with a false episode. A rule that never stops alarming has one episode per series: the time under alarm tells of it.
Delay and headroom are those of leaks that were found. All methods but Oakum are told the true limit even where the
series does not show it; PrecogMF, which is slow as published, is asked once an hour. Answers of the Prometheus rules
and of Mann-Kendall are computed for all moments at once, so their cost per answer is a lower bound; `bench-speed.md`
has the cost per series.
"""


def merged(old: str, sections: Mapping[str, str]) -> str:
    """``sections``: new texts by key."""
    parts = [HEAD]
    for source in SOURCES:
        text = sections.get(source.key) or _kept(old, source.key) or _missing(source.key, source.title)
        parts.append(f"<!-- {source.key}: begin -->\n{text.strip()}\n<!-- {source.key}: end -->\n")
    return "\n".join(parts)


def _kept(old: str, key: str) -> str:
    found = re.search(rf"<!-- {key}: begin -->\n(.*?)\n<!-- {key}: end -->", old, re.DOTALL)
    return found[1] if found else ""


def _missing(key: str, title: str) -> str:
    more = " DATA=PATH" if key == "real" else ""
    return f"## {title}\n\nNot made yet: `make bench-judge{more}`."


def write(docs: Path, sections: list[Section]) -> list[Path]:
    """The document and the files of its sections; files of a section that are no longer made are removed."""
    page, folder = docs / NAME, docs / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    written = [page]
    for section in sections:
        for stale in sorted(folder.glob(f"{section.key}-*")):
            if stale.name not in section.files:
                stale.unlink()
        for name, text in section.files.items():
            (folder / name).write_text(text, encoding="utf-8")
            written.append(folder / name)
    old = page.read_text(encoding="utf-8") if page.is_file() else ""
    page.write_text(merged(old, {section.key: section.text for section in sections}), encoding="utf-8")
    return written
