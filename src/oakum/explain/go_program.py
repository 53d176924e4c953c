"""A Go program as far as its files were read: functions with their statements, and what its packages declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from oakum.explain.go_tokens import Token


@dataclass(frozen=True, slots=True)
class Statement:
    """One simple statement, or the head of one that has blocks. ``literal``: 0 in the function's own body, else the
    number of the function literal around it. ``last``: the last line, those of function literals inside of it too.
    ``depth``: blocks around it. ``deferred``: it runs on every way out.
    """

    tokens: tuple[Token, ...]
    first: int
    last: int
    literal: int
    depth: int = 0
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """``receiver``: its variable and type, without a star, "" both for none. ``params``: types by name, in order.

    ``results``: of those that have names. ``literals``: what the function literals in it take and give back, types by
    name, by their number; with those of the literals around each.
    """

    name: str
    receiver: tuple[str, str]
    params: Mapping[str, str]
    result: str
    file: str
    first: int
    last: int
    statements: tuple[Statement, ...]
    results: Mapping[str, str] = field(default_factory=dict)
    literals: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Of its file: one package is one folder."""
        return folder_of(self.file)

    @property
    def told(self) -> str:
        return f"(*{self.receiver[1]}).{self.name}" if self.receiver[1] else self.name


@dataclass(slots=True)
class Program:
    """What some files of one program declare, by folder and name.

    ``fields``: types by field, of each struct; ``named``: of other types.
    """

    functions: list[Function] = field(default_factory=list)
    fields: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    variables: dict[tuple[str, str], str] = field(default_factory=dict)
    """Of packages: what stands behind each name: a type, ``= value``, or both."""


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]
