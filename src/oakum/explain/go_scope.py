"""What a name means where it stands in a Go function: which variable it is, of which type, and what is called by it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from oakum.explain.go_own import Own, own_variables
from oakum.explain.go_patience import Patience
from oakum.explain.go_program import Function, Program
from oakum.explain.go_tokens import typed
from oakum.explain.go_typed import foreign, pointed

DEEPEST: Final = 4
"""Calls that are gone through for the type of one name."""

RECEIVER: Final = "receiver"
MADE: Final = re.compile(r"&?([\w.]+(?:\[[\w.*, \[\]]*\])?)\{|new\(([^()]+)\)")
_CONTAINER: Final = re.compile(r"(?:make\()?((?:map\[|\[\w*\]|chan\b)[^{(]*?)(?:[{,)]|$)")


class Scope:
    """Of one program. What a function declares is read once."""

    def __init__(self, program: Program, patience: Patience) -> None:
        self.program, self.patience = program, patience
        self._own: dict[int, dict[str, Own]] = {}
        self._by_name: dict[str, list[Function]] = {}
        for function in program.functions:
            self._by_name.setdefault(function.name, []).append(function)

    def called(self, function: Function, names: tuple[str, ...], given: int) -> list[Function]:
        """The one function that is meant and takes so many; none where several could be."""
        fits = [each for each in self._meant(function, names, 0) if len(each.params) == given]
        return fits if len(fits) == 1 else []

    def _meant(self, function: Function, names: tuple[str, ...], depth: int) -> list[Function]:
        """Functions of the same package; methods where the type of what has them is known to be theirs."""
        alike = [each for each in self._by_name.get(names[-1], []) if each.folder == function.folder]
        if len(names) == 1:
            return [each for each in alike if not each.receiver[1]]
        told = self.type_of(function, names[0], depth + 1) if alike and depth < DEEPEST else ""
        for each in names[1:-1]:
            told = self.program.field_type(function.folder, told, each)
        if not told or foreign(told):
            return []
        owner = pointed(told)
        fields = self.program.fields_of(function.folder, told)
        embedded = {name for name, kind in fields.items() if pointed(kind) == name}
        return [each for each in alike if each.receiver[1] and each.receiver[1] in {owner, *embedded}]

    def via(self, function: Function, root: str) -> str:
        """The receiver, or the parameter, that a name is; "" for neither."""
        if root and root == function.receiver[0]:
            return RECEIVER
        return root if root in function.params else ""

    def local(self, function: Function, root: str) -> bool:
        """Whether a name is a variable of the function's own."""
        own = root in function.results or root in self.names(function)
        return not self.via(function, root) and own

    def names(self, function: Function) -> Mapping[str, Own]:
        """What the function, and the literals in it, declare in their bodies: the first of each name."""
        found = self._own.get(id(function))
        if found is None:
            found = self._own[id(function)] = {}
            for statement in self.patience.each(function.statements):
                for name, own in own_variables(statement):
                    found.setdefault(name, own)
        return found

    def type_of(self, function: Function, root: str, depth: int = 0) -> str:
        """Empty where the source does not tell it."""
        if root == function.receiver[0]:
            return function.receiver[1]
        if root in function.params:
            return function.params[root]
        made = self.names(function).get(root)
        if made is not None:
            return made.told or self._value_type(function, typed(made.value), depth)
        if root in function.results:
            return function.results[root]
        return self.variable_type(function.folder, root)

    def variable_type(self, folder: str, name: str) -> str:
        told, sign, value = self.program.variables.get((folder, name), "").partition("=")
        return told or (self._value_type(None, value) if sign else "")

    def _value_type(self, function: Function | None, value: str, depth: int = 0) -> str:
        """``function``: where the value stands, None for outside of all."""
        container = _CONTAINER.match(value)
        if container is not None:
            return container[1]
        made = MADE.match(value)
        if made is not None:
            return made[1] or made[2]
        called = re.match(r"([\w.]+)\(", value)
        found = self._meant(function, tuple(called[1].split(".")), depth) if called is not None and function else []
        return found[0].result.strip("()").partition(",")[0] if len(found) == 1 else ""
