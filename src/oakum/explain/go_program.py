"""A Go program as far as its files were read: functions with their statements, and what its packages declare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from oakum.explain.go_tokens import Token
from oakum.explain.go_typed import foreign, pointed
from oakum.model.cause import CodePlace

_COMPONENT: Final = re.compile(r"\w+")


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

    def innermost(self, line: int) -> list[Statement]:
        """The shortest of its statements around a line."""
        around = [each for each in self.statements if each.first <= line <= each.last]
        least = min((each.last - each.first for each in around), default=0)
        return [each for each in around if each.last - each.first == least]


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

    def at(self, place: CodePlace) -> Function | None:
        """The function around a line, where it is the one that the program was built of."""
        named = set(_COMPONENT.findall(place.function.rpartition("/")[2]))
        for each in self.functions:
            if each.file == place.file and each.first <= place.line <= each.last and each.name in named:
                return each
        return None

    def struct(self, folder: str, told: str) -> tuple[str, str]:
        """(folder, name) of a type, as it is called in ``folder``."""
        name = pointed(told)
        if foreign(told):
            package = told.lstrip("*").partition(".")[0]
            others = [each for each, own in self.fields if own == name and each.rpartition("/")[2] == package]
            folder = others[0] if len(others) == 1 else ""
        return folder, name

    def fields_of(self, folder: str, told: str) -> Mapping[str, str]:
        return self.fields.get(self.struct(folder, told), {})

    def field_type(self, folder: str, told: str, field: str) -> str:
        """Of a field of a type, its own or an embedded one's; "" for none."""
        there, owner = self.struct(folder, told)
        own = self.fields.get((there, owner), {})
        return own.get(field) or self.embedded(there, owner, field)

    def embedded(self, folder: str, owner: str, field: str) -> str:
        own = self.fields.get((folder, owner), {})
        embedded = (self.fields_of(folder, told) for name, told in own.items() if pointed(told) == name)
        return next((fields[field] for fields in embedded if field in fields), "")

    def called_by_none(self, name: str) -> bool:
        """Whether nothing in the files that were read calls a function, ``main.(*Limiter).sweep``, by its name."""
        last = name.rpartition(".")[2]
        return not any(token.text == last for each in self.functions for row in each.statements for token in row.tokens)


def folder_of(path: str) -> str:
    return path.rpartition("/")[0]
