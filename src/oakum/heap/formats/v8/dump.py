"""A V8 heap in a JavaScript developer's words."""

from __future__ import annotations

import itertools
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.v8.reader import V8Heap, detached
from oakum.heap.formats.v8.scripts import Scripts
from oakum.heap.formats.v8.timers import LEAST_TIMERS, NEXT, TIMER, TIMER_LIST
from oakum.heap.formats.v8.waste import waste_of
from oakum.heap.graph import HeapGraph
from oakum.model.cause import CodePlace
from oakum.model.heap import Waste

CONTEXT = "system / Context"
MODULE = "Module"
PLAIN = frozenset({"Object", "Array", "Map", "Set", "WeakMap", "WeakSet", ""})
"""Containers that say nothing of whose they are: the name that leads to them does."""

INSIDE_TYPES = frozenset({"array", "hidden", "code", "synthetic", "object shape", "number", "string"})
EMITTER_TABLE = "_events"
MOST_TIMERS = 50
"""Of a list's timers so many are asked what they call."""

LONGEST_NAME = 80
WRITTEN = frozenset({"context", "element", "property"})
BUILTIN = ("node:", "internal/", "extensions::", "chrome-extension:", "evalmachine")


class V8Dump:
    """See heap.dump.Dump."""

    format = "v8"

    def __init__(self, heap: V8Heap) -> None:
        self._heap = heap
        self.graph: HeapGraph = heap.graph
        self.runtime = "V8 (Node.js, Chrome)"
        self.warnings = heap.warnings
        self.partial = bool(heap.warnings)

    @cached_property
    def _scripts(self) -> Scripts:
        return Scripts(self._heap)

    def label(self, node: int) -> str:
        kind, name = self._heap.type_of(node), self._name(node)
        if kind == "closure":
            return f"function {name or '(anonymous)'}{_in(self._scripts.place(node))}"
        if name == MODULE and kind == "object":
            return f"module {_base(self._module_file(node)) or '(unknown)'}"
        if name == CONTEXT:
            return f"scope in {_base(self._scripts.file(node)) or 'unknown code'}"
        if kind in {"string", "concatenated string", "sliced string", "number", "bigint", "symbol"}:
            return kind
        return detached(name) if self._heap.is_detached(node) else name or f"({kind})"

    def _module_file(self, node: int) -> str:
        file = self._property(node, "filename")
        return self._heap.name_of(file) if file >= 0 and self._heap.type_of(file) == "string" else ""

    def kind_label(self, node: int) -> str:
        if self._heap.type_of(node) == "closure":
            return f"function {self._name(node) or '(anonymous)'}"
        return self.graph.kind_name(node)

    def is_anchor(self, node: int) -> bool:
        return self._name(node) in {CONTEXT, MODULE, "global"} or node == 0

    def is_inside(self, node: int) -> bool:
        kind, name = self._heap.type_of(node), self._name(node)
        if name == MODULE:
            return False
        return kind in INSIDE_TYPES or (kind == "object" and name in PLAIN)

    def is_foreign(self, node: int) -> bool:
        kind = self._heap.type_of(node)
        if kind == "object" and self._name(node) == MODULE:
            return _is_library(self._module_file(node))
        if kind in {"object", "closure"}:
            return _is_library(self._scripts.file(node))
        return True

    def is_runtime(self, node: int) -> bool:
        kind = self._heap.type_of(node)
        return kind not in {"object", "closure"} or _is_builtin(self._scripts.file(node))

    def is_written(self, edge: int) -> bool:
        """Of a module only what it exports; of nothing what V8 keeps in it by names of its own."""
        kind, name = self._heap.edge_type(edge), self.graph.edge_name(edge)
        source = self.graph.source_of(edge)
        if self._name(source) == MODULE and self._heap.type_of(source) == "object":
            return kind == "property" and name == "exports"
        return kind in WRITTEN or self._is_block_variable(source, kind)

    def _is_block_variable(self, source: int, edge_type: str) -> bool:
        """V8 names the variables of functions and modules; those of a block (``if … else { const kept }``) it does not.

        Source: v8, src/profiler/heap-snapshot-generator.cc, ExtractContextReferences.
        """
        return edge_type == "hidden" and self._name(source) == CONTEXT

    def via(self, edge: int) -> str:
        kind, name = self._heap.edge_type(edge), self.graph.edge_name(edge)[:LONGEST_NAME]
        if kind == "context":
            return f"variable {name}"
        if kind == "property":
            return f".{name}"
        return name if kind in {"element", "hidden"} else f"({name})"

    def names_on(self, source: int, edge: int) -> bool:
        plain = self._heap.type_of(source) == "object" and self._name(source) == "Object"
        return plain and self._heap.edge_type(edge) == "property"

    def owned_name(self, path: tuple[int, ...], at: int) -> str:
        """``SessionStore.entries``, ``hub in hub.js``; plain objects are named by what leads to them."""
        tail = ""
        for step in range(at, 0, -1):
            source = path[step - 1]
            edge = self.graph.edge_between(source, path[step])
            kind, name = self._heap.edge_type(edge), self.graph.edge_name(edge)[:LONGEST_NAME]
            of = self._name(source)
            if kind == "context":
                return f"{name}{tail} in {_base(self._scripts.file(source)) or 'unknown code'}"
            if self._is_block_variable(source, kind):
                user = self._name(path[step - 2]) if step > 1 else ""
                of_whom = f", used by {user}" if user and self._heap.type_of(path[step - 2]) == "closure" else ""
                return f"variable of a block{of_whom}{tail} in {_base(self._scripts.file(source)) or 'unknown code'}"
            if kind == "property" and of == MODULE:
                return f"{_base(self._module_file(source)) or 'a module'}: {name}{tail}"
            if kind == "property" and self._heap.type_of(source) == "object" and of not in PLAIN:
                return f"{of}.{name}{tail}"
            if self._heap.type_of(source) == "closure":
                return f"{self.label(source)}{tail}"
            tail = f".{name}{tail}" if kind == "property" else tail
        return self.label(path[0]) + tail

    def aside(self, path: tuple[int, ...]) -> tuple[str, str] | None:
        """Timers are named by their callback, listeners by their emitter and event.

        A path through one of them may lead to others: a timer's callback to an emitter with listeners.
        """
        for at, node in enumerate(path):
            if self._name(node) == TIMER_LIST and not self._goes_on(path, at):
                return self._timer(node)
            if at and self._heap.type_of(node) == "object":
                edge = self.graph.edge_between(path[at - 1], node)
                if self.graph.edge_name(edge) == EMITTER_TABLE and at + 1 < len(path):
                    if self._goes_on(path, at):
                        continue
                    event = self.graph.edge_name(self.graph.edge_between(node, path[at + 1]))
                    return f"{self._emitter(path, at - 1)}: listeners of {event[:LONGEST_NAME]!r}", "listener"
        return None

    def _goes_on(self, path: tuple[int, ...], at: int) -> bool:
        """Whether a path leaves a listener or a timer's callback for a field or a variable: that has the better name.

        A server's only listener leads to all that the program holds.
        """
        behind = itertools.dropwhile(lambda step: self._heap.type_of(step) != "closure", path[at:-1])
        return any(not self.is_inside(step) for step in itertools.islice(behind, 1, None))

    def _emitter(self, path: tuple[int, ...], at: int) -> str:
        """The application's own name of an emitter: an edge that its code wrote, as near as there is one."""
        for step in range(at, 0, -1):
            if not self.is_inside(path[step - 1]) and not self.is_foreign(path[step - 1]):
                return self.owned_name(path, step)
        return self.label(path[at])

    def _timer(self, timers: int) -> tuple[str, str]:
        callback = self._callback(timers)
        if callback < 0:
            return "timers", "timer"
        place = self._scripts.place(callback)
        return f"timers that call {self._name(callback) or '(anonymous)'}{_in(place)}", "timer"

    def _callback(self, timers: int) -> int:
        """What most of a list's timers call, the application's before others; -1 where that cannot be told."""
        known: dict[tuple[bool, int, CodePlace | None], list[int]] = {}
        for timer in self._waiting(timers):
            callback = self._property(timer, "_onTimeout")
            if callback >= 0:
                place = self._scripts.place(callback)
                known.setdefault((not self.is_foreign(callback), -1 if place else callback, place), []).append(callback)
        if not known:
            return -1
        return max(known.items(), key=lambda item: (item[0][0], len(item[1])))[1][0]

    def _waiting(self, timers: int) -> list[int]:
        """Some of a list's timers, evenly taken."""
        found = [node for node in self.graph.targets(timers).tolist() if self._name(node) == TIMER]
        if len(found) < LEAST_TIMERS:
            # Few: they still stand in their ring.
            found, node = [], self._property(timers, NEXT)
            while node >= 0 and node not in found and self._name(node) == TIMER and len(found) < LEAST_TIMERS:
                found.append(node)
                node = self._property(node, NEXT)
        return found[:: len(found) // MOST_TIMERS + 1]

    def _property(self, node: int, name: str) -> int:
        begin, end = int(self.graph.edge_offsets[node]), int(self.graph.edge_offsets[node + 1])
        for edge in range(begin, min(end, begin + 200)):
            if self._heap.edge_type(edge) in {"property", "internal"} and self.graph.edge_name(edge) == name:
                return int(self.graph.edge_targets[edge])
        return -1

    def generations(self) -> tuple[tuple[int, ...], ...]:
        """JavaScript has no class loaders."""
        return ()

    def length(self, node: int) -> int | None:
        """What the edges tell: small numbers are in no snapshot, so neither are counts."""
        name = self._name(node)
        if self._heap.type_of(node) != "object" or name not in PLAIN:
            return None
        if name in {"Map", "Set"}:
            table = self._property(node, "table")
            held = int(np.diff(self.graph.edge_offsets[table : table + 2])[0]) if table >= 0 else 0
            return max(0, held - 1) // (2 if name == "Map" else 1)
        begin, end = int(self.graph.edge_offsets[node]), int(self.graph.edge_offsets[node + 1])
        kinds = self._heap.sections.edge_kind[begin:end]
        types = self._heap.sections.meta.edge_types
        wanted = "element" if name == "Array" else "property"
        shown = int((kinds == (types.index(wanted) if wanted in types else 255)).sum())
        table = self._property(node, "properties") if name == "Object" else -1
        return max(shown, int(np.diff(self.graph.edge_offsets[table : table + 2])[0]) - 1 if table >= 0 else 0)

    def places(self, path: tuple[int, ...]) -> tuple[CodePlace, ...]:
        """From the holder outwards, the application's own code; at most three."""
        found: list[CodePlace] = []
        lists = [node for node in path if self._name(node) == TIMER_LIST]
        for node in (*(self._callback(timers) for timers in lists if path[-1] == timers), *reversed(path)):
            if node < 0 or self._heap.type_of(node) not in {"object", "closure"}:
                continue
            place = self._scripts.place(node)
            if place is not None and not _is_library(place.file) and place not in found:
                found.append(place)
        return tuple(found[:3])

    def waste(self, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
        return waste_of(self._heap, reached)

    def _name(self, node: int) -> str:
        return self._heap.name_of(node)


def _in(place: CodePlace | None) -> str:
    if place is None:
        return ""
    return f" in {_base(place.file)}:{place.line}" if place.line else f" in {_base(place.file)}"


def _base(file: str) -> str:
    """The file's name; where that says nothing (index.js), with its folder."""
    parts = file.replace("\\", "/").rstrip("/").split("/")
    many = 2 if len(parts) > 1 and parts[-1].startswith("index.") else 1
    return "/".join(parts[-many:])


def _is_builtin(file: str) -> bool:
    return file.startswith(BUILTIN)


def _is_library(file: str) -> bool:
    return not file or _is_builtin(file) or "node_modules/" in file.replace("\\", "/")
