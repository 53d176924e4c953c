"""What the inspector of a Node.js program says of its containers, read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from oakum.model.cause import CodePlace
from oakum.model.errors import DataError
from oakum.probe.node_profile import NAMELESS

TIMERS, PROMISES = "timers", "promises"
LONGEST_NAME = 100
_MAKER = re.compile(r"Closure \(([\w$]+)\)")
_BEFORE = frozenset({"async", "function", "class", "get", "set", "static"})


@dataclass(frozen=True, slots=True)
class Step:
    """One edge of a path: ``kind`` is variable, global, module, property or item; ``name`` of the edge.

    ``of``: the class of what it leads from, or the class itself where ``of_class``; "" for none. ``file``: of a
    variable, where the function is written that sees it.
    """

    kind: str
    name: str
    of: str = ""
    of_class: bool = False
    file: str = ""


@dataclass(frozen=True, slots=True)
class GrownContainer:
    """``kind``: Map, Set, Array or Object; TIMERS and PROMISES, which have no path. ``of``: its class. ``asked``:
    members that were remembered; ``gone``: of these, how many are no longer in it.

    ``item_bytes``: of one member with what it alone reaches, estimated from a sample; ``outside_bytes``: of Buffers in
    that. ``caught_share``: how much of it variables of its functions hold. ``hidden_share``: of the members, how many
    catch a ``this`` that cannot be seen. ``calls``: a function among its members. ``owner_file``: where the class is
    written whose property it is, "" where that was not met. ``same``: False where another took its place meanwhile.
    """

    path: tuple[Step, ...]
    kind: str
    of: str
    before: int
    after: int
    asked: int
    gone: int
    item_type: str = ""
    item_bytes: float = 0.0
    outside_bytes: float = 0.0
    caught_share: float = 0.0
    hidden_share: float = 0.0
    calls: CodePlace | None = None
    owner_file: str = ""
    same: bool = True


@dataclass(frozen=True, slots=True)
class Walked:
    """``objects``: that were passed. ``cut``: there were more than one walk may pass. ``timers``: that wait."""

    objects: int
    containers: int
    cut: bool
    grown: tuple[GrownContainer, ...] = ()
    timers: int = 0


def object_of(told: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def rows_of(told: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    found = told.get(name)
    return (row for row in (found if isinstance(found, list) else ()) if isinstance(row, dict))


def location_of(internal: Mapping[str, Mapping[str, object]]) -> tuple[str, int] | None:
    """(script, line from 1)."""
    value = internal.get("[[FunctionLocation]]", {}).get("value")
    line = value.get("lineNumber") if isinstance(value, dict) else None
    return (str(value["scriptId"]), line + 1) if isinstance(value, dict) and isinstance(line, int) else None


def name_of(function: Mapping[str, object], own: object = None) -> str:
    """As its text begins: ``async pieces(article) {``, ``class Socket extends EventEmitter {``.

    ``own``: its property ``name``, for what has none in its text: ``const check = () => {``.
    """
    words = str(function.get("description", ""))[:500].partition("(")[0].replace("*", " ").partition("{")[0].split()
    named = [word for word in words if word not in _BEFORE]
    if named and named[0].replace("$", "_").isidentifier() and "=>" not in words:
        return named[0]
    return own[:LONGEST_NAME] if isinstance(own, str) and own else NAMELESS


def maker_of(scopes: Iterable[object]) -> str:
    """The function in which one was made, by how the inspector calls its scopes, innermost first: ``Closure (watch)``.

    "" for what is made by a module, or where its scope catches nothing.
    """
    found = (_MAKER.fullmatch(str(scope)) for scope in scopes)
    return next((match[1] for match in found if match is not None), "")


def number_of(row: Mapping[str, object], name: str) -> int:
    value = row.get(name)
    if not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise DataError("its containers could not be counted", why=f"{name} is {value!r}"[:200])
    return int(value)


def steps_of(path: object) -> Iterator[Step]:
    for kind, name, of, what in path if isinstance(path, list) else ():
        file, _, variable = str(name).rpartition(":") if kind == "variable" else ("", "", str(name))
        yield Step(str(kind), variable, str(of or ""), what == "function", file)


def walked_of(told: Mapping[str, object]) -> Walked:
    objects, containers, timers = (number_of(told, name) for name in ("objects", "containers", "timers"))
    return Walked(objects, containers, bool(told.get("cut")), timers=timers)
