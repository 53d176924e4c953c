"""Selectors as text. A label value may hold anything; what is written here selects that value and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from oakum.model.errors import CallerError
from oakum.model.metrics import Matcher, Selected, quoted

__all__ = ["Matcher", "any_of", "parse_matcher", "quoted", "selector"]

_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ASKED: Final = re.compile(r"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(.*)", re.DOTALL)
_SPECIAL: Final = re.compile(r"[\\.+*?()|\[\]{}^$]")


def selector(metric: str, matchers: Iterable[Matcher]) -> str:
    return str(Selected(metric, tuple(matchers)))


def any_of(label: str, values: Iterable[str]) -> Matcher:
    """Selects these values. RE2 takes what is not special as it stands."""
    given = list(values)
    if len(given) == 1:
        return Matcher(label, "=", given[0])
    return Matcher(label, "=~", "|".join(_SPECIAL.sub(r"\\\g<0>", value) for value in given))


def parse_matcher(text: str) -> Matcher:
    """``app=cart``, ``app!=cart``, ``app=~"cart|shop"``, quotes or none. Raises CallerError."""
    found = _ASKED.fullmatch(text)
    if found is None:
        raise CallerError(
            f"{text!r} selects no label",
            why="NAME=VALUE is wanted, or one of != =~ !~ in the place of =",
            next_step="--label app=cart --label 'pod=~\"cart-.*\"'",
        )
    label, how, value = found.groups()
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    if "~" in how:
        try:
            re.compile(value)
        except re.error as exc:
            raise CallerError(
                f"{text!r} holds no regular expression", why=str(exc), next_step="--label 'pod=~\"cart-.*\"'"
            ) from exc
    return Matcher(label, how, value)
