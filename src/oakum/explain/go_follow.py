"""A value of a Go program, followed by name through the source of the functions on its call path to what keeps it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from oakum.explain.go_kept import Kept, Put, assigned, calls, holds, path_of, puts
from oakum.explain.go_syntax import Function, Program, Statement, Token, pointed, typed
from oakum.model.cause import CodePlace

DEEPEST: Final = 4
"""Calls that are followed into each other."""

PASSES: Final = 3
MOST: Final = 4
"""Places; where there are more, the source does not tell."""

MOST_FUNCTIONS, MOST_STATEMENTS = 2000, 3000
"""Functions that are gone through for one holder, and statements of one that is: longer ones were made by a program."""

_COMPONENT: Final = re.compile(r"\w+")
_MADE: Final = re.compile(r"&?([\w.]+(?:\[[\w.*, ]*\])?)\{|new\(([^()]+)\)")
_CONTAINER: Final = re.compile(r"(?:make\()?((?:map\[|\[\w*\]|chan\b)[^{(]*?)(?:[{,)]|$)")
_RECEIVER: Final = "receiver"


@dataclass(frozen=True, slots=True)
class _Found:
    """``via``: the receiver or the parameter through which the function was given what has the field; "" else."""

    kept: Kept
    via: str
    put: Put
    function: Function


class Follower:
    """``package``: as Go names functions of it: ``main``, ``example.org/shop/cart``."""

    def __init__(self, program: Program, texts: dict[str, list[str]], package: str) -> None:
        """``texts``: lines by file."""
        self._program, self._texts, self._package = program, texts, package
        self._left = MOST_FUNCTIONS
        self._by_name: dict[str, list[Function]] = {}
        for function in program.functions:
            self._by_name.setdefault(function.name, []).append(function)

    def kept(self, stack: Sequence[CodePlace]) -> list[Kept]:
        """Of what the innermost function of ``stack`` allocates at its line; empty where the source does not tell."""
        found: list[_Found] = []
        inner: Function | None = None
        returned = True
        for place in stack:
            function = self._at(place)
            if function is None:
                break
            seeds = self._statements(function, place.line)
            if found and inner is not None:
                more, passed = self._lifted(found, function, seeds, inner)
                found = more
                if not passed:
                    break
            elif returned:
                found, returned = self._from(function, seeds)
            if not returned and not any(each.via for each in found):
                break
            inner = function
        return self._told(found)

    def variable(self, name: str) -> list[Kept]:
        """Of what hangs on a package variable: the nearest fields of its type that anything makes larger."""
        if name not in self._program.variables:
            return []
        types = [self._variable_type(name)]
        seen: set[str] = set()
        everything = [
            made
            for function in self._program.functions
            for statement in function.statements
            for put in puts(statement)
            if (made := self._placed(put, function)) is not None and not made.kept.fixed
        ]
        own = [each for each in everything if not each.kept.owner and each.kept.field == name]
        while types and not own and len(seen) < MOST * MOST:
            owners = {pointed(each) for each in types} - seen - {""}
            own = [each for each in everything if each.kept.owner in owners]
            seen |= owners
            types = [told for owner in owners for told in self._program.fields.get(owner, {}).values()]
        return self._told(own)

    def _at(self, place: CodePlace) -> Function | None:
        """The function around a line, where it is the one that the program was built of."""
        named = set(_COMPONENT.findall(place.function.rpartition("/")[2]))
        for each in self._program.functions:
            if each.file == place.file and each.first <= place.line <= each.last and each.name in named:
                return each
        return None

    def _statements(self, function: Function, line: int) -> list[Statement]:
        around = [each for each in function.statements if each.first <= line <= each.last]
        least = min((each.last - each.first for each in around), default=0)
        return [each for each in around if each.last - each.first == least]

    def _from(self, function: Function, seeds: Sequence[Statement]) -> tuple[list[_Found], bool]:
        """(places, whether it is given back) of what these statements make."""
        found: list[_Found] = []
        names: set[str] = set()
        returned = False
        for statement in seeds:
            direct = [put for put in puts(statement) if not self._loses(put, function)]
            found += filter(None, (self._placed(put, function) for put in direct))
            names |= {put.path[0] for put in puts(statement) if self._loses(put, function)}
            left, sign, _ = assigned(statement.tokens)
            for target in left if sign in {"=", ":="} else []:
                path, key = path_of(target)
                if path and not key and self._local(function, path[0]):
                    names.add(path[0])
            returned |= statement.tokens[0].text == "return"
            if not direct and not left and not returned:
                found += self._given(function, statement, None, 0)
        more, back = self._inside(function, names, 0) if names else ([], False)
        return [*found, *more], returned or back

    def _inside(self, function: Function, names: AbstractSet[str], depth: int) -> tuple[list[_Found], bool]:
        """(places, whether it is given back) of what has one of ``names`` in a function."""
        self._left -= 1
        if self._left < 0 or len(function.statements) > MOST_STATEMENTS:
            return [], False
        known = set(names)
        for _ in range(PASSES):
            before = len(known)
            for statement in function.statements:
                known |= self._named_too(function, statement, known)
            if len(known) == before:
                break
        found: list[_Found] = []
        returned = False
        for statement in function.statements:
            held = (self._placed(put, function) for put in puts(statement) if holds(put.value, known))
            found += filter(None, held)
            returned |= statement.tokens[0].text == "return" and holds(statement.tokens[1:], known)
            found += self._given(function, statement, known, depth)
        return found, returned

    def _named_too(self, function: Function, statement: Statement, known: AbstractSet[str]) -> set[str]:
        more: set[str] = set()
        left, sign, right = assigned(statement.tokens)
        for at, target in enumerate(left if sign in {"=", ":="} else []):
            path, _ = path_of(target)
            value = right[at] if len(right) == len(left) else right[0] if right else []
            if path and self._local(function, path[0]) and holds(value, known):
                more.add(path[0])
        for put in puts(statement):
            if self._loses(put, function) and holds(put.value, known):
                more.add(put.path[0])
        return more

    def _given(
        self, function: Function, statement: Statement, known: AbstractSet[str] | None, depth: int
    ) -> list[_Found]:
        """What functions keep that get it as an argument. ``known`` None: what a call or a literal makes there."""
        found: list[_Found] = []
        if depth >= DEEPEST:
            return found
        for called, given in calls(statement.tokens):
            for callee in self._called(called, len(given)):
                for name, value in zip(callee.params, given, strict=False):
                    if holds(value, known) if known is not None else value[-1].text in {")", "}"}:
                        made = self._inside(callee, {name}, depth + 1)[0]
                        found += self._from_call(made, function, called, given, callee, depth)
        return found

    def _lifted(
        self, found: list[_Found], function: Function, seeds: Iterable[Statement], inner: Function
    ) -> tuple[list[_Found], bool]:
        """(places, whether the next caller may tell more) where ``function`` calls ``inner`` at these statements."""
        for statement in seeds:
            for called, given in calls(statement.tokens):
                if called[-1] == inner.name:
                    made = self._from_call(found, function, called, given, inner, 0)
                    return made, any(each.via for each in made)
        return found, False

    def _from_call(
        self,
        found: Iterable[_Found],
        function: Function,
        called: tuple[str, ...],
        given: Sequence[Sequence[Token]],
        callee: Function,
        depth: int,
    ) -> list[_Found]:
        """Of what a call keeps: what its caller made anew is kept where that is put; anything else stays."""
        made: list[_Found] = []
        params = list(callee.params)
        for each in found:
            path = called[:-1] if each.via == _RECEIVER else ()
            if each.via in params and params.index(each.via) < len(given):
                path = path_of(given[params.index(each.via)])[0]
            if not each.via or not path:
                made.append(replace(each, via=""))
            elif self._local(function, path[0]):
                outer = self._anew(function, path[0], depth) if len(path) == 1 else None
                made += [replace(each, via="")] if outer is None else outer or [replace(each, via="")]
            else:
                made.append(replace(each, via=self._via(function, path[0]) if len(path) == 1 else ""))
        return made

    def _anew(self, function: Function, name: str, depth: int) -> list[_Found] | None:
        """Where a variable's object is put, that ``function`` made; None where it was read out of something."""
        found: list[_Found] = []
        fresh = False
        for statement in function.statements:
            left, sign, right = assigned(statement.tokens)
            if not sign or not any(path_of(target)[0] == (name,) for target in left) or not right:
                continue
            fresh |= bool(_MADE.match(typed(right[0])))
            for called, given in calls(right[0]) if depth < DEEPEST else ():
                for callee in self._called(called, len(given)):
                    fresh = True
                    back = {
                        path[0]
                        for each in callee.statements
                        if each.tokens[0].text == "return" and (path := path_of(each.tokens[1:])[0])
                    }
                    made = self._inside(callee, {each for each in back if self._local(callee, each)}, depth + 1)[0]
                    found += self._from_call(made, function, called, given, callee, depth + 1)
        more = self._inside(function, {name}, depth + 1)[0] if fresh and depth < DEEPEST else []
        return [*found, *(each for each in more if self._outside(function, each))] if fresh else None

    def _outside(self, function: Function, found: _Found) -> bool:
        return found.kept.place.function != function.told or not found.via

    def _called(self, names: tuple[str, ...], given: int) -> list[Function]:
        """The one function of that name that takes so many; none where several could be meant."""
        fits = [
            each
            for each in self._by_name.get(names[-1], [])
            if len(each.params) == given and bool(each.receiver[1]) == (len(names) > 1)
        ]
        return fits if len(fits) == 1 else []

    def _via(self, function: Function, root: str) -> str:
        if root and root == function.receiver[0]:
            return _RECEIVER
        return root if root in function.params else ""

    def _local(self, function: Function, root: str) -> bool:
        """Whether a name is a variable of the function's own."""
        return not self._via(function, root) and self._defined(function, root) is not None

    def _defined(self, function: Function, root: str) -> Statement | None:
        for statement in function.statements:
            left, sign, _ = assigned(statement.tokens)
            if sign == ":=" and any(path_of(target)[0] == (root,) for target in left):
                return statement
            if statement.tokens[0].text == "var" and len(statement.tokens) > 1 and statement.tokens[1].text == root:
                return statement
        return None

    def _loses(self, put: Put, function: Function) -> bool:
        """Whether what it is put into is a variable that ends with the call."""
        if put.kind == "contexts" or not put.path or not self._local(function, put.path[0]):
            return False
        made = self._defined(function, put.path[0])
        return made is None or made.literal == put.statement.literal or len(put.path) > 1

    def _placed(self, put: Put, function: Function) -> _Found | None:
        """None for what ends with the call, and for what has places for one."""
        if put.kind == "contexts":
            return self._context(put, function)
        if not put.path or self._loses(put, function):
            return None
        root, *fields = put.path
        via = self._via(function, root)
        told = self._type_of(function, root)
        owner, field = "", root
        for each in fields:
            owner, field = pointed(told), each
            told = self._field(owner, each)
        told = self._program.named.get(pointed(told), told) if told else told
        if "atomic." in told:
            return None
        captured = not via and root not in self._program.variables
        package = self._package.rpartition("/")[2]
        if fields:
            name = f"{owner or '.'.join(put.path[:-1])}.{field}"
        elif via == _RECEIVER:
            name = function.receiver[1]
        elif captured or via:
            name = f"{root} of {package}.{function.told}"
        else:
            name = f"{package}.{root}"
        kind, fixed = _kind(put, told)
        place = self._place(function, put.statement)
        variable = root if not via and root in self._program.variables else ""
        return _Found(Kept(name, owner, field, kind, _items(told), put.key, place, fixed, variable), via, put, function)

    def _context(self, put: Put, function: Function) -> _Found | None:
        """None where the context is cancelled on every way out, or where that is left to somebody else."""
        cancel = put.path[0]
        for each in function.statements if cancel != "_" else ():
            if each is put.statement or not any(token.text == cancel for token in each.tokens):
                continue
            called = [token.text for token in each.tokens] == [cancel, "(", ")"]
            if not called or each.deferred or each.depth <= put.statement.depth:
                return None
        place = self._place(function, put.statement)
        base = place.file.rpartition("/")[2]
        name = f"contexts that {place.function} ({base}:{place.line}) makes"
        return _Found(Kept(name, "", put.key, put.kind, "", "", place), "", put, function)

    def _told(self, found: Iterable[_Found]) -> list[Kept]:
        """One for each name, in order; none where what has a fixed number of places is all that there is."""
        by_name: dict[str, _Found] = {}
        for each in found:
            if not each.kept.fixed:
                by_name.setdefault(each.kept.name, each)
        return [self._used(each) for each in by_name.values()] if len(by_name) <= MOST else []

    def _used(self, found: _Found) -> Kept:
        """With what its function, and others of its owner, do with it."""
        put, function, owner = found.put, found.function, found.kept.owner
        if put.kind == "contexts":
            return found.kept
        path = re.escape(".".join(put.path))
        near = path if len(put.path) == 1 else rf"{re.escape('.'.join(put.path[:-1]))}\.\w+"
        looked = re.compile(rf"(?<![\w.]){path}\[[^\]]*\](?!=[^=])")
        sized = re.compile(rf"(?:len\({near}\)|(?<![\w.]){near}\.Len\(\))>=?")
        field = rf"\w+\.{re.escape(put.path[-1])}" if len(put.path) > 1 else path
        taken = re.compile(
            rf"(?:delete|clear)\({field}[,)]|{field}\.(?:Remove|Delete|LoadAndDelete)\(|{field}={field}\["
        )
        near_taken = re.compile(taken.pattern.replace(field, near))
        texts = [(each, typed(each.tokens)) for each in function.statements]
        recalled = any(looked.search(text) and each is not put.statement for each, text in texts)
        cut = any(near_taken.search(text) or re.search(rf"{near}=append\({near}\[", text) for _, text in texts)
        bounds = [self._place(function, each) for each, text in texts if cut and sized.search(text)]
        removals = [
            self._place(other, each)
            for other in self._program.functions
            if other.receiver[1] == owner or not owner
            for each in other.statements
            if taken.search(typed(each.tokens))
        ]
        return replace(found.kept, recalled=recalled, bounds=tuple(bounds), removals=tuple(removals))

    def called_by_none(self, name: str) -> bool:
        """Whether nothing in the files that were read calls a function, ``main.(*Limiter).sweep``, by its name."""
        last = name.rpartition(".")[2]
        return not any(
            token.text == last for each in self._program.functions for row in each.statements for token in row.tokens
        )

    def _place(self, function: Function, statement: Statement) -> CodePlace:
        rows = self._texts.get(function.file, [])
        source = rows[statement.first - 1].strip() if statement.first <= len(rows) else ""
        return CodePlace(function.file, statement.first, f"{self._package}.{function.told}", source)

    def _type_of(self, function: Function, root: str) -> str:
        if root == function.receiver[0]:
            return function.receiver[1]
        if root in function.params:
            return function.params[root]
        made = self._defined(function, root)
        if made is not None:
            return self._value_type(typed(assigned(made.tokens)[2][0])) if assigned(made.tokens)[1] else ""
        return self._variable_type(root) if root in self._program.variables else ""

    def _variable_type(self, name: str) -> str:
        told, sign, value = self._program.variables[name].partition("=")
        return told or (self._value_type(value) if sign else "")

    def _value_type(self, value: str) -> str:
        container = _CONTAINER.match(value)
        if container is not None:
            return container[1]
        made = _MADE.match(value)
        if made is not None:
            return made[1] or made[2]
        called = re.match(r"([\w.]+)\(", value)
        found = self._by_name.get(called[1].rpartition(".")[2], []) if called is not None else []
        return found[0].result.strip("()").partition(",")[0] if len(found) == 1 else ""

    def _field(self, owner: str, field: str) -> str:
        own = self._program.fields.get(owner, {})
        if field in own:
            return own[field]
        embedded = (self._program.fields.get(pointed(told), {}) for name, told in own.items() if pointed(told) == name)
        return next((fields[field] for fields in embedded if field in fields), "")


def _kind(put: Put, told: str) -> tuple[str, bool]:
    """(kind, whether it has so many places and no more), by its type where that is known."""
    if told.startswith("[") or (put.kind == "map" and "%" in put.key):
        return "slice", put.kind == "map" or not told.startswith("[]")
    if told.startswith("map[") or "sync.Map" in told:
        return "map", False
    return ("channel" if told.startswith("chan") else put.kind), False


def _items(told: str) -> str:
    if told.startswith("map["):
        nested = 0
        for at, sign in enumerate(told):
            nested += (sign == "[") - (sign == "]")
            if sign == "]" and not nested:
                return told[at + 1 :].lstrip("*")
    return re.sub(r"^(?:\[\]|chan )\*?", "", told) if told.startswith(("[]", "chan ")) else ""
