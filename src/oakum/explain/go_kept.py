"""Where Go source puts what one of its functions allocates: the field, package variable or captured variable.

A value is followed by name: from the statement that allocates it through assignments, arguments and results, along the
functions of the call path, to what puts it under a key, appends it, sends it, or hands it to a list or a sync.Map. What
is put into an object that the same call made anew is followed to where that object is put. Aliases through interfaces,
callbacks and reflection are not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from oakum.explain.go_program import Statement
from oakum.explain.go_tokens import Token, split, typed
from oakum.model.cause import CodePlace

_PUTS: Final = {"PushBack": 0, "PushFront": 0, "InsertBefore": 0, "InsertAfter": 0, "Store": 1, "LoadOrStore": 1}
"""Methods of Go's own containers that keep an argument, and the first one that they keep."""

CONTEXTS: Final = frozenset({"WithTimeout", "WithDeadline", "WithCancel", "WithTimeoutCause", "WithDeadlineCause"})
"""Of package context: what makes a context that is kept until it is cancelled or its time is over."""

AFTER: Final = ("context", "AfterFunc")
CALLED: Final = "functions to be called"
"""What a context holds that is there to be called when it ends, until what AfterFunc gave back is called."""

_PASSED: Final = frozenset(
    {"context.WithValue", "append", "string", "any", "new", "bytes.Clone", "slices.Clone", "strings.Clone"}
)
"""What is called and holds what it was given."""

MOST_CALLS: Final = 200
"""In one statement: what has more was made by a program."""

_COMPARED: Final = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||", "!"})


@dataclass(frozen=True, slots=True)
class Kept:
    """``owner``: the struct that has the field, "" for a variable. ``name``: ``Limiter.buckets``, ``main.seen``.

    ``kind``: map, slice, channel, list or CALLED; contexts for what only a deadline lets go. ``of``: the type of what
    is kept, "" where that is not told. ``key``: what stands in its brackets. ``fixed``: it has places for so many and
    no more. ``root``: the package variable that the way begins with, "" where it begins with another. ``recalled``: the
    same function looks a key up in it. ``bounds``: where its length is compared beside that. ``removals``: where
    something is taken out.
    """

    name: str
    owner: str
    field: str
    kind: str
    of: str
    key: str
    place: CodePlace
    fixed: bool = False
    root: str = ""
    recalled: bool = False
    bounds: tuple[CodePlace, ...] = ()
    removals: tuple[CodePlace, ...] = ()


@dataclass(frozen=True, slots=True)
class Put:
    """One statement that makes something larger. ``path``: ``("l", "buckets")``. ``value``: what is put into it."""

    path: tuple[str, ...]
    kind: str
    key: str
    value: tuple[Token, ...]
    statement: Statement


def path_of(parts: Sequence[Token]) -> tuple[tuple[str, ...], list[Token]]:
    """(names of a chain of fields, what stands in the brackets at its end); no names for what is none."""
    names: list[str] = []
    key: list[Token] = []
    at = 1 if parts and parts[0].text in {"*", "&"} else 0
    while at < len(parts):
        if parts[at].kind != "word":
            return (), []
        names.append(parts[at].text)
        at, key = at + 1, []
        while at < len(parts) and parts[at].text == "[":
            end = _closed(parts, at)
            key, at = list(parts[at + 1 : end]), end + 1
        if at < len(parts) and parts[at].text != ".":
            return (), []
        at += 1
    return tuple(names), key


def puts(statement: Statement) -> Iterator[Put]:
    """What the statement makes larger, itself or by a call inside of it."""
    parts = statement.tokens
    left, sign, right = assigned(parts)
    for at, target in enumerate(left if sign else []):
        names, key = path_of(target)
        value = tuple(right[at] if at < len(right) else right[0] if right else ())
        if names and key and sign != ":=":
            yield Put(names, "map", typed(key), value, statement)
        elif names and len(value) > 2 and value[0].text == "append" and value[1].text == "(":
            given = split(value[2:-1], ",")
            same = path_of([token for token in given[0] if token.text != "..."])[0] if given else ()
            if same == names:
                yield Put(names, "slice", "", tuple(token for each in given[1:] for token in each), statement)
    if sign and len(left) == 2 and len(right) == 1:
        yield from _contexts(path_of(left[1])[0], right[0], statement)
    for made, given in calls(parts):
        if made == AFTER and len(given) == 2:
            yield Put(path_of(given[0])[0], CALLED, typed(left[0]) if left else "", tuple(given[1]), statement)
    sent = next((at for at, part in enumerate(parts) if part.text == "<-" and at and _ended(parts[at - 1])), 0)
    names, key = path_of(parts[:sent])
    if names and not sign:
        yield Put(names, "channel", "", tuple(parts[sent + 1 :]), statement)
    yield from _handed(statement)


def _contexts(cancel: tuple[str, ...], value: Sequence[Token], statement: Statement) -> Iterator[Put]:
    """A context that is derived: what its parent holds, until ``cancel`` is called."""
    for made, given in [*calls(value)][:1]:
        if made[:1] == ("context",) and made[-1] in CONTEXTS and len(cancel) == 1 and given:
            yield Put(cancel, "contexts", f"context.{made[-1]}", tuple(given[0]), statement)


def _handed(statement: Statement) -> Iterator[Put]:
    """What is given to a container of Go's own by a call."""
    for names, given in calls(statement.tokens):
        first = _PUTS.get(names[-1], -1)
        if names[-2:] == ("heap", "Push") and len(given) == 2:
            yield Put(path_of(given[0])[0], "slice", "", tuple(given[1]), statement)
        elif len(names) > 1 and first >= 0 and len(given) > first:
            kind = "map" if first else "list"
            under = typed(given[0]) if first else ""
            yield Put(names[:-1], kind, under, tuple(token for each in given[first:] for token in each), statement)


def assigned(parts: Sequence[Token]) -> tuple[list[list[Token]], str, list[list[Token]]]:
    """(targets, sign, values) of an assignment; the sign is "" where it is none."""
    nested = 0
    for at, part in enumerate(parts):
        nested += part.text in {"(", "[", "{"} and part.kind == "sign"
        nested -= part.text in {")", "]", "}"} and part.kind == "sign"
        if not nested and part.text in {"=", ":=", "+="} and part.kind == "sign":
            left = parts[1:at] if parts[0].text == "var" else parts[:at]
            return split(left, ","), part.text, split(parts[at + 1 :], ",")
    return [], "", []


def calls(parts: Sequence[Token]) -> Iterator[tuple[tuple[str, ...], list[list[Token]]]]:
    """(what is called, its arguments) of each call in a statement; of very many the first."""
    made = 0
    for at, part in enumerate(parts):
        if part.text == "(" and at and parts[at - 1].kind == "word" and made < MOST_CALLS:
            made += 1
            begin = at - 1
            while begin > 1 and parts[begin - 1].text == "." and (parts[begin - 2].kind == "word"):
                begin -= 2
            names = tuple(token.text for token in parts[begin:at] if token.text != ".")
            yield names, split(parts[at + 1 : _closed(parts, at)], ",")


def holds(value: Sequence[Token], names: AbstractSet[str]) -> bool:
    """Whether an expression has one of ``names`` in it as a value, and not as what only was asked or counted."""
    around: list[bool] = []
    found = compared = False
    for at, part in enumerate(value):
        if part.text in {"(", "[", "{"} and part.kind == "sign":
            called = _called(value, at)
            passed = not called or called in _PASSED or called.rpartition(".")[2] in _PUTS
            around.append(part.text == "{" or (part.text == "(" and passed))
        elif part.text in {")", "]", "}"} and part.kind == "sign" and around:
            around.pop()
        elif part.kind == "sign" and not around and part.text in _COMPARED:
            found, compared = False, True  # it is true or false, and holds nothing
        elif part.kind == "sign" and not around and part.text == ",":
            if found:
                return True
            compared = False
        elif not found and not compared and part.kind == "word" and part.text in names and all(around):
            before = value[at - 1].text if at else ""
            behind = at + 1
            while behind + 1 < len(value) and value[behind].text == ".":
                behind += 2
            keyed = behind == at + 1 and behind < len(value) and value[behind].text == ":" and before in {"{", ","}
            found = before != "." and not keyed and not (behind < len(value) and value[behind].text == "(")
    return found


def _called(value: Sequence[Token], at: int) -> str:
    begin = at
    while begin and (value[begin - 1].kind == "word" or value[begin - 1].text in {".", "]", "["}):
        begin -= 1
    return typed(value[begin:at]) if not typed(value[begin:at]).startswith("[") else ""


def _closed(parts: Sequence[Token], at: int) -> int:
    nested = 0
    for end in range(at, len(parts)):
        nested += parts[end].kind == "sign" and parts[end].text in {"(", "[", "{"}
        nested -= parts[end].kind == "sign" and parts[end].text in {")", "]", "}"}
        if not nested:
            return end
    return len(parts)


def _ended(part: Token) -> bool:
    return part.kind == "word" or part.text in {")", "]"}
