"""What the source says about a holder: where it is made, who inserts into it, and whether anything bounds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from oakum.model.cause import CodePlace

INSERTS = frozenset(
    {"append", "add", "extend", "insert", "appendleft", "setdefault", "update", "put", "push", "put_nowait"}
)
REMOVES = frozenset({"pop", "remove", "discard", "popitem", "popleft", "clear", "get_nowait"})
OWN_CHOICE = frozenset({"popitem", "popleft"})
"""Removals that choose their victim themselves: eviction, not a caller's wish."""

LARGEST_SOURCE = 2 << 20
"""A text of more characters, or a file of more bytes, is not read."""

LONGEST_LINE = 2000
"""A longer line was made by a program, in characters."""

MOST_KEPT = 200
"""Places of a kind in one file; more are counted only."""


@dataclass(slots=True)
class Sites:
    """Places in one file. ``bounds``: signs that its size is limited; ``removals``: somebody can take things out.

    What was left out: ``passed_over`` places beyond the most that are kept, and ``long_lines`` with its name.
    """

    defined: list[CodePlace] = field(default_factory=list)
    inserts: list[CodePlace] = field(default_factory=list)
    bounds: list[CodePlace] = field(default_factory=list)
    removals: list[CodePlace] = field(default_factory=list)
    recalls: list[CodePlace] = field(default_factory=list)
    """Where a function looks a key up before it inserts under one: results are kept to be had again."""

    taken: bool = False
    """Whether something takes out the next of its items, as a consumer does."""
    passed_over: int = 0
    long_lines: int = 0


class Enclosing:
    """What encloses a line, by how lines are indented. ``named``: the name of what a line opens, "" for none.

    O(lines) for all of them together.
    """

    def __init__(self, lines: Sequence[str], named: Callable[[str], str]) -> None:
        self._lines, self._named = lines, named
        self._around: list[int] = []
        self._names: dict[int, str] = {-1: ""}

    def at(self, number: int) -> str:
        """The name of the innermost around line ``number`` (from 1) that has one; "" for none."""
        self._around = self._around or _around(self._lines)
        row = self._around[number - 1]
        passed: list[int] = []
        while row not in self._names:
            passed.append(row)
            name = self._named(self._lines[row])
            if name:
                self._names[row] = name
            else:
                row = self._around[row]
        self._names.update(dict.fromkeys(passed, self._names[row]))
        return self._names[row]


def _around(lines: Sequence[str]) -> list[int]:
    """For each line, the last before it that is indented less, blank ones aside; -1 for none."""
    found: list[int] = []
    open_rows: list[tuple[int, int]] = []
    for row, line in enumerate(lines):
        own = len(line) - len(line.lstrip())
        while line.strip() and open_rows and open_rows[-1][0] >= own:
            open_rows.pop()
        found.append(open_rows[-1][1] if open_rows else -1)
        if line.strip():
            open_rows.append((own, row))
    return found


@dataclass(frozen=True, slots=True)
class Signs:
    """How a line of some language says what ``Sites`` tells of one holder. ``chosen``: made of a kind with a bound."""

    inserted: re.Pattern[str]
    limited: re.Pattern[str]
    chosen: re.Pattern[str]
    removed: re.Pattern[str]
    made: re.Pattern[str]


def sites_by_line(code: Iterable[tuple[int, str]], around: Enclosing, *, file: str, name: str, signs: Signs) -> Sites:
    """For a language that is read line by line. ``code``: (number from 1, line). O(text).

    A bound is found wherever it stands: of each kind so many places are kept, and the file is read to its end.
    """
    sites = Sites()
    kinds = (
        (signs.inserted, sites.inserts),
        (signs.limited, sites.bounds),
        (signs.chosen, sites.bounds),
        (signs.removed, sites.removals),
        (signs.made, sites.defined),
    )
    for number, line in code:
        if name not in line:
            continue
        if len(line) > LONGEST_LINE:
            sites.long_lines += 1
            continue
        for sign, places in kinds:
            if sign.search(line):
                if len(places) < MOST_KEPT:
                    places.append(CodePlace(file, number, around.at(number), line.strip()))
                else:
                    sites.passed_over += 1
    return sites


def find_sites(text: str, file: str, attribute: str, *, owner: str = "") -> Sites:
    """``attribute``: the bare name (``entries``, ``_seen``); ``owner``: the class that it belongs to, or "".

    A file that is too large or is not Python of this interpreter's grammar has no sites.
    """
    sites = Sites()
    if not attribute or len(text) > LARGEST_SOURCE:
        return sites
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return sites
    finder = _Finder(text.splitlines(), file, attribute, owner.rpartition(".")[2], sites)
    finder.visit(tree)
    finder.settle()
    return sites


class _Finder(ast.NodeVisitor):
    """Walks one file; remembers in which function it is, and which local names stand for the holder."""

    def __init__(self, lines: list[str], file: str, attribute: str, owner: str, sites: Sites) -> None:
        self._lines, self._file, self._name, self._sites = lines, file, attribute, sites
        self._owner = owner
        self._scope: list[str] = []
        self._calls: dict[str, set[str]] = {}
        self._evictions: list[CodePlace] = []
        self._keyed: set[str] = set()
        self._looked_up: list[CodePlace] = []
        self._aliases: list[set[str]] = [set()]

    def settle(self) -> None:
        """What takes out the oldest is a bound where it runs with an insertion; elsewhere it is a consumer."""
        inserting = {place.function for place in self._sites.inserts}
        called = {name for function in inserting for name in self._calls.get(function, ())}
        for place in self._evictions:
            with_insert = place.function in inserting or place.function.rpartition(".")[2] in called
            (self._sites.bounds if with_insert else self._sites.removals).append(place)
            self._sites.taken |= not with_insert
        self._sites.recalls += [place for place in self._looked_up if place.function in self._keyed]

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._decorated(node)
        self._scope.append(node.name)
        self._aliases.append(set())
        self.generic_visit(node)
        self._scope.pop()
        self._aliases.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  (ast's name)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._scope.append(node.name)
        self.generic_visit(node)
        self._scope.pop()

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """``@lru_cache(maxsize=None)`` and ``@cache`` on the function that the holder is."""
        if node.name != self._name:
            return
        for decorator in node.decorator_list:
            call = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = call.attr if isinstance(call, ast.Attribute) else call.id if isinstance(call, ast.Name) else ""
            if name in {"cache", "lru_cache"}:
                self._add(self._sites.inserts, node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._assigned(target, node.value, node)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assigned(node.target, node.value, node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if self._is_holder(node.target) or (
            isinstance(node.target, ast.Subscript) and self._is_holder(node.target.value)
        ):
            self._add(self._sites.inserts, node)
        self.generic_visit(node)

    def _assigned(self, target: ast.expr, value: ast.expr, node: ast.stmt) -> None:
        if isinstance(target, ast.Subscript) and self._is_holder(target.value):
            self._keyed.add(".".join(self._scope))
            self._add(self._sites.inserts, node)
        elif self._is_holder(target):
            grows = isinstance(value, ast.BinOp) and self._is_holder(value.left)
            rebuilt = isinstance(value, ast.DictComp | ast.ListComp | ast.SetComp) and any(
                c.ifs for c in value.generators
            )
            sliced = isinstance(value, ast.Subscript) and self._is_holder(value.value)
            place = self._sites.inserts if grows else self._sites.bounds if rebuilt or sliced else self._sites.defined
            self._add(place, node)
            if isinstance(value, ast.Call) and any(_limits(keyword) for keyword in value.keywords):
                self._add(self._sites.bounds, node)
        elif isinstance(target, ast.Name) and self._is_holder(value):
            self._aliases[-1].add(target.id)

    def visit_Call(self, node: ast.Call) -> None:
        function = node.func
        name = (
            function.attr
            if isinstance(function, ast.Attribute)
            else function.id
            if isinstance(function, ast.Name)
            else ""
        )
        self._calls.setdefault(".".join(self._scope), set()).add(name)
        if isinstance(function, ast.Attribute) and self._is_holder(function.value):
            self._called(function.attr, node)
        self.generic_visit(node)

    def _called(self, method: str, node: ast.Call) -> None:
        if method in {"get", "setdefault"}:
            self._add(self._looked_up, node)
        if method == "setdefault":
            self._keyed.add(".".join(self._scope))
        if method in INSERTS:
            self._add(self._sites.inserts, node)
        elif method in REMOVES:
            chosen_here = method in OWN_CHOICE or (method == "pop" and _pops_end(node)) or _pops_first(node)
            self._add(self._evictions if chosen_here else self._sites.removals, node)

    def visit_Compare(self, node: ast.Compare) -> None:
        among = [
            right for op, right in zip(node.ops, node.comparators, strict=True) if isinstance(op, ast.In | ast.NotIn)
        ]
        if any(self._is_holder(right) for right in among):
            self._add(self._looked_up, node)
        for side in [node.left, *node.comparators]:
            if isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id == "len" and side.args:
                sized = side.args[0]
                if self._is_holder(sized) or (isinstance(sized, ast.Name) and sized.id == "self" and self._in_owner()):
                    self._add(self._sites.bounds, node)
        self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        """``try: return holder[key]`` with ``except KeyError``."""
        caught = {
            name.id for part in node.handlers if part.type for name in ast.walk(part.type) if isinstance(name, ast.Name)
        }
        if "KeyError" in caught:
            for part in (part for stmt in node.body for part in ast.walk(stmt)):
                if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Load) and self._is_holder(part.value):
                    self._add(self._looked_up, part)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Subscript) and self._is_holder(target.value):
                whole = isinstance(target.slice, ast.Slice)
                self._add(self._sites.bounds if whole or self._looping else self._sites.removals, node)
        self.generic_visit(node)

    _looping = False

    def visit_For(self, node: ast.For) -> None:
        over = any(self._is_holder(part) for part in ast.walk(node.iter) if isinstance(part, ast.expr))
        before, self._looping = self._looping, self._looping or over
        if over and any(self._removes(part) for part in ast.walk(node)):
            self._add(self._sites.bounds, node)
        self.generic_visit(node)
        self._looping = before

    def _removes(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in REMOVES
            and self._is_holder(node.func.value)
        )

    def _in_owner(self) -> bool:
        return bool(self._owner) and self._owner in self._scope

    def _is_holder(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr == self._name
        if isinstance(node, ast.Name):
            return node.id == self._name or node.id in self._aliases[-1]
        return False

    def _add(self, places: list[CodePlace], node: ast.stmt | ast.expr) -> None:
        line = self._lines[node.lineno - 1].strip() if node.lineno <= len(self._lines) else ""
        places.append(CodePlace(self._file, node.lineno, ".".join(self._scope), line))


def _limits(keyword: ast.keyword) -> bool:
    named = keyword.arg in {"maxlen", "maxsize", "max_size", "max_entries", "capacity", "maxitems"}
    nothing = isinstance(keyword.value, ast.Constant) and keyword.value.value in {None, 0}
    return named and not nothing


def _pops_end(node: ast.Call) -> bool:
    """``pop()``, ``pop(0)``, ``pop(-1)``: of a list; the caller names no key."""
    return not node.args or isinstance(node.args[0], ast.Constant | ast.UnaryOp)


def _pops_first(node: ast.Call) -> bool:
    """``pop(next(iter(holder)))``."""
    return bool(node.args) and isinstance(node.args[0], ast.Call) and "next" in ast.dump(node.args[0].func)
