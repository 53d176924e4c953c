"""Go source read as far as it is needed to tell who keeps what: declarations, and statements with their lines.

It is no compiler: types are texts, and packages that are imported are not looked into. Source: the Go Programming
Language Specification (semicolons, composite literals, statements).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from oakum.explain.go_program import Function, Program, Statement, folder_of
from oakum.explain.go_tokens import CLOSES, OPENS, Token, split, tokens, typed
from oakum.explain.go_typed import pointed

DEEPEST: Final = 60
"""Statements inside of each other; what is nested deeper was made by a program."""

HEADED: Final = frozenset({"if", "for", "switch", "select", "else"})
_LEADS: Final = frozenset({"if", "for", "switch", "else", "case", "go", "defer"})


def read(sources: Mapping[str, str]) -> Program:
    """``sources``: text by path, of Go files. A file that is not understood declares nothing."""
    found = Program()
    for path, text in sources.items():
        try:
            _Reader(tokens(text), path, found).declarations()
        except (IndexError, RecursionError):
            continue
    return found


class _Reader:
    """One pass over one file. Raises IndexError where it ends too soon or is nested too deeply."""

    def __init__(self, found: list[Token], path: str, into: Program) -> None:
        self._tokens, self._path, self._into = found, path, into
        self._folder = folder_of(path)
        self._literals: dict[int, Mapping[str, str]] = {}
        self._made: list[Statement] = []

    def declarations(self) -> None:
        at = 0
        while at < len(self._tokens):
            text = self._tokens[at].text
            if text == "func":
                at = self._function(at + 1)
            elif text in {"type", "var"}:
                at = self._declared(at + 1, self._type if text == "type" else self._variable)
            else:
                at = self._to_end(at)

    def _declared(self, at: int, one: Callable[[Sequence[Token]], None]) -> int:
        if self._tokens[at].text != "(":
            end = self._to_end(at)
            one(self._tokens[at : end - 1])
            return end
        end = self.behind(at)
        for parts in split(self._tokens[at + 1 : end - 1], ";"):
            one(parts)
        return end

    def _type(self, parts: Sequence[Token]) -> None:
        if len(parts) < 2:
            return
        name = parts[0].text
        struct = next((at for at, part in enumerate(parts) if part.text == "struct"), 0)
        if not struct or (struct > 1 and parts[1].text != "["):
            self._into.named[self._folder, name] = typed(parts[1:])
            return
        own: dict[str, str] = {}
        for row in split(parts[struct + 2 : -1], ";"):
            own.update(_fields([part for part in row if part.kind != "text"]))
        self._into.fields[self._folder, name] = own

    def _variable(self, parts: Sequence[Token]) -> None:
        names, behind = declared(parts)
        for name in names:
            self._into.variables[self._folder, name] = typed(behind)

    def _function(self, at: int) -> int:
        receiver = ("", "")
        first = self._tokens[at].line
        if self._tokens[at].text == "(":
            end = self.behind(at)
            inside = self._tokens[at + 1 : end - 1]
            named = len(inside) > 1 and inside[0].kind == "word"
            told = typed(inside[1:] if named else inside)
            receiver, at = (inside[0].text if named else "", pointed(told)), end
        name = self._tokens[at].text
        at += 1
        if self._tokens[at].text == "[":
            at = self.behind(at)
        end = self.behind(at)
        params = _params(self._tokens[at + 1 : end - 1])
        body = self.behind_type(end)
        results = _results(self._tokens[end:body])
        result = ",".join(results.values()) or typed(self._tokens[end:body])
        if body >= len(self._tokens) or self._tokens[body].text != "{":
            return self._to_end(body)
        self._made, self._literals = [], {}
        end = self._block(body + 1, 0, 0)
        made = tuple(self._made)
        last = self._tokens[end - 1].line
        self._into.functions.append(
            Function(name, receiver, params, result, self._path, first, last, made, results, self._literals)
        )
        return end

    def _block(self, at: int, literal: int, depth: int) -> int:
        """Behind its closing brace."""
        if depth > DEEPEST:
            raise IndexError
        while self._tokens[at].text != "}":
            at = self._statement(at, literal, depth)
        return at + 1

    def _statement(self, at: int, literal: int, depth: int) -> int:
        begun: list[Token] = []
        first = self._tokens[at].line
        headed = self._tokens[at].text in HEADED
        label = self._tokens[at].text in {"case", "default"}
        nested = 0
        while True:
            token = self._tokens[at]
            if not nested and headed and token.text == ";":
                self._add(begun, first, token.line, literal, depth)
                begun, first, at = [], token.line, at + 1
                continue
            if not nested and (token.text in {";", "}"} or (label and token.text == ":")):
                break
            if token.text == "func" and self._tokens[at + 1].text == "(":
                at = self._literal(at, literal, depth)
                begun.append(Token("sign", "func", token.line))
                continue
            if token.text == "{" and not nested and (headed or not begun):
                self._add(begun, first, self._tokens[at].line, literal, depth)
                at = self._block(at + 1, literal, depth + 1)
                if self._tokens[at].text == "else":
                    return self._statement(at, literal, depth)
                return at + (self._tokens[at].text == ";")
            nested += token.text in OPENS and token.kind == "sign"
            nested -= token.text in CLOSES and token.kind == "sign"
            begun.append(token)
            at += 1
        self._add(begun, first, self._tokens[at - 1].line, literal, depth)
        return at + (self._tokens[at].text != "}")

    def _add(self, begun: list[Token], first: int, last: int, literal: int, depth: int) -> None:
        parts = begun[1:] if begun and begun[0].text in _LEADS else begun
        if parts and parts[0].text == "if":
            parts = parts[1:]
        if parts:
            self._made.append(Statement(tuple(parts), first, last, literal, depth, begun[0].text == "defer"))

    def _literal(self, at: int, around: int, depth: int) -> int:
        """Behind a function literal, or behind the type of a function. ``around``: the literal that it stands in."""
        end = self.behind(at + 1)
        body = self.behind_type(end)
        if self._tokens[body].text != "{":
            return body
        number = len(self._literals) + 1
        own = {**_params(self._tokens[at + 2 : end - 1]), **_results(self._tokens[end:body])}
        self._literals[number] = {**self._literals.get(around, {}), **own}
        return self._block(body + 1, number, depth + 1)

    def behind(self, at: int) -> int:
        """Behind what is opened at ``at``."""
        nested = 0
        while True:
            token = self._tokens[at]
            nested += token.text in OPENS and token.kind == "sign"
            nested -= token.text in CLOSES and token.kind == "sign"
            at += 1
            if nested <= 0:
                return at

    def behind_type(self, at: int) -> int:
        """Behind a type, where one begins."""
        text = self._tokens[at].text if at < len(self._tokens) else ""
        if text == "(":
            return self.behind(at)
        if text in {"*", "chan", "<-"}:
            return self.behind_type(at + 1)
        if text == "[":
            return self.behind_type(self.behind(at))
        if text == "map":
            return self.behind_type(self.behind(at + 1))
        if text in {"interface", "struct"}:
            return self.behind(at + 1)
        if text == "func":
            return self.behind_type(self.behind(at + 1))
        if at < len(self._tokens) and self._tokens[at].kind == "word":
            at += 1
            while at + 1 < len(self._tokens) and self._tokens[at].text == ".":
                at += 2
            return self.behind(at) if at < len(self._tokens) and self._tokens[at].text == "[" else at
        return at

    def _to_end(self, at: int) -> int:
        """Behind the semicolon that ends a declaration."""
        nested = 0
        while at < len(self._tokens):
            token = self._tokens[at]
            nested += token.text in OPENS and token.kind == "sign"
            nested -= token.text in CLOSES and token.kind == "sign"
            at += 1
            if not nested and token.text == ";":
                break
        return at


def _fields(row: Sequence[Token]) -> Iterator[tuple[str, str]]:
    if len(row) == 1 or row[0].text == "*" or row[1].text == ".":
        told = typed(row)
        yield pointed(told), told
        return
    names = 1
    while names + 1 < len(row) and row[names].text == ",":
        names += 2
    told = typed(row[names:])
    yield from ((part.text, told) for part in row[:names] if part.kind == "word")


def declared(parts: Sequence[Token]) -> tuple[list[str], Sequence[Token]]:
    """(names, what stands behind them) of what one ``var`` declares."""
    names = 0
    while names < len(parts) and (parts[names].kind == "word" and (not names or parts[names - 1].text == ",")):
        names += 1 + (names + 1 < len(parts) and parts[names + 1].text == ",")
    return [part.text for part in parts[:names] if part.kind == "word"], parts[names:]


def _results(parts: Sequence[Token]) -> dict[str, str]:
    """Types by name; none where the results have no names: ``(int, error)``, ``(shop.Item, error)``, ``(List[T])``."""
    if not parts or parts[0].text != "(":
        return {}
    for row in split(parts[1:-1], ","):
        if len(row) > 1 and row[0].kind == "word" and row[1].text != ".":
            generic = row[1].text == "[" and row[-1].text == "]" and row[2].text != "]"
            return {} if generic else _params(parts[1:-1])
    return {}


def _params(inside: Sequence[Token]) -> dict[str, str]:
    """``a, b int, c string``: from the last to the first, a name without a type has that of the next."""
    found: list[tuple[str, str]] = []
    told = ""
    for row in reversed(split(inside, ",")):
        told = typed(row[1:]).removeprefix("...") or told
        found.append((row[0].text, told))
    return dict(reversed(found))
