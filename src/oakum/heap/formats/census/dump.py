"""A CPython heap in a Python developer's words."""

from __future__ import annotations

import sys
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.census.census import Census
from oakum.heap.formats.census.edges import CLOSURE, NAMESPACE
from oakum.heap.graph import HeapGraph, Loose, Strength
from oakum.heap.tree import shortest_paths
from oakum.model.cause import CodePlace
from oakum.model.heap import Waste
from oakum.model.units import format_size

ANCHORS = frozenset({"module", "class", "frame", "native"})
INSIDE = frozenset({"mapping", "sequence", "set", "cell", "text", "table"})
FEW_KEYS = 16
"""A mapping with so few entries is a structure: its keys belong to the name, as in ``CONFIG['cache']``."""

UNWRITTEN = frozenset({"__base__", "__globals__", "__code__", "__bases__", "__mro__", "__builtins__", "__loader__"})
LOCAL = "_thread._local"
LEAST_TEXT_WASTE_BYTES = 4096
MOST_SHOWN = 10


class CensusDump:
    """See heap.dump.Dump."""

    format = "python"

    def __init__(self, census: Census) -> None:
        self._census = census
        self.graph: HeapGraph = graph_of(census)
        self.runtime = f"CPython {census.facts.python}"
        skipped = census.facts.skipped_bytes
        self.warnings: tuple[str, ...] = (
            (f"{format_size(skipped)} of the process were not in memory, and are not in the census",) if skipped else ()
        )
        self.partial = False

    @cached_property
    def _told(self) -> dict[int, int]:
        """Row of ``told`` by node."""
        return {node: row for row, node in enumerate(self._census.told.node.tolist())}

    @cached_property
    def _length(self) -> dict[int, int]:
        return dict(zip(self._census.length_node.tolist(), self._census.length.tolist(), strict=True))

    @cached_property
    def _namespace(self) -> frozenset[int]:
        return frozenset(self._census.namespace.tolist())

    @cached_property
    def _owner(self) -> dict[int, int]:
        """Whose globals or attributes a dict holds."""
        graph, census = self.graph, self._census
        if NAMESPACE not in census.names or graph.edge_names is None:
            return {}
        edge = np.flatnonzero(np.asarray(graph.edge_names) == census.names.index(NAMESPACE))
        source = np.searchsorted(graph.edge_offsets, edge, side="right") - 1
        return dict(zip(graph.edge_targets[edge].tolist(), source.tolist(), strict=True))

    @cached_property
    def _module_files(self) -> dict[str, str]:
        found = {}
        for node in self._census.modules.tolist():
            found[self._name(node)] = self._file(node)
        return found

    def label(self, node: int) -> str:
        shape = self._shape(node)
        if shape in {"module", "class", "function"}:
            return f"{shape} {self._name(node)}"
        if shape == "frame":
            return f"frame of {self._name(node)}()"
        return self.graph.kind_name(node)

    def kind_label(self, node: int) -> str:
        return f"function {self._name(node)}" if self._shape(node) == "function" else self.graph.kind_name(node)

    def is_anchor(self, node: int) -> bool:
        return self._shape(node) in ANCHORS

    def is_inside(self, node: int) -> bool:
        """A subclass of a container is somebody's own class."""
        if self._shape(node) == "function":
            return False
        return self._shape(node) in INSIDE and self._is_builtin(node)

    def is_foreign(self, node: int) -> bool:
        shape = self._shape(node)
        if node in self._namespace and shape == "mapping":
            owner = self._owner.get(node, node)
            return self._shape(owner) == "mapping" or self.is_foreign(owner)
        if shape == "native":
            return True
        if shape == "table":
            # A path's name ends here only where the table is an instance's own.
            return False
        if shape in {"frame", "function"}:
            return _is_library_file(self._file(node))
        if shape == "module":
            return self._is_library(self._name(node))
        if shape == "class":
            return self._is_library(self._name(node).rpartition(".")[0] or "builtins")
        return self._is_library(self._census.kinds[int(self.graph.kind[node])].module)

    def is_runtime(self, node: int) -> bool:
        """Of the standard library or native memory; what was installed beside it is not."""
        shape, name = self._shape(node), self._name(node)
        if node in self._namespace and shape == "mapping" and node in self._owner:
            owner = self._owner[node]
            return self._shape(owner) != "mapping" and self.is_runtime(owner)
        if shape in {"frame", "function"}:
            return self.is_foreign(node) and "-packages/" not in self._file(node)
        module = self._census.kinds[int(self.graph.kind[node])].module
        if shape == "module":
            module = name
        elif shape == "class":
            module = name.rpartition(".")[0]
        return shape == "native" or _is_standard(module)

    def is_written(self, edge: int) -> bool:
        """Classes and functions keep much that no code of theirs names: subclasses, globals, code."""
        name = self.graph.edge_name(edge)
        if not name:
            source = int(np.searchsorted(self.graph.edge_offsets, edge, side="right")) - 1
            return self._shape(source) not in {"class", "function", "module"}
        return name not in UNWRITTEN

    def via(self, edge: int) -> str:
        name = self.graph.edge_name(edge)
        source = int(np.searchsorted(self.graph.edge_offsets, edge, side="right")) - 1
        if not name or name.startswith("["):
            return name or "holds"
        shape = self._shape(source)
        if shape == "frame":
            return f"local {name}"
        return f"closure variable {name}" if shape == "sequence" else f".{name}"

    def names_on(self, source: int, edge: int) -> bool:
        if source in self._namespace:
            return True
        name = self.graph.edge_name(edge)
        if self._shape(source) == "table":
            return name != "" and not name.startswith("[")
        few = self._length.get(source, FEW_KEYS + 1) <= FEW_KEYS
        return few and self._shape(source) == "mapping" and name.startswith("[") and self._is_builtin(source)

    def owned_name(self, path: tuple[int, ...], at: int) -> str:
        """``module shop.cart: _seen``, ``shop.SessionStore.entries``, ``local rows of serve()``."""
        tail = ""
        for step in range(at, 0, -1):
            source = path[step - 1]
            name = self.graph.edge_name(self.graph.edge_between(source, path[step]))
            shape = self._shape(source)
            if source in self._namespace:
                tail = f".{name}{tail}" if name else tail
                continue
            if name and name not in {NAMESPACE, CLOSURE, "cell_contents"}:
                tail = f"{name}{tail}" if name.startswith("[") else f".{name}{tail}"
            if shape == "module":
                return f"module {self._name(source)}{': ' if tail else ''}{tail.lstrip('.')}"
            if shape == "frame":
                return f"local {tail.lstrip('.')} of {self._name(source)}()"
            if shape == "function":
                return f"closure of {self._name(source)}(): {tail.lstrip('.')}"
            if shape == "class":
                return f"{self._name(source)}{tail}"
            if not self.is_inside(source):
                return f"{self.graph.kind_name(source)}{tail}"
        return f"{self.label(path[0])}{tail}"

    def aside(self, path: tuple[int, ...]) -> tuple[str, str] | None:
        """Variables of a closure and thread-locals have no field that would tell what they are."""
        for at in range(len(path) - 1, 1, -1):
            shape = self._shape(path[at])
            if shape not in {"cell", "sequence", "mapping", "set", "text"} and not self.is_foreign(path[at]):
                return None
            if shape == "cell" and self._shape(path[at - 2]) == "function" and not self.is_foreign(path[at - 2]):
                return self.owned_name(path, at), "closure"
            if self.graph.kind_name(path[at]) == LOCAL:
                return f"{self.owned_name(path, at)} (thread-local)", "thread-local"
        return None

    def generations(self) -> tuple[tuple[int, ...], ...]:
        return ()

    def length(self, node: int) -> int | None:
        return self._length.get(node) if self._shape(node) in {"mapping", "sequence", "set"} else None

    def places(self, path: tuple[int, ...]) -> tuple[CodePlace, ...]:
        """Functions and frames on the way, then the module that it starts from; the application's own."""
        found: list[CodePlace] = []
        for node in reversed(path):
            if (
                self._shape(node) not in {"function", "frame", "module"}
                or self.is_foreign(node)
                or not self._file(node)
            ):
                continue
            function = "" if self._shape(node) == "module" else self._name(node)
            place = CodePlace(self._file(node), int(self._census.told.line[self._told[node]]), function)
            if place not in found:
                found.append(place)
        return tuple(found[:3])

    def waste(self, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
        """Texts that stand there more than once, known by the process's own hashes; not which texts."""
        node = self._census.text_node
        mine = reached[node]
        node, number = node[mine], self._census.text_hash[mine]
        if not node.size:
            return ()
        _, first, row, count = np.unique(number, return_index=True, return_inverse=True, return_counts=True)
        total = np.bincount(row, weights=self.graph.size[node]).astype(np.int64)
        wasted = total - self.graph.size[node[first]]
        most = np.argsort(-wasted, kind="stable")[:MOST_SHOWN]
        return tuple(
            Waste(
                "duplicate texts",
                f"text of {self._length.get(int(node[first[at]]), 0)}",
                int(count[at]),
                int(wasted[at]),
            )
            for at in most.tolist()
            if wasted[at] >= LEAST_TEXT_WASTE_BYTES
        )

    def _shape(self, node: int) -> str:
        return self._census.kinds[int(self.graph.kind[node])].shape

    def _is_builtin(self, node: int) -> bool:
        return self._census.kinds[int(self.graph.kind[node])].module in {"builtins", "", "collections"}

    def _name(self, node: int) -> str:
        row = self._told.get(node)
        return "?" if row is None else self._census.names[int(self._census.told.name[row])]

    def _file(self, node: int) -> str:
        row = self._told.get(node)
        return "" if row is None else self._census.names[int(self._census.told.file[row])]

    def _is_library(self, module: str) -> bool:
        top = module.partition(".")[0]
        if top == "__main__":
            return False
        return _is_standard(module) or _is_library_file(
            self._module_files.get(module, "") or self._module_files.get(top, "") or "?"
        )


def _is_standard(module: str) -> bool:
    return module == "" or (module.partition(".")[0] in sys.stdlib_module_names and module != "__main__")


def graph_of(census: Census) -> HeapGraph:
    """What a module holds is no frame's and not native memory's too: their ways back into it do not count.

    The newest objects of a program that ran while it was copied often hang on a frame alone, and lead back into what a
    module holds; counted, they would take it from its holder.
    """
    offsets = np.concatenate(([0], np.cumsum(census.degree, dtype=np.int64)))
    roots = (census.modules, census.frames, census.native)
    _, _, which = shortest_paths(offsets, census.target, list(roots))
    source = np.repeat(np.arange(census.address.size, dtype=np.int32), census.degree)
    counted = (which[source] <= which[census.target]) | (which[source] < 0)
    apart = ~counted
    kept = np.bincount(source[counted], minlength=census.address.size)
    return HeapGraph(
        address=census.address,
        size=census.size,
        kind=census.kind,
        kinds=tuple(kind.name for kind in census.kinds),
        edge_offsets=np.concatenate(([0], np.cumsum(kept))).astype(np.int64),
        edge_targets=census.target[counted],
        roots=roots,
        root_kinds=("module", "frame", "native"),
        edge_names=census.edge_name[counted],
        names=census.names,
        loose=Loose(source[apart], census.target[apart], np.full(int(apart.sum()), Strength.SHORTCUT, np.uint8)),
        late=np.concatenate([census.frames, census.native]),
        drawn=census.native,
    )


def _is_library_file(file: str) -> bool:
    parts = file.replace("\\", "/")
    return (
        not parts
        or parts.startswith("<frozen")
        or "/site-packages/" in parts
        or "/dist-packages/" in parts
        or "/lib/python3" in parts
    )
