"""The library of patterns as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.model.log import LogPattern


def patterns_markdown(patterns: Sequence[LogPattern]) -> str:
    """A table for each runtime, in the order in which they first come."""
    runtimes = dict.fromkeys(pattern.runtime for pattern in patterns)
    return "\n\n".join(_table(runtime, [each for each in patterns if each.runtime == runtime]) for runtime in runtimes)


def _table(runtime: str, patterns: Sequence[LogPattern]) -> str:
    rows = [
        f"| `{pattern.id}` | {_cell(pattern.error)} | {pattern.tells.value} | {_cause(pattern)} |"
        f" {_cell(pattern.meaning)} | {_cell(pattern.action)} |"
        for pattern in patterns
    ]
    head = f"### {runtime}\n\n| id | error | tells | cause | meaning | action |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([head, *rows])


def _cause(pattern: LogPattern) -> str:
    return "" if pattern.cause is None else f"`{pattern.cause.value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
