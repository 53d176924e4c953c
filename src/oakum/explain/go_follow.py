"""A value of a Go program, followed by name through the source of the functions on its call path to what keeps it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from oakum.explain.go_kept import Kept, Put, assigned, calls, holds, path_of, puts
from oakum.explain.go_program import Function, Program, Statement
from oakum.explain.go_syntax import declared
from oakum.explain.go_tokens import Token, bare, split, typed
from oakum.explain.go_typed import pointed
from oakum.model.cause import CodePlace

DEEPEST: Final = 4
"""Calls that are followed into each other."""

PASSES: Final = 3
MOST: Final = 4
"""Places; where there are more, the source does not tell."""

MOST_FUNCTIONS, MOST_STATEMENTS = 2000, 3000
"""Functions that are gone through for one holder, and statements of one that is: longer ones were made by a program."""

_COMPONENT: Final = re.compile(r"\w+")
_MADE: Final = re.compile(r"&?([\w.]+(?:\[[\w.*, \[\]]*\])?)\{|new\(([^()]+)\)")
_CONTAINER: Final = re.compile(r"(?:make\()?((?:map\[|\[\w*\]|chan\b)[^{(]*?)(?:[{,)]|$)")
_RECEIVER: Final = "receiver"
_FLAT: Final = re.compile(r"struct\{\}|bool|byte|rune|uintptr|u?int\d*|float\d+|complex\d+|time\.(?:Time|Duration)")
"""Types of what refers to nothing."""


class TooLongError(Exception):
    """More time went by than the source is worth."""


@dataclass(frozen=True, slots=True)
class _Found:
    """``via``: the receiver or the parameter through which the function was given what has the field; "" else.
    ``folder``: of the struct that has the field, or of the function.
    """

    kept: Kept
    via: str
    put: Put
    function: Function
    folder: str


_Call = tuple[tuple[str, ...], Sequence[Sequence[Token]], Function]


@dataclass(frozen=True, slots=True)
class _Own:
    """A variable of a function's own. ``told``: its type, "" where only ``value`` says it; that is empty for none."""

    statement: Statement
    told: str
    value: tuple[Token, ...]


class Follower:
    """``package``: as Go names functions of it: ``main``, ``example.org/shop/cart``."""

    def __init__(
        self, program: Program, texts: dict[str, list[str]], package: str, late: Callable[[], bool] = lambda: False
    ) -> None:
        """``texts``: lines by file. ``late``: whether it took too long already: TooLongError is raised then."""
        self._program, self._texts, self._package, self._late = program, texts, package, late
        self._own: dict[int, dict[str, _Own]] = {}
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
        folders = [folder for folder, each in self._program.variables if each == name]
        last = self._package.rpartition("/")[2]
        named = [each for each in folders if each.rpartition("/")[2] == last] if len(folders) > 1 else folders
        if len(named) != 1:
            return []
        folder = named[0]
        types = [(folder, self._variable_type(folder, name))]
        seen: set[tuple[str, str]] = set()
        everything = [
            made
            for function in self._program.functions
            if len(function.statements) <= MOST_STATEMENTS
            for statement in self._timely(function.statements)
            for put in puts(statement)
            if (made := self._placed(put, function)) is not None and not made.kept.fixed
        ]
        own = [each for each in everything if not each.kept.owner and each.kept.root == name and each.folder == folder]
        while types and not own and len(seen) < MOST * MOST:
            owners = {self._struct(*each) for each in types} - seen
            own = [each for each in everything if (each.folder, each.kept.owner) in owners and each.kept.owner]
            seen |= owners
            types = [(each[0], told) for each in owners for told in self._program.fields.get(each, {}).values()]
        return self._told(own)

    def _timely(self, statements: Iterable[Statement]) -> Iterable[Statement]:
        for each in statements:
            if self._late():
                raise TooLongError
            yield each

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
            for statement in self._timely(function.statements):
                known |= self._named_too(function, statement, known)
            if len(known) == before:
                break
        found: list[_Found] = []
        returned = False
        for statement in self._timely(function.statements):
            held = (self._placed(put, function) for put in puts(statement) if holds(put.value, known))
            found += (each for each in held if each is not None and not self._flat(each))
            back = statement.tokens[0].text == "return"
            returned |= back and (holds(statement.tokens[1:], known) or self._bare(function, statement, known))
            found += self._given(function, statement, known, depth)
        return found, returned

    def _bare(self, function: Function, statement: Statement, known: AbstractSet[str]) -> bool:
        """Whether a return without values gives one of ``known`` back, by the names of the results."""
        return len(statement.tokens) == 1 and not statement.literal and not known.isdisjoint(function.results)

    def _flat(self, found: _Found) -> bool:
        """Whether items of that type cannot hold anything."""
        of = self._program.named.get((found.folder, found.kept.of), found.kept.of)
        return _FLAT.fullmatch(of) is not None

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
            for callee in self._called(function, called, len(given)):
                for name, value in zip(callee.params, given, strict=False):
                    if holds(value, known) if known is not None else value[-1].text in {")", "}"}:
                        made = self._inside(callee, {name}, depth + 1)[0]
                        found += self._from_call(made, function, statement, (called, given, callee), depth)
        return found

    def _lifted(
        self, found: list[_Found], function: Function, seeds: Iterable[Statement], inner: Function
    ) -> tuple[list[_Found], bool]:
        """(places, whether the next caller may tell more) where ``function`` calls ``inner`` at these statements."""
        for statement in seeds:
            for called, given in calls(statement.tokens):
                if called[-1] == inner.name:
                    made = self._from_call(found, function, statement, (called, given, inner), 0)
                    return made, any(each.via for each in made)
        return found, False

    def _from_call(
        self, found: Iterable[_Found], function: Function, statement: Statement, call: _Call, depth: int
    ) -> list[_Found]:
        """Of what a call keeps: what its caller made anew is kept where that is put; anything else stays.

        ``call``: what stands there, its arguments, and the function that it calls.
        """
        called, given, callee = call
        made: list[_Found] = []
        params = list(callee.params)
        for each in found:
            path = called[:-1] if each.via == _RECEIVER else ()
            if each.via in params and params.index(each.via) < len(given):
                path = path_of(given[params.index(each.via)])[0]
            stays = [replace(each, via="")]
            if not each.via:
                made += stays
            elif each.via != _RECEIVER and not each.kept.owner:
                # A map or a slice itself was handed over: it is the caller's.
                own = self._placed(replace(each.put, path=path, statement=statement), function) if path else None
                made += [] if own is None else [own]
            elif not path or path[0] in function.literals.get(statement.literal, ()):
                made += stays
            elif self._local(function, path[0]):
                outer = self._anew(function, path[0], depth) if len(path) == 1 else None
                ends = outer is not None and self._ends(function, path[0], statement, called)
                made += outer or ([] if ends else stays)
            else:
                made.append(replace(each, via=self._via(function, path[0]) if len(path) == 1 else ""))
        return made

    def _ends(self, function: Function, name: str, where: Statement, but: tuple[str, ...]) -> bool:
        """Whether an object that ``function`` made ends with it: nothing else is seen to get it. ``but``: that call."""
        own = self._names(function).get(name)
        if own is None or own.statement.literal != where.literal or function.told == "main":
            return False
        for each in self._timely(function.statements):
            used = any(token.text == name for token in each.tokens)
            if used and (each.literal != own.statement.literal or each.tokens[0].text == "return"):
                return False
            _, sign, right = assigned(each.tokens) if used else ([], "", [])
            values = [value for called, given in calls(each.tokens) if called != but for value in given] if used else []
            values += [*right, *(list(put.value) for put in puts(each))] if used else []
            if any(holds(value, {name}) for value in values) and (each is not own.statement or not sign):
                return False
        return name not in function.results

    def _anew(self, function: Function, name: str, depth: int) -> list[_Found] | None:
        """Where a variable's object is put, that ``function`` made; None where it was read out of something."""
        found: list[_Found] = []
        own = self._names(function).get(name)
        fresh = own is not None and bool(own.told) and not own.value and not own.told.startswith("*")
        for statement in function.statements:
            left, sign, right = assigned(statement.tokens)
            if not sign or not any(path_of(target)[0] == (name,) for target in left) or not right:
                continue
            fresh |= bool(_MADE.match(typed(right[0])))
            for called, given in calls(right[0]) if depth < DEEPEST else ():
                for callee in self._called(function, called, len(given)):
                    fresh = True
                    back = {
                        path[0]
                        for each in callee.statements
                        if each.tokens[0].text == "return" and (path := path_of(each.tokens[1:])[0])
                    }
                    made = self._inside(callee, {each for each in back if self._local(callee, each)}, depth + 1)[0]
                    found += self._from_call(made, function, statement, (called, given, callee), depth + 1)
        more = self._inside(function, {name}, depth + 1)[0] if fresh and depth < DEEPEST else []
        return [*found, *(each for each in more if self._outside(function, each))] if fresh else None

    def _outside(self, function: Function, found: _Found) -> bool:
        return found.kept.place.function != function.told or not found.via

    def _called(self, function: Function, names: tuple[str, ...], given: int) -> list[Function]:
        """The one function that is meant and takes so many; none where several could be."""
        fits = [each for each in self._meant(function, names, 0) if len(each.params) == given]
        return fits if len(fits) == 1 else []

    def _meant(self, function: Function, names: tuple[str, ...], depth: int) -> list[Function]:
        """Functions of the same package; methods where the type of what has them is known to be theirs."""
        alike = [each for each in self._by_name.get(names[-1], []) if each.folder == function.folder]
        if len(names) == 1:
            return [each for each in alike if not each.receiver[1]]
        told = self._type_of(function, names[0], depth + 1) if alike and depth < DEEPEST else ""
        for each in names[1:-1]:
            told = self._field(function.folder, told, each)
        if not told or _foreign(told):
            return []
        owner = pointed(told)
        embedded = {name for name, kind in self._fields(function.folder, told).items() if pointed(kind) == name}
        return [each for each in alike if each.receiver[1] and each.receiver[1] in {owner, *embedded}]

    def _via(self, function: Function, root: str) -> str:
        if root and root == function.receiver[0]:
            return _RECEIVER
        return root if root in function.params else ""

    def _local(self, function: Function, root: str) -> bool:
        """Whether a name is a variable of the function's own."""
        own = root in function.results or root in self._names(function)
        return not self._via(function, root) and own

    def _names(self, function: Function) -> Mapping[str, _Own]:
        """What the function, and the literals in it, declare in their bodies: the first of each name."""
        found = self._own.get(id(function))
        if found is None:
            found = self._own[id(function)] = {}
            for statement in self._timely(function.statements):
                for name, own in _declared(statement):
                    found.setdefault(name, own)
        return found

    def _loses(self, put: Put, function: Function) -> bool:
        """Whether what it is put into is a variable that ends with the call."""
        if put.kind == "contexts" or not put.path or not self._local(function, put.path[0]):
            return False
        made = self._names(function).get(put.path[0])
        return made is None or made.statement.literal == put.statement.literal or len(put.path) > 1

    def _placed(self, put: Put, function: Function) -> _Found | None:
        """None for what ends with the call, for what has places for one, and where it is not told what it is put into:
        a parameter of a function literal, a variable that is declared nowhere, or an object of another package.
        """
        if put.kind == "contexts":
            return self._context(put, function)
        given = put.path and put.path[0] in function.literals.get(put.statement.literal, ())
        if not put.path or given or self._loses(put, function):
            return None
        root, *fields = put.path
        via = self._via(function, root)
        static = not via and not self._local(function, root) and (function.folder, root) in self._program.variables
        if not fields and not via and not static and root not in self._names(function):
            return None
        told = self._type_of(function, root)
        folder = function.folder
        owner, field = "", root
        for each in fields:
            owner, field = pointed(told), each
            folder = self._struct(folder, told)[0] if told else folder
            known = (folder, owner) in self._program.fields
            if via and via != _RECEIVER and _foreign(told) and not known:
                return None
            told = self._program.fields.get((folder, owner), {}).get(each) or self._embedded(folder, owner, each)
        told = self._program.named.get((folder, pointed(told)), told) if told else told
        if "atomic." in told:
            return None
        package = self._package.rpartition("/")[2]
        if fields:
            name = f"{owner or '.'.join(put.path[:-1])}.{field}"
        elif via == _RECEIVER:
            name = function.receiver[1]
        elif not static:
            name = f"{root} of {package}.{function.told}"
        else:
            name = f"{package}.{root}"
        kind, fixed = _kind(put, told)
        place = self._place(function, put.statement)
        kept = Kept(name, owner, field, kind, _items(told), put.key, place, fixed, root if static else "")
        return _Found(kept, via, put, function, folder)

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
        return _Found(Kept(name, "", put.key, put.kind, "", "", place), "", put, function, function.folder)

    def _told(self, found: Iterable[_Found]) -> list[Kept]:
        """One for each name, in order; none where what has a fixed number of places is all that there is.

        Of a map or a slice that the last caller was given itself, nobody says whose it is.
        """
        by_name: dict[str, _Found] = {}
        for each in found:
            handed = each.via not in {"", _RECEIVER} and not each.kept.owner
            if not each.kept.fixed and not handed:
                by_name.setdefault(each.kept.name, each)
        return [self._used(each) for each in by_name.values()] if len(by_name) <= MOST else []

    def _used(self, found: _Found) -> Kept:
        """With what its function, and others of its owner, do with it."""
        put, function, owner = found.put, found.function, found.kept.owner
        if put.kind == "contexts":
            return found.kept
        path = re.escape(".".join(put.path))
        near = "(?:" + "|".join(re.escape(".".join(each)) for each in _beside(put, function)) + ")"
        looked = re.compile(rf"(?<![\w.]){path}\[[^\]]*\](?!=[^=])")
        sized = re.compile(rf"(?:len\({near}\)|(?<![\w.]){near}\.Len\(\))(?:>(?!=|0\b)|>=(?![01]\b))")
        field = rf"(?<!\w)\w+\.{re.escape(put.path[-1])}" if len(put.path) > 1 else path
        taken = re.compile(
            rf"(?:delete|clear)\({field}[,)]|{field}\.(?:Remove|Delete|LoadAndDelete)\(|{field}={field}\["
        )
        near_taken = re.compile(taken.pattern.replace(field, near))
        texts = [(each, bare(each.tokens)) for each in self._timely(function.statements)]
        recalled = any(looked.search(text) and each is not put.statement for each, text in texts)
        cut = any(near_taken.search(text) or re.search(rf"{near}=append\({near}\[", text) for _, text in texts)
        bounds = [self._place(function, each) for each, text in texts if cut and sized.search(text)]
        removals = [
            self._place(other, each)
            for other in self._program.functions
            if (other.receiver[1] == owner or not owner) and other.folder == function.folder
            for each in self._timely(other.statements)
            if taken.search(bare(each.tokens))
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

    def _type_of(self, function: Function, root: str, depth: int = 0) -> str:
        if root == function.receiver[0]:
            return function.receiver[1]
        if root in function.params:
            return function.params[root]
        made = self._names(function).get(root)
        if made is not None:
            return made.told or self._value_type(function, typed(made.value), depth)
        if root in function.results:
            return function.results[root]
        return self._variable_type(function.folder, root)

    def _variable_type(self, folder: str, name: str) -> str:
        told, sign, value = self._program.variables.get((folder, name), "").partition("=")
        return told or (self._value_type(None, value) if sign else "")

    def _value_type(self, function: Function | None, value: str, depth: int = 0) -> str:
        """``function``: where the value stands, None for outside of all."""
        container = _CONTAINER.match(value)
        if container is not None:
            return container[1]
        made = _MADE.match(value)
        if made is not None:
            return made[1] or made[2]
        called = re.match(r"([\w.]+)\(", value)
        found = self._meant(function, tuple(called[1].split(".")), depth) if called is not None and function else []
        return found[0].result.strip("()").partition(",")[0] if len(found) == 1 else ""

    def _struct(self, folder: str, told: str) -> tuple[str, str]:
        """(folder, name) of a type, as it is called in ``folder``."""
        name = pointed(told)
        if _foreign(told):
            package = told.lstrip("*").partition(".")[0]
            others = [each for each, own in self._program.fields if own == name and each.rpartition("/")[2] == package]
            folder = others[0] if len(others) == 1 else ""
        return folder, name

    def _fields(self, folder: str, told: str) -> Mapping[str, str]:
        return self._program.fields.get(self._struct(folder, told), {})

    def _field(self, folder: str, told: str, field: str) -> str:
        there, owner = self._struct(folder, told)
        own = self._program.fields.get((there, owner), {})
        return own.get(field) or self._embedded(there, owner, field)

    def _embedded(self, folder: str, owner: str, field: str) -> str:
        own = self._program.fields.get((folder, owner), {})
        embedded = (self._fields(folder, told) for name, told in own.items() if pointed(told) == name)
        return next((fields[field] for fields in embedded if field in fields), "")


def _foreign(told: str) -> bool:
    """Whether a type is one of another package: ``*bolt.Bucket``."""
    return "." in told.lstrip("*").partition("[")[0]


def _declared(statement: Statement) -> Iterable[tuple[str, _Own]]:
    """What a statement declares: by ``:=``, ``var a, b T``, or ``var ( … )``."""
    parts = statement.tokens
    if parts[0].text == "var":
        grouped = len(parts) > 1 and parts[1].text == "("
        for row in split(parts[2:-1], ";") if grouped else [parts[1:]]:
            names, behind = declared(row)
            at = next((at for at, part in enumerate(behind) if part.text == "="), len(behind))
            values = split(behind[at + 1 :], ",")
            for number, name in enumerate(names):
                yield name, _Own(statement, typed(behind[:at]), _value(values, number, len(names)))
        return
    left, sign, right = assigned(parts)
    for number, target in enumerate(left if sign == ":=" else []):
        path, _ = path_of(target)
        if len(path) == 1:
            yield path[0], _Own(statement, "", _value(right, number, len(left)))


def _value(values: Sequence[Sequence[Token]], number: int, names: int) -> tuple[Token, ...]:
    """Of several results of one call the first alone is told apart."""
    if len(values) == names:
        return tuple(values[number])
    return tuple(values[0]) if values and not number else ()


def _beside(put: Put, function: Function) -> list[tuple[str, ...]]:
    """The field itself, and those of the same object that the function puts to, or takes out of, by the same key."""
    found = [put.path]
    for statement in function.statements if len(put.path) > 1 else ():
        same = [each.path for each in puts(statement) if each.key in {"", put.key}]
        taken = [
            (path_of(given[0])[0], typed(given[1]))
            for called, given in calls(statement.tokens)
            if called == ("delete",) and len(given) == 2
        ]
        same += [path for path, key in taken if key == put.key]
        found += [each for each in same if each[:-1] == put.path[:-1]]
    return list(dict.fromkeys(found))


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
