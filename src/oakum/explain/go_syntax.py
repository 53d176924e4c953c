"""Go source as far as it is needed to tell who keeps what: tokens, declarations, and statements with their lines.

It is no compiler: types are texts, and packages that are imported are not looked into. Source: the Go Programming
Language Specification (semicolons, composite literals, statements).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

DEEPEST: Final = 60
"""Statements inside of each other; what is nested deeper was made by a program."""

_TOKEN: Final = re.compile(
    r"(?P<newline>\n)|(?P<space>[ \t\r\ufeff]+|//[^\n]*|/\*.*?(?:\*/|\Z))"
    r"|(?P<text>`[^`]*`|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(?P<word>[^\W\d]\w*)|(?P<number>\d[\w.]*)"
    r"|(?P<sign><<=|>>=|&\^=|\.\.\.|<-|\+\+|--|:=|&&|\|\||<<|>>|&\^|[-+*/%&|^=!<>]=|.)",
    re.DOTALL,
)
_ENDED: Final = frozenset({"break", "continue", "fallthrough", "return", "++", "--", ")", "]", "}"})
_KEYWORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "break case chan const continue default defer else fallthrough for func go goto if import interface map package"
        " range return select struct switch type var",
    )
)
HEADED: Final = frozenset({"if", "for", "switch", "select", "else"})
_LEADS: Final = frozenset({"if", "for", "switch", "else", "case", "go", "defer"})
_OPENS, _CLOSES = frozenset("([{"), frozenset(")]}")


class Token(NamedTuple):
    """``kind``: word, number, text or sign; keywords are signs. ``line``: from 1."""

    kind: str
    text: str
    line: int


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


def read(sources: Mapping[str, str]) -> Program:
    """``sources``: text by path, of Go files. A file that is not understood declares nothing."""
    found = Program()
    for path, text in sources.items():
        try:
            _Reader(tokens(text), path, found).declarations()
        except (IndexError, RecursionError):
            continue
    return found


def tokens(text: str) -> list[Token]:
    """With the semicolons that Go itself puts at the ends of lines. O(text)."""
    found: list[Token] = []
    line = 1
    for match in _TOKEN.finditer(text):
        kind, told = match.lastgroup or "", match.group()
        if kind in {"newline", "space"}:
            if "\n" in told and found and _ends(found[-1]):
                found.append(Token("sign", ";", line))
        elif kind == "word" and told in _KEYWORDS:
            found.append(Token("sign", told, line))
        else:
            found.append(Token(kind, told, line))
        line += told.count("\n")
    return found


def _ends(token: Token) -> bool:
    return token.kind != "sign" or token.text in _ENDED


def typed(parts: Sequence[Token]) -> str:
    """A type or an expression as one text: ``map[string]*Bucket``, ``chan Line``."""
    told = ""
    for part in parts:
        apart = told and (told[-1].isalnum() or told[-1] == "_") and (part.text[0].isalnum() or part.text[0] == "_")
        told += f" {part.text}" if apart else part.text
    return told


def bare(parts: Sequence[Token]) -> str:
    """As ``typed``, without what stands in texts: nothing is looked for in there."""
    return typed([Token("text", '""', part.line) if part.kind == "text" else part for part in parts])


def pointed(told: str) -> str:
    """``Bucket`` of ``*shop.Bucket[K]``: the name of a type alone, "" for what has none."""
    bare = told.lstrip("*").partition("[")[0] if not told.startswith(("[", "map[")) else ""
    name = bare.rpartition(".")[2]
    return name if name.isidentifier() else ""


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
            nested += token.text in _OPENS and token.kind == "sign"
            nested -= token.text in _CLOSES and token.kind == "sign"
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
            nested += token.text in _OPENS and token.kind == "sign"
            nested -= token.text in _CLOSES and token.kind == "sign"
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
            nested += token.text in _OPENS and token.kind == "sign"
            nested -= token.text in _CLOSES and token.kind == "sign"
            at += 1
            if not nested and token.text == ";":
                break
        return at


def split(parts: Sequence[Token], sign: str) -> list[list[Token]]:
    """At each ``sign`` that stands in no brackets; empty parts are left out."""
    found: list[list[Token]] = [[]]
    nested = 0
    for part in parts:
        if part.kind == "sign" and part.text == sign and not nested:
            found.append([])
            continue
        nested += part.kind == "sign" and part.text in _OPENS
        nested -= part.kind == "sign" and part.text in _CLOSES
        found[-1].append(part)
    return [each for each in found if each]


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
