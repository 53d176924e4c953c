"""The path from a module, a closure or a frame to an object, in the words of the developer who wrote it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.python.attributes import attributes, instance_dict
from oakum.heap.formats.python.frames import free_names, read_code
from oakum.heap.formats.python.kept import kept_by_library, module_name, standard, standard_object
from oakum.heap.formats.python.layouts import FLAG_DICT, FLAG_LIST, FLAG_TUPLE, FLAG_TYPE, TP_DICT
from oakum.heap.formats.python.objects import PythonHeap
from oakum.model.cause import CodePlace
from oakum.model.growth import PathStep, RootKind

LONGEST_KEY = 40
_HOLD_ANYTHING = frozenset({"argparse", "asyncio.queues", "collections", "multiprocessing.queues", "queue", "types"})
"""Modules of containers and namespaces: their fields say less than the variable that leads to them."""

_ROOTS = (RootKind.MODULE, RootKind.FRAME, RootKind.NATIVE)


@dataclass(frozen=True, slots=True)
class Named:
    """An object with the way that leads to it. ``name``: the short form, ``shop.cart.SessionCache.entries``.

    ``owner_type``, ``attribute``, ``module``, ``defined``: as in model.growth.HolderGrowth.
    """

    name: str
    root: RootKind
    path: tuple[PathStep, ...]
    owner_type: str
    attribute: str
    module: str
    defined: CodePlace | None


@dataclass(frozen=True, slots=True)
class _Edge:
    """How one object holds the next. ``field``: global, attribute, local, cell, class, item, … ; ``name``: bare."""

    via: str
    field: str
    name: str = ""


class Namer:
    """Names nodes of one heap along shortest paths. ``parent``, ``which``: of heap.tree.shortest_paths."""

    def __init__(self, heap: PythonHeap, parent: NDArray[np.int32], which: NDArray[np.int8]) -> None:
        self.heap, self.parent, self.which = heap, parent, which
        self._flags = heap.types.flags

    def name(self, node: int) -> Named:
        chain = self._chain(node)
        steps, edges = self._steps(chain)
        group = int(self.which[node])
        root = _ROOTS[group] if group >= 0 else RootKind.UNREACHABLE
        return self._summary(chain, steps, edges, root)

    def _chain(self, node: int) -> list[int]:
        """Objects from the root to ``node``; raw blocks are seen through."""
        chain: list[int] = []
        at = node
        while at >= 0 and len(chain) < 100_000:
            chain.append(at)
            at = int(self.parent[at])
        kind = self.heap.graph.kind
        return [at for at in reversed(chain) if kind[at] >= 0 or at == node]

    def _steps(self, chain: list[int]) -> tuple[tuple[PathStep, ...], list[_Edge]]:
        steps = [PathStep(self.title(chain[0]), self._root_via(chain[0]), self._address(chain[0]))]
        edges = [_Edge(steps[0].via, "root", self._local_name(chain[0]))]
        index = 1
        while index < len(chain):
            above, here = chain[index - 1], chain[index]
            below = chain[index + 1] if index + 1 < len(chain) else -1
            edge, skip = self._edge(above, here, below)
            index += skip
            steps.append(PathStep(self.title(chain[index]), edge.via, self._address(chain[index])))
            edges.append(edge)
            index += 1
        return tuple(steps), edges

    def _edge(self, above: int, here: int, below: int) -> tuple[_Edge, int]:
        """The edge that leads on from ``above``, and how many nodes between were mere machinery."""
        above_name = self.heap.graph.kind_name(above)
        if below >= 0 and self._is(here, FLAG_DICT):
            if above_name == "module" and self._dict_of_module(above) == self._address(here):
                return self._dict_edge(here, below, "global"), 1
            if self._is(above, FLAG_TYPE) and self.heap.image.word(self._address(above) + TP_DICT) == self._address(
                here
            ):
                return self._dict_edge(here, below, "class"), 1
            if instance_dict(self.heap, above) == self._address(here):
                return self._dict_edge(here, below, "attribute"), 1
        if above_name == "function" and below >= 0 and self.heap.graph.kind_name(here) == "tuple":
            return self._function_edge(above, here, below)
        if above_name == "cell":
            return _Edge("cell", "cell"), 0
        return self._plain_edge(above, here), 0

    def _plain_edge(self, above: int, here: int) -> _Edge:
        values, at = self.heap.values, self._address(above)
        child = self._address(here)
        if self._is(above, FLAG_DICT):
            return self._dict_edge(above, here, "item")
        if self._is(above, FLAG_LIST):
            return _item(values.list_items(at), child)
        if self._is(above, FLAG_TUPLE):
            return _item(values.tuple_items(at), child)
        attribute = self._attribute(above, child)
        if attribute:
            return _Edge(f".{attribute}", "attribute", attribute)
        return _Edge(
            "item" if self.heap.graph.kind_name(above) in {"set", "frozenset", "collections.deque"} else "holds", "item"
        )

    def _dict_edge(self, table: int, child: int, field: str) -> _Edge:
        key = self.heap.values.key_of(self._address(table), self._address(child))
        if key is None:
            return _Edge("[…]", "item")
        short = key if len(key) <= LONGEST_KEY else f"{key[:LONGEST_KEY]}…"
        if field == "item":
            return _Edge(f"[{short!r}]", "item", key)
        via = {"global": f"global {short}", "class": f"class attribute {short}", "attribute": f".{short}"}[field]
        return _Edge(via, field, key)

    def _function_edge(self, function: int, items: int, below: int) -> tuple[_Edge, int]:
        """Through a tuple of cells or of defaults."""
        heap, layout = self.heap, self.heap.layout
        at, tuple_at = self._address(function), self._address(items)
        place = np.flatnonzero(heap.values.tuple_items(tuple_at) == self._address(below))
        if heap.image.word(at + layout.func_closure) == tuple_at and place.size:
            names = free_names(heap.values, heap.image.word(at + layout.func_code))
            name = names[int(place[0])] if int(place[0]) < len(names) else "?"
            return _Edge(f"closure variable {name}", "closure", name), 1
        if heap.image.word(at + layout.func_defaults) == tuple_at:
            return _Edge("default argument", "default", ""), 1
        return _Edge("holds", "item"), 0

    def _attribute(self, node: int, child: int) -> str:
        """An attribute kept in the instance itself: a slot, or one of the values that share the class's names."""
        return next((name for name, value in attributes(self.heap, node) if value == child), "")

    def _dict_of_module(self, node: int) -> int:
        return self.heap.image.word(self._address(node) + 16)

    def title(self, node: int) -> str:
        """What a node is, in words."""
        heap, at = self.heap, self._address(node)
        kind = heap.graph.kind_name(node)
        if kind == "module":
            return f"module {self.module_name(node)}"
        if kind == "function":
            return f"function {heap.values.text(heap.image.word(at + heap.layout.func_qualname)) or '?'}"
        if self._is(node, FLAG_TYPE):
            index = int(np.searchsorted(heap.types.address, at))
            known = index < len(heap.types.names) and int(heap.types.address[index]) == at
            return f"class {heap.types.qualified(index)}" if known else "class"
        return kind

    def module_name(self, node: int) -> str:
        return module_name(self.heap, node)

    def _local_name(self, node: int) -> str:
        found = self._frame_of(node)
        return found[1] if found else ""

    def _frame_of(self, node: int) -> tuple[CodePlace, str] | None:
        at = self._address(node)
        for frame in self.heap.frames:
            for name, held in frame.variables:
                if held == at:
                    return CodePlace(frame.code.file, frame.code.line, frame.code.name), name
        return None

    def _root_via(self, node: int) -> str:
        if int(self.which[node]) == 1:
            found = self._frame_of(node)
            return f"local {found[1]} of {found[0].function}()" if found else "local"
        return {0: "", 2: "static or native memory"}.get(int(self.which[node]), "")

    def _summary(self, chain: list[int], steps: tuple[PathStep, ...], edges: list[_Edge], root: RootKind) -> Named:
        module = self.module_name(chain[0]) if root is RootKind.MODULE else ""
        defined = None
        frame = self._frame_of(chain[0]) if root is RootKind.FRAME else None
        name, attribute, owner = (
            (module, "", "") if root is RootKind.MODULE else (steps[0].via or steps[0].node, "", "")
        )
        if frame is not None:
            defined, attribute = frame[0], frame[1]
            name = f"local {frame[1]} of {frame[0].function}()"
        for index, edge in enumerate(edges):
            before = steps[index - 1].node if index else ""
            match edge.field:
                case "global":
                    name, attribute, owner = f"{module}.{edge.name}", edge.name, ""
                case "class":
                    owner, attribute = before.removeprefix("class "), edge.name
                    name = f"{owner}.{edge.name}"
                case "attribute" if (
                    attribute
                    and _library(before)
                    and not _library_home(owner, module, defined)
                    and not self._librarys_own(steps, edges, index)
                ):
                    # A library's inside (queue.Queue.queue, method.__self__) is not where a developer would look.
                    continue
                case "attribute":
                    owner, attribute = before, edge.name
                    name = f"{before}.{edge.name}"
                case "closure" | "default":
                    defined = self._place(before, steps[index - 1].address)
                    attribute, owner = edge.name, ""
                    what = edge.name or "default argument"
                    name = f"closure of {before.removeprefix('function ')}(): {what}"
                case "item" if edge.via.startswith("["):
                    name = f"{name}{edge.via}"
        if "." in owner and owner.rpartition(".")[0]:
            module = self._module_of(owner) or module
        return Named(name, root, steps, owner, attribute, module, defined)

    def _librarys_own(self, steps: tuple[PathStep, ...], edges: list[_Edge], index: int) -> bool:
        """Whether the field that leads to this step is of an object that the library keeps for the whole process, and
        that another object of its own leads to: ``logging.Manager.loggerDict``, reached from any logger. What a
        variable of the application's names itself is the variable's, and so is a queue within.
        """
        within = index > 1 and edges[index - 1].field == "attribute"
        if not within or not all(standard_object(step.node) for step in steps[index - 2 : index]):
            return False
        if steps[index - 1].node.rpartition(".")[0] in _HOLD_ANYTHING:
            return False
        node = int(self.heap.node_of(np.array([steps[index - 1].address], np.int64))[0])
        return node >= 0 and kept_by_library(self.heap, node)

    def _module_of(self, qualified: str) -> str:
        types = self.heap.types
        for index, name in enumerate(types.names):
            if types.qualified(index) == qualified:
                return types.modules[index]
            del name
        return ""

    def _place(self, title: str, function: int) -> CodePlace:
        code = read_code(self.heap.values, self.heap.image.word(function + self.heap.layout.func_code))
        return CodePlace(code.file, code.line, title.removeprefix("function "))

    def _address(self, node: int) -> int:
        return int(self.heap.graph.address[node])

    def _is(self, node: int, flag: int) -> bool:
        kind = int(self.heap.graph.kind[node])
        return kind >= 0 and bool(int(self._flags[kind]) & flag)


def _library(qualified: str) -> bool:
    return standard(qualified) or "." not in qualified


def _library_home(owner: str, module: str, defined: CodePlace | None) -> bool:
    """Whether all of the way so far is a library's own: then its field is the best name there is, such as an event
    loop's ``_scheduled``, which is reached by whatever knows the loop.
    """
    if owner or defined is None:
        return standard(owner or module)
    return "/lib/python3" in defined.file


def _item(items: NDArray[np.int64], child: int) -> _Edge:
    place = np.flatnonzero(items == child)
    return _Edge(f"[{int(place[0])}]" if place.size else "[…]", "item")
