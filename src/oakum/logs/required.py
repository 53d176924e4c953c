"""What every match of a regular expression holds: plain text, by which lines are found fast."""

from __future__ import annotations

from typing import Final

LEAST_LETTERS: Final = 4
"""A shorter text is met on too many lines."""

_CLASSES: Final = frozenset("dDwWsSbBAZ0123456789")
_LONG: Final = {"x": 4, "u": 6, "U": 10}
"""Escapes with digits, by how long they are."""
_ESCAPED: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}


def required(pattern: str) -> tuple[str, ...]:
    """Texts of which every match holds at least one; () where none of enough letters can be told.

    Only what stands outside of every group counts, so it may find less than there is, and never more. The pattern is a
    valid one. O(n).
    """
    best: list[str] = []
    for branch in _branches(pattern):
        longest = max(_runs(branch), key=len, default="")
        if len(longest) < LEAST_LETTERS or not longest.isascii():
            return ()
        best.append(longest)
    return tuple(dict.fromkeys(best))


def _parts(pattern: str) -> list[str]:
    """Escapes, classes and groups whole; every other letter by itself."""
    found, at = [], 0
    while at < len(pattern):
        end = _end(pattern, at)
        found.append(pattern[at:end])
        at = end
    return found


def _end(pattern: str, at: int) -> int:
    if pattern[at] == "\\":
        return at + _LONG.get(pattern[at + 1 : at + 2], 2)
    if pattern[at] == "[":
        # A bracket that closes is a letter where it stands first.
        here = at + 1 + pattern.startswith("^", at + 1)
        here += pattern.startswith("]", here)
        while here < len(pattern) and pattern[here] != "]":
            here += 2 if pattern[here] == "\\" else 1
        return here + 1
    if pattern[at] == "(":
        here = at + 1
        while here < len(pattern) and pattern[here] != ")":
            here = _end(pattern, here)
        return here + 1
    if pattern[at] == "{":
        close = pattern.find("}", at)
        return at + 1 if close < 0 else close + 1
    return at + 1


def _branches(pattern: str) -> list[list[str]]:
    branches: list[list[str]] = [[]]
    for part in _parts(pattern):
        if part == "|":
            branches.append([])
        else:
            branches[-1].append(part)
    return branches


def _runs(tokens: list[str]) -> list[str]:
    runs: list[str] = []
    run = ""
    for place, part in enumerate(tokens):
        letter = _letter(part)
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if letter and not (after in {"?", "*"} or (after.startswith("{") and len(after) > 1)):
            run += letter
            if after == "+":
                runs, run = [*runs, run], ""
            continue
        runs, run = [*runs, run], ""
    return [*runs, run]


def _letter(part: str) -> str:
    """The letter that a part stands for, "" where it is none."""
    if len(part) == 2 and part[0] == "\\":
        return "" if part[1] in _CLASSES else _ESCAPED.get(part[1], part[1])
    return "" if len(part) != 1 or part in ".^$*+?()[]{}|" else part
