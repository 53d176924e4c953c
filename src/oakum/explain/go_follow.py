"""A value of a Go program, followed by name through the source of the functions on its call path to what keeps it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from oakum.explain.go_kept import Kept, assigned, calls, holds, path_of, puts
from oakum.explain.go_patience import Patience
from oakum.explain.go_placed import Placed, Places
from oakum.explain.go_program import Function, Program, Statement
from oakum.explain.go_scope import MADE, RECEIVER, Scope
from oakum.explain.go_tokens import Token, typed
from oakum.explain.go_used import as_used
from oakum.model.cause import CodePlace

DEEPEST: Final = 4
"""Calls that are followed into each other."""

LITERAL: Final = "func"
MAKES: Final = frozenset({")", "}", LITERAL})
"""How an argument ends that is made where it is given: a call, a value, a function."""

PASSES: Final = 3
MOST: Final = 4
"""Places; where there are more, the source does not tell."""

MOST_FUNCTIONS, MOST_STATEMENTS = 2000, 3000
"""Functions that are gone through for one holder, and statements of one that is: longer ones were made by a program."""

_Call = tuple[tuple[str, ...], Sequence[Sequence[Token]], Function]


class Follower:
    """``package``: as Go names functions of it: ``main``, ``example.org/shop/cart``."""

    def __init__(
        self, program: Program, texts: dict[str, list[str]], package: str, late: Callable[[], bool] = lambda: False
    ) -> None:
        """``texts``: lines by file. ``late``: whether it took too long already: TooLongError is raised then."""
        self._program, self._package, self._patience = program, package, Patience(late)
        self._scope = Scope(program, self._patience)
        self._places = Places(self._scope, texts, package)
        self._left = MOST_FUNCTIONS

    def kept(self, stack: Sequence[CodePlace]) -> list[Kept]:
        """Of what the innermost function of ``stack`` allocates at its line; empty where the source does not tell."""
        found: list[Placed] = []
        inner: Function | None = None
        returned = True
        for place in stack:
            function = self._program.at(place)
            if function is None:
                break
            seeds = function.innermost(place.line)
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

    def closure(self, place: CodePlace) -> list[Kept]:
        """Of the function literal that stands at ``place``; empty where the source does not tell."""
        function = self._program.at(place)
        if function is None:
            return []
        around = [each for each in function.statements if each.first <= place.line <= each.last]
        made = [each for each in around if any(token.text == LITERAL for token in each.tokens)]
        least = min((each.last - each.first for each in made), default=0)
        found: list[Placed] = []
        names: set[str] = set()
        for each in (_as_value(each) for each in made if each.last - each.first == least):
            found += self._held(function, each, {LITERAL}, 0)
            names |= self._named_too(function, each, {LITERAL})
        return self._told([*found, *(self._inside(function, names, 0)[0] if names else [])])

    def variable(self, name: str) -> list[Kept]:
        """Of what hangs on a package variable: the nearest fields of its type that anything makes larger."""
        folders = [folder for folder, each in self._program.variables if each == name]
        last = self._package.rpartition("/")[2]
        named = [each for each in folders if each.rpartition("/")[2] == last] if len(folders) > 1 else folders
        if len(named) != 1:
            return []
        folder = named[0]
        types = [(folder, self._scope.variable_type(folder, name))]
        everything = self._everything()
        own = [each for each in everything if not each.kept.owner and each.kept.root == name and each.folder == folder]
        return self._told(own or _nearest(self._program, types, everything))

    def locals(self, place: CodePlace) -> list[Kept]:
        """Of what hangs on variables of the function at ``place``, as ``variable``; what is bounded stands back where
        something is not.
        """
        function = self._program.at(place)
        if function is None:
            return []
        names = {function.receiver[0], *function.params, *self._scope.names(function)} - {""}
        told = {self._scope.type_of(function, name) for name in names}
        told |= {made[1] for each in function.statements for made in MADE.finditer(typed(each.tokens)) if made[1]}
        types = [(function.folder, each) for each in sorted(told) if each]
        kept = self._told(_nearest(self._program, types, self._everything()))
        return [each for each in kept if not each.bounds] or kept

    def _everything(self) -> list[Placed]:
        """Where anything in the program makes something larger."""
        return [
            made
            for function in self._program.functions
            if len(function.statements) <= MOST_STATEMENTS
            for statement in self._patience.each(function.statements)
            for put in puts(statement)
            if (made := self._places.of(put, function)) is not None and not made.kept.fixed
        ]

    def _from(self, function: Function, seeds: Sequence[Statement]) -> tuple[list[Placed], bool]:
        """(places, whether it is given back) of what these statements make."""
        found: list[Placed] = []
        names: set[str] = set()
        returned = False
        for statement in seeds:
            direct = [put for put in puts(statement) if not self._places.loses(put, function)]
            found += filter(None, (self._places.of(put, function) for put in direct))
            names |= {put.path[0] for put in puts(statement) if self._places.loses(put, function)}
            left, sign, _ = assigned(statement.tokens)
            for target in left if sign in {"=", ":="} else []:
                path, key = path_of(target)
                if path and not key and self._scope.local(function, path[0]):
                    names.add(path[0])
            returned |= statement.tokens[0].text == "return"
            if not direct and not left and not returned:
                found += self._given(function, statement, None, 0)
        more, back = self._inside(function, names, 0) if names else ([], False)
        return [*found, *more], returned or back

    def _inside(self, function: Function, names: AbstractSet[str], depth: int) -> tuple[list[Placed], bool]:
        """(places, whether it is given back) of what has one of ``names`` in a function."""
        self._left -= 1
        if self._left < 0 or len(function.statements) > MOST_STATEMENTS:
            return [], False
        known = set(names)
        for _ in range(PASSES):
            before = len(known)
            for statement in self._patience.each(function.statements):
                known |= self._named_too(function, statement, known)
            if len(known) == before:
                break
        found: list[Placed] = []
        returned = False
        for statement in self._patience.each(function.statements):
            found += self._held(function, statement, known, depth)
            back = statement.tokens[0].text == "return"
            returned |= back and (holds(statement.tokens[1:], known) or self._bare(function, statement, known))
        return found, returned

    def _held(self, function: Function, statement: Statement, known: AbstractSet[str], depth: int) -> list[Placed]:
        """Where one statement puts what has one of ``known``, itself or by what it calls."""
        held = (self._places.of(put, function) for put in puts(statement) if holds(put.value, known))
        own = [each for each in held if each is not None and not self._places.flat(each)]
        return [*own, *self._given(function, statement, known, depth)]

    def _bare(self, function: Function, statement: Statement, known: AbstractSet[str]) -> bool:
        """Whether a return without values gives one of ``known`` back, by the names of the results."""
        return len(statement.tokens) == 1 and not statement.literal and not known.isdisjoint(function.results)

    def _named_too(self, function: Function, statement: Statement, known: AbstractSet[str]) -> set[str]:
        more: set[str] = set()
        left, sign, right = assigned(statement.tokens)
        for at, target in enumerate(left if sign in {"=", ":="} else []):
            path, _ = path_of(target)
            value = right[at] if len(right) == len(left) else right[0] if right else []
            if path and self._scope.local(function, path[0]) and holds(value, known):
                more.add(path[0])
        for put in puts(statement):
            if self._places.loses(put, function) and holds(put.value, known):
                more.add(put.path[0])
        return more

    def _given(
        self, function: Function, statement: Statement, known: AbstractSet[str] | None, depth: int
    ) -> list[Placed]:
        """What functions keep that get it as an argument. ``known`` None: what a call or a literal makes there."""
        found: list[Placed] = []
        if depth >= DEEPEST:
            return found
        for called, given in calls(statement.tokens):
            for callee in self._scope.called(function, called, len(given)):
                for name, value in zip(callee.params, given, strict=False):
                    if holds(value, known) if known is not None else value[-1].text in MAKES:
                        made = self._inside(callee, {name}, depth + 1)[0]
                        found += self._from_call(made, function, statement, (called, given, callee), depth)
        return found

    def _lifted(
        self, found: list[Placed], function: Function, seeds: Iterable[Statement], inner: Function
    ) -> tuple[list[Placed], bool]:
        """(places, whether the next caller may tell more) where ``function`` calls ``inner`` at these statements."""
        for statement in seeds:
            for called, given in calls(statement.tokens):
                if called[-1] == inner.name:
                    made = self._from_call(found, function, statement, (called, given, inner), 0)
                    return made, any(each.via for each in made)
        return found, False

    def _from_call(
        self, found: Iterable[Placed], function: Function, statement: Statement, call: _Call, depth: int
    ) -> list[Placed]:
        """Of what a call keeps: what its caller made anew is kept where that is put; anything else stays.

        ``call``: what stands there, its arguments, and the function that it calls.
        """
        called, given, callee = call
        made: list[Placed] = []
        params = list(callee.params)
        for each in found:
            path = called[:-1] if each.via == RECEIVER else ()
            if each.via in params and params.index(each.via) < len(given):
                path = path_of(given[params.index(each.via)])[0]
            stays = [replace(each, via="")]
            if not each.via:
                made += stays
            elif each.via != RECEIVER and not each.kept.owner:
                # A map or a slice itself was handed over: it is the caller's.
                own = self._places.of(replace(each.put, path=path, statement=statement), function) if path else None
                made += [] if own is None else [own]
            elif not path or path[0] in function.literals.get(statement.literal, ()):
                made += stays
            elif self._scope.local(function, path[0]):
                outer = self._anew(function, path[0], depth) if len(path) == 1 else None
                ends = outer is not None and self._ends(function, path[0], statement, called)
                made += outer or ([] if ends else stays)
            else:
                made.append(replace(each, via=self._scope.via(function, path[0]) if len(path) == 1 else ""))
        return made

    def _ends(self, function: Function, name: str, where: Statement, but: tuple[str, ...]) -> bool:
        """Whether an object that ``function`` made ends with it: nothing else is seen to get it. ``but``: that call."""
        own = self._scope.names(function).get(name)
        if own is None or own.statement.literal != where.literal or function.told == "main":
            return False
        for each in self._patience.each(function.statements):
            used = any(token.text == name for token in each.tokens)
            if used and (each.literal != own.statement.literal or each.tokens[0].text == "return"):
                return False
            _, sign, right = assigned(each.tokens) if used else ([], "", [])
            values = [value for called, given in calls(each.tokens) if called != but for value in given] if used else []
            values += [*right, *(list(put.value) for put in puts(each))] if used else []
            if any(holds(value, {name}) for value in values) and (each is not own.statement or not sign):
                return False
        return name not in function.results

    def _anew(self, function: Function, name: str, depth: int) -> list[Placed] | None:
        """Where a variable's object is put, that ``function`` made; None where it was read out of something."""
        found: list[Placed] = []
        own = self._scope.names(function).get(name)
        fresh = own is not None and bool(own.told) and not own.value and not own.told.startswith("*")
        for statement in function.statements:
            left, sign, right = assigned(statement.tokens)
            if not sign or not any(path_of(target)[0] == (name,) for target in left) or not right:
                continue
            fresh |= bool(MADE.match(typed(right[0])))
            for called, given in calls(right[0]) if depth < DEEPEST else ():
                for callee in self._scope.called(function, called, len(given)):
                    fresh = True
                    back = {
                        path[0]
                        for each in callee.statements
                        if each.tokens[0].text == "return" and (path := path_of(each.tokens[1:])[0])
                    }
                    own_back = {each for each in back if self._scope.local(callee, each)}
                    made = self._inside(callee, own_back, depth + 1)[0]
                    found += self._from_call(made, function, statement, (called, given, callee), depth + 1)
        more = self._inside(function, {name}, depth + 1)[0] if fresh and depth < DEEPEST else []
        return [*found, *(each for each in more if self._outside(function, each))] if fresh else None

    def _outside(self, function: Function, found: Placed) -> bool:
        return found.kept.place.function != function.told or not found.via

    def _told(self, found: Iterable[Placed]) -> list[Kept]:
        """One for each name, in order; none where what has a fixed number of places is all that there is.

        Of a map or a slice that the last caller was given itself, nobody says whose it is.
        """
        by_name: dict[str, Placed] = {}
        for each in found:
            handed = each.via not in {"", RECEIVER} and not each.kept.owner
            if not each.kept.fixed and not handed:
                by_name.setdefault(each.kept.name, each)
        return [as_used(each, self._scope, self._places) for each in by_name.values()] if len(by_name) <= MOST else []


def _as_value(statement: Statement) -> Statement:
    """Its function literals as if they were variables of one name."""
    tokens = [Token("word", LITERAL, each.line) if each.text == LITERAL else each for each in statement.tokens]
    return replace(statement, tokens=tuple(tokens))


def _nearest(program: Program, types: Sequence[tuple[str, str]], everything: Sequence[Placed]) -> list[Placed]:
    """Those of ``everything`` that make fields larger of the first of these types, or of types within, that has one.

    ``types``: (folder, as it is called there).
    """
    seen: set[tuple[str, str]] = set()
    own: list[Placed] = []
    while types and not own and len(seen) < MOST * MOST:
        owners = {program.struct(*each) for each in types} - seen
        own = [each for each in everything if (each.folder, each.kept.owner) in owners and each.kept.owner]
        seen |= owners
        types = [(each[0], told) for each in owners for told in program.fields.get(each, {}).values()]
    return own
