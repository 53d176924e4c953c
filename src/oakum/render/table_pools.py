"""The rules for connection pools as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence

from oakum.model.pool import PoolRule


def pools_markdown(rules: Sequence[PoolRule]) -> str:
    """A table for each library, in the order in which they first come."""
    return "\n\n".join(_table(name, rules) for name in dict.fromkeys(rule.library for rule in rules))


def _table(library: str, rules: Sequence[PoolRule]) -> str:
    rows = [
        f"| `{rule.id}` | `{rule.setting}` | {', '.join(rule.wrong)} | {'grave' if rule.grave else ''} |"
        f" {rule.meaning} | `{rule.fix}` |"
        for rule in rules
        if rule.library == library
    ]
    head = "| id | setting | wrong when | | meaning | line to set |\n| --- | --- | --- | --- | --- | --- |"
    return "\n".join([f"### {library}\n", head, *rows])
