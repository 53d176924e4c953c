"""Where one statement of a Go function puts something: the field or the variable, told apart from what ends with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from oakum.explain.go_kept import CALLED, Kept, Put
from oakum.explain.go_program import Function, Statement
from oakum.explain.go_scope import RECEIVER, Scope
from oakum.explain.go_typed import FLAT, foreign, items, pointed
from oakum.model.cause import CodePlace


@dataclass(frozen=True, slots=True)
class Placed:
    """``via``: the receiver or the parameter through which the function was given what has the field; "" else.
    ``folder``: of the struct that has the field, or of the function.
    """

    kept: Kept
    via: str
    put: Put
    function: Function
    folder: str


class Places:
    """``texts``: lines by file. ``package``: as Go names functions of it."""

    def __init__(self, scope: Scope, texts: Mapping[str, Sequence[str]], package: str) -> None:
        self._scope, self._program, self._texts, self._package = scope, scope.program, texts, package

    def loses(self, put: Put, function: Function) -> bool:
        """Whether what it is put into is a variable that ends with the call."""
        if put.kind == "contexts" or not put.path or not self._scope.local(function, put.path[0]):
            return False
        made = self._scope.names(function).get(put.path[0])
        return made is None or made.statement.literal == put.statement.literal or len(put.path) > 1

    def flat(self, found: Placed) -> bool:
        """Whether items of that type cannot hold anything."""
        of = self._program.named.get((found.folder, found.kept.of), found.kept.of)
        return FLAT.fullmatch(of) is not None

    def of(self, put: Put, function: Function) -> Placed | None:
        """None for what ends with the call, for what has places for one, and where it is not told what it is put into:
        a parameter of a function literal, a variable that is declared nowhere, or an object of another package.
        """
        if put.kind == "contexts":
            return self._context(put, function)
        given = put.path and put.path[0] in function.literals.get(put.statement.literal, ())
        stopped = put.kind == CALLED and self._stopped(put, function, put.key)
        if not put.path or given or stopped or self.loses(put, function):
            return None
        root, *fields = put.path
        via = self._scope.via(function, root)
        static = (
            not via and not self._scope.local(function, root) and (function.folder, root) in self._program.variables
        )
        if not fields and not via and not static and root not in self._scope.names(function):
            return None
        told = self._scope.type_of(function, root)
        folder = function.folder
        owner, field = "", root
        for each in fields:
            owner, field = pointed(told), each
            folder = self._program.struct(folder, told)[0] if told else folder
            known = (folder, owner) in self._program.fields
            if via and via != RECEIVER and foreign(told) and not known:
                return None
            own = self._program.fields.get((folder, owner), {})
            told = own.get(each) or self._program.embedded(folder, owner, each)
        told = self._program.named.get((folder, pointed(told)), told) if told else told
        if "atomic." in told:
            return None
        package = self._package.rpartition("/")[2]
        if fields:
            name = f"{owner or '.'.join(put.path[:-1])}.{field}"
        elif via == RECEIVER:
            name = function.receiver[1]
        elif not static:
            name = f"{root} of {package}.{function.told}"
        else:
            name = f"{package}.{root}"
        kind, fixed = _kind(put, told)
        place = self.code(function, put.statement)
        kept = Kept(name, owner, field, kind, items(told), put.key, place, fixed, root if static else "")
        return Placed(kept, via, put, function, folder)

    def _context(self, put: Put, function: Function) -> Placed | None:
        """None where the context is cancelled on every way out, or where that is left to somebody else."""
        if self._stopped(put, function, put.path[0]):
            return None
        place = self.code(function, put.statement)
        base = place.file.rpartition("/")[2]
        name = f"contexts that {place.function} ({base}:{place.line}) makes"
        return Placed(Kept(name, "", put.key, put.kind, "", "", place), "", put, function, function.folder)

    def _stopped(self, put: Put, function: Function, cancel: str) -> bool:
        """Whether what ends it, ``cancel``, is called on every way out, or is left to somebody else."""
        for each in function.statements if cancel not in {"", "_"} else ():
            if each is put.statement or not any(token.text == cancel for token in each.tokens):
                continue
            called = [token.text for token in each.tokens] == [cancel, "(", ")"]
            if not called or each.deferred or each.depth <= put.statement.depth:
                return True
        return False

    def code(self, function: Function, statement: Statement) -> CodePlace:
        """With the first line of the statement."""
        rows = self._texts.get(function.file, [])
        source = rows[statement.first - 1].strip() if statement.first <= len(rows) else ""
        return CodePlace(function.file, statement.first, f"{self._package}.{function.told}", source)


def _kind(put: Put, told: str) -> tuple[str, bool]:
    """(kind, whether it has so many places and no more), by its type where that is known."""
    if told.startswith("[") or (put.kind == "map" and "%" in put.key):
        return "slice", put.kind == "map" or not told.startswith("[]")
    if told.startswith("map[") or "sync.Map" in told:
        return "map", False
    return ("channel" if told.startswith("chan") else put.kind), False
