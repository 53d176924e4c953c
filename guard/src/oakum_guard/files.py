"""Reading the kernel's small files: what cannot be read or understood is None, never 0."""

from __future__ import annotations

import os

NO_LIMIT_FROM_BYTES = 1 << 60
"""v1 prints "no limit" as the largest multiple of the page size (9223372036854771712): more than any machine has."""


def under(root: str, path: str) -> str:
    """``path`` seen from another root: a recorded tree, or ``/proc/PID/root``."""
    return os.path.join(root, path.lstrip("/"))  # noqa: PTH118  (plain text: no Path in someone else's hot loop)


def read_text(path: str) -> str | None:
    """The whole file. PSI that is switched off answers EOPNOTSUPP: None, as every other refusal."""
    try:
        # newline: a carriage return in a cgroup's name is part of the name.
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:  # noqa: PTH123  (as above)
            return file.read()
    except (OSError, ValueError):
        return None


def read_lines(path: str) -> list[str]:
    """One empty line for a file that cannot be read."""
    # Only a line end ends a line: splitlines() would also end one at signs that a name may hold.
    return (read_text(path) or "").split("\n")


def read_number(path: str) -> int | None:
    text = read_text(path)
    return None if text is None else number(text.strip())


def number(text: str) -> int | None:
    # int() would take "1_000", "+5" and digits of other scripts, and raise for thousands of digits; 64 bits have 20.
    return int(text) if len(text) <= 20 and text.isascii() and text.isdigit() else None


def read_limit(path: str) -> int | None:
    """A finite limit in bytes; None for "max", for v1's largest number, and where there is no such file."""
    limit = read_number(path)
    return None if limit is None or limit >= NO_LIMIT_FROM_BYTES else limit


def read_table(path: str) -> dict[str, int]:
    """``name value`` lines (memory.stat, memory.events, memory.oom_control); lines of another shape are left out."""
    table: dict[str, int] = {}
    for line in read_lines(path):
        name, _, rest = line.partition(" ")
        value = number(rest.strip())
        if value is not None:
            table[name] = value
    return table
