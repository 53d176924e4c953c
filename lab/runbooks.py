"""docs/runbooks.md, made of docs/runbooks.toml: ``python -m lab.runbooks``."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).parents[1] / "docs"
STATES: Final = ("does", "partly", "not yet")
GROUPS: Final = {
    "What an incident must carry": range(1, 8),
    "The API server": range(8, 18),
    "Metrics and dashboards": range(18, 29),
    "Node and kernel": range(29, 38),
    "Shapes of growth": range(38, 45),
    "Logs": range(45, 54),
    "Evidence of each runtime": range(54, 75),
    "Common causes": range(75, 79),
    "Dependencies": range(79, 85),
}
LATER: Final = range(85, 137)

HEAD: Final = """# Five runbooks, walked

Five runbooks for memory leaks, as on-call engineers have them, ask for 136 things. This page says of each which
command does it now, what that printed on a walk, and what is missing. Rows that a runbook has wrong are built as they
were meant: no event with the reason OOMKilled exists, `137` is any SIGKILL, `container_memory_usage_bytes` holds page
cache.

The walk was made on the lab's cluster ([lab-cluster](lab-cluster.md)) with its planted workloads, kube-state-metrics
and a Prometheus that scraped it for 20 minutes, and on programs of `lab/` beside it; a busy machine of two cores, at a
load of 5 to 45. What is printed is shortened: ` / ` stands between lines, `…` for what is left out. Where no output
stands, what is read is said.

Made of `runbooks.toml` by `python -m lab.runbooks`; a test holds every command against the command line.
"""


def table() -> Mapping[str, Any]:
    return tomllib.loads((DOCS / "runbooks.toml").read_text(encoding="utf-8"))


def page(found: Mapping[str, Any]) -> str:
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    rows = {row["number"]: row for row in found["row"]}
    counts = Counter(row["state"] for row in rows.values())
    yield HEAD
    done, partly, missing = (counts[state] for state in STATES)
    yield f"Of the {len(rows)} rows that were walked {done} are done, {partly} in part, {missing} not yet."
    for name, numbers in GROUPS.items():
        yield f"\n## {name}\n\n| row | asked for | state | command | it prints |\n|---|---|---|---|---|"
        yield from (_row(rows[number]) for number in numbers)
    yield "\n## What nothing does yet, whole or in part\n"
    yield "| row | asked for | missing, and what it needs |\n|---|---|---|"
    yield from (_cells(row["number"], row["asks"], row["but"]) for row in rows.values() if row["state"] != "does")
    yield "\n## Not walked yet\n"
    yield "Rows 85 to 136: acting, workarounds, fixes, verifying, preventing, phases. What is known of them:\n"
    yield "| rows | command | |\n|---|---|---|"
    for each in found["later"]:
        numbers = ", ".join(map(str, each["numbers"]))
        yield _cells(numbers, _code(each.get("run", "")), each["told"])
    known = {number for each in found["later"] for number in each["numbers"]}
    yield f"\nThe other {len(set(LATER) - known)}: not walked yet.\n"


def _row(row: Mapping[str, Any]) -> str:
    return _cells(row["number"], row["asks"], row["state"], _code(row.get("run", "")), row.get("prints", ""))


def _cells(*cells: object) -> str:
    return f"| {' | '.join(str(cell) if _is_code(cell) else _words(str(cell)) for cell in cells)} |"


def _code(command: str) -> str:
    return f"`{command.replace('|', chr(92) + '|')}`" if command else ""


def _is_code(cell: object) -> bool:
    return str(cell).startswith("`") and str(cell).endswith("`")


def _words(text: str) -> str:
    """No sign of it is markup."""
    for sign in ("\\", "|", "*", "_", "<", "[", "`", "~"):
        text = text.replace(sign, f"\\{sign}")
    return text


if __name__ == "__main__":
    (DOCS / "runbooks.md").write_text(page(table()), encoding="utf-8")
