"""A Java heap in a Java developer's words."""

from __future__ import annotations

import re
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.hprof.classes import REFERENCE, JavaClass
from oakum.heap.formats.hprof.reader import HprofHeap
from oakum.heap.formats.hprof.waste import waste_of
from oakum.heap.graph import HeapGraph
from oakum.model.cause import CodePlace
from oakum.model.heap import Waste

INSIDES = (
    "java.util.",
    "java.lang.ThreadLocal",
    "java.lang.ref.",
    "java.lang.String",
    "java.lang.invoke.",
    "com.google.common.collect.",
    "com.google.common.cache.LocalCache",
    "com.github.benmanes.caffeine.cache.",
    "gnu.trove.",
    "it.unimi.dsi.fastutil.",
    "io.vavr.collection.",
    "kotlin.collections.",
    "org.eclipse.collections.",
    "scala.collection.",
)
"""Collections: their nodes and tables are looked through, up to the field that holds the collection."""

LIBRARIES = (
    *INSIDES,
    "android.",
    "ch.qos.logback.",
    "com.fasterxml.",
    "com.google.",
    "com.mysql.",
    "com.sun.",
    "com.zaxxer.",
    "dalvik.",
    "groovy.",
    "io.grpc.",
    "io.micrometer.",
    "io.netty.",
    "io.opentelemetry.",
    "io.prometheus.",
    "jakarta.",
    "java.",
    "javax.",
    "jdk.",
    "kotlin.",
    "kotlinx.",
    "libcore.",
    "net.bytebuddy.",
    "okhttp3.",
    "oracle.",
    "org.apache.",
    "org.aspectj.",
    "org.eclipse.",
    "org.glassfish.",
    "org.hibernate.",
    "org.jboss.",
    "org.postgresql.",
    "org.slf4j.",
    "org.springframework.",
    "org.w3c.",
    "org.xml.",
    "reactor.",
    "scala.",
    "sun.",
)
"""Not the application's own: ranked below it."""

RUNTIME = ("java.", "javax.", "jdk.", "sun.", "com.sun.", "dalvik.", "libcore.", "android.", "oracle.jrockit.")
"""The JVM's own library."""

_DOMAINS = ("com.", "gnu.", "io.", "it.", "net.", "org.")
_RELOCATED = tuple(f".{prefix}" for prefix in LIBRARIES if prefix.startswith(_DOMAINS))
_RELOCATED_INSIDES = tuple(f".{prefix}" for prefix in INSIDES if prefix.startswith(_DOMAINS))
"""A library that another one took in keeps its name behind the other's: ``wiremock.org.eclipse.jetty.``."""

_MADE = re.compile(r"\$\$|\$Proxy\d|\.Generated\w+Accessor\d|/")

LENGTHS = ("size", "elementCount", "count", "baseCount")
LONGEST_TEXT = 200


class HprofDump:
    """See heap.dump.Dump."""

    format = "hprof"

    def __init__(self, heap: HprofHeap) -> None:
        self._heap = heap
        self.graph: HeapGraph = heap.graph
        self.runtime = f"JVM (HPROF {heap.header.version}, {heap.header.id_bytes * 8}-bit ids)"
        self.warnings = heap.warnings
        self.partial = heap.records.truncated or bool(heap.records.lost_bytes)

    def label(self, node: int) -> str:
        found = self._as_class(node)
        if found is not None:
            return f"class {found.name}"
        name = self.graph.kind_name(node)
        if self._is_thread(node):
            return f'thread "{self.thread_name(node)}" ({name})'
        items = self._heap.items_of(node)
        return name if items < 0 else f"{name[:-2]}[{items}]"

    def is_anchor(self, node: int) -> bool:
        return self._as_class(node) is not None or self._is_thread(node)

    def is_inside(self, node: int) -> bool:
        if self.is_anchor(node):
            return False
        name = self.graph.kind_name(node)
        return name.endswith("[]") or _is_collection(name)

    def is_foreign(self, node: int) -> bool:
        found = self._as_class(node)
        name = found.name if found is not None else self.graph.kind_name(node)
        primitives = name.endswith("[]") and "." not in name
        return primitives or _is_library(name)

    def is_runtime(self, node: int) -> bool:
        found = self._as_class(node)
        name = found.name if found is not None else self.graph.kind_name(node)
        return (name.endswith("[]") and "." not in name) or name.startswith(RUNTIME)

    def is_written(self, edge: int) -> bool:
        """A field that a collection's own class declares is that collection's, whoever extends it."""
        name = self.graph.edge_name(edge)
        if name.startswith("<"):
            return name.startswith("<local")
        source = self.graph.source_of(edge)
        if name.startswith("[") or self._as_class(source) is not None:
            return True
        return not _is_collection(self._declaring(source, name).name)

    def via(self, edge: int) -> str:
        name = self.graph.edge_name(edge)
        source = self.graph.source_of(edge)
        if name.startswith(("[", "<")):
            return name.strip("<>") if name.startswith("<") else name
        return f"static {name}" if self._as_class(source) is not None else f".{name}"

    def kind_label(self, node: int) -> str:
        return self.graph.kind_name(node)

    def owned_name(self, path: tuple[int, ...], at: int) -> str:
        source = path[at - 1]
        name = self.graph.edge_name(self.graph.edge_between(source, path[at]))
        if name.startswith("<local"):
            return f"{self.label(source)}: {name.strip('<>')}"
        if name.startswith("<"):
            return f"{self.label(source)} {name}"
        owner = self._as_class(source) or self._declaring(source, name)
        return f"element {name[1:-1]} of {owner.name}" if name.startswith("[") else f"{owner.name}.{name}"

    def names_on(self, source: int, edge: int) -> bool:
        """Never: every Java object has a class that says whose it is."""
        del source, edge
        return False

    def aside(self, path: tuple[int, ...]) -> tuple[str, str] | None:
        """A thread-local is named by the static field that it is kept in, not by the thread's table."""
        for at, node in enumerate(path):
            kind = self.graph.kind_name(node)
            if kind == "java.lang.ThreadLocal$ThreadLocalMap$Entry":
                if any(self._as_class(step) is not None for step in path[at + 1 : -1]):
                    # By its class a value leads to all that a loader loaded: a field there has the better name.
                    return None
                key = self._reference(node, "referent")
                name = self._static_names.get(key, "a thread-local")
                return f"{name} (thread-local)", "thread-local"
        return None

    def generations(self) -> tuple[tuple[int, ...], ...]:
        """By the loader's own class. A class that the JVM makes itself (a lambda, a proxy) says nothing."""
        loaders: dict[str, set[int]] = {}
        for found in self._heap.classes.by_id.values():
            if found.loader_id and not found.element and not _MADE.search(found.name):
                loaders.setdefault(found.name, set()).add(found.loader_id)
        groups: dict[str, set[int]] = {}
        for ids in loaders.values():
            nodes = [self._node_at(loader) for loader in ids] if len(ids) > 1 else []
            for node in nodes:
                if node >= 0:
                    groups.setdefault(self.graph.kind_name(node), set()).add(node)
        return tuple(tuple(sorted(group)) for group in groups.values() if len(group) > 1)

    def loaders(self) -> dict[str, NDArray[np.int64]]:
        """Class loaders that have loaded something, by their own class: nodes."""
        ids = {found.loader_id for found in self._heap.classes.by_id.values() if found.loader_id}
        found: dict[str, list[int]] = {}
        for node in (self._node_at(loader) for loader in ids):
            if node >= 0:
                found.setdefault(self.graph.kind_name(node), []).append(node)
        return {name: np.array(nodes, np.int64) for name, nodes in found.items()}

    def length(self, node: int) -> int | None:
        """None for arrays: theirs counts empty slots too."""
        if self._heap.items_of(node) >= 0 or not self.is_inside(node):
            return None
        if self.graph.kind_name(node).endswith("Set"):
            inner = self._node_at(self._reference(node, "map") or self._reference(node, "m"))
            return self.length(inner) if inner >= 0 else None
        found = [value for name in LENGTHS if (value := self._number(node, name)) is not None]
        return found[0] if found and found[0] >= 0 else None

    def places(self, path: tuple[int, ...]) -> tuple[CodePlace, ...]:
        """The frame that holds it, and the application's own frames of the thread; fields have no line in a dump."""
        thread = self._heap.roots.threads.get(int(self.graph.address[path[0]])) if path else None
        if thread is None or len(path) < 2:
            return ()
        edge = self.graph.edge_between(path[0], path[1])
        local = edge >= 0 and self.graph.edge_name(edge).startswith("<local")
        own = [frame.place for frame in thread.frames if not _is_library(frame.place.function)]
        return tuple(own[:3]) if local else ()

    def waste(self, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
        return waste_of(self._heap, reached)

    def thread_name(self, node: int) -> str:
        """A thread's own name; it is no secret of its users."""
        return self.text(self._node_at(self._reference(node, "name"))) or "?"

    def text(self, node: int) -> str:
        """What a java.lang.String says, "" where that cannot be read: char[] until Java 8, then byte[] and a coder."""
        at = self._node_at(self._reference(node, "value")) if node >= 0 else -1
        if at < 0:
            return self._characters(node) if node >= 0 else ""
        coder = self._number(node, "coder")
        return self._decoded(at, "latin-1" if coder == 0 else "utf-16-le" if coder else "utf-16-be")

    def _characters(self, node: int) -> str:
        return self._decoded(node, "utf-16-be")

    def _decoded(self, node: int, encoding: str) -> str:
        kind = self.graph.kind_name(node)
        if kind not in {"byte[]", "char[]"}:
            return ""
        begin = int(self._heap.records.at[node]) + 1 + self._heap.header.id_bytes + 9
        wide = 2 if kind == "char[]" else 1
        length = min(self._heap.items_of(node) * wide, 2 * LONGEST_TEXT)
        return self._heap.records.data[begin : begin + length].tobytes().decode(encoding, "replace")

    def lineage(self, node: int) -> tuple[str, ...]:
        """The names of an object's class and of all that it extends; () for a class, an array, or what has none."""
        kind = int(self.graph.kind[node])
        if self._as_class(node) is not None or not 0 <= kind < len(self._heap.classes_by_kind):
            return ()
        found = self._heap.classes_by_kind[kind]
        return (
            () if found.element else tuple(above.name for above in self._heap.classes.line(found.id)) or (found.name,)
        )

    def _as_class(self, node: int) -> JavaClass | None:
        return self._heap.classes.by_id.get(int(self.graph.address[node]))

    def _is_thread(self, node: int) -> bool:
        return int(self.graph.kind[node]) in self._thread_kinds

    @cached_property
    def _thread_kinds(self) -> frozenset[int]:
        classes = self._heap.classes
        return frozenset(
            row
            for row, found in enumerate(self._heap.classes_by_kind)
            if any(above.name == "java.lang.Thread" for above in classes.line(found.id))
        )

    @cached_property
    def _static_names(self) -> dict[int, str]:
        """``shop.Worker.history`` by the id of what it holds."""
        records = self._heap.records
        return {
            records.identity(field.at): f"{found.name}.{field.name}"
            for found in self._heap.classes.by_id.values()
            for field in found.statics
            if field.type == REFERENCE and not field.name.startswith("<")
        }

    def _declaring(self, node: int, field: str) -> JavaClass:
        found = self._heap.classes_by_kind[int(self.graph.kind[node])]
        line = self._heap.classes.line(found.id)
        return next((above for above in line if any(own.name == field for own in above.fields)), found)

    def _value_at(self, node: int, name: str) -> tuple[int, int] | None:
        """(place in the file, type) of an instance's field."""
        records, kind = self._heap.records, int(self.graph.kind[node])
        at = int(records.at[node])
        place = self._heap.classes.value(self._heap.classes_by_kind[kind].id, name)
        if place is None or records.data[at] != 0x21:
            return None
        body = at + 1 + 2 * self._heap.header.id_bytes + 8
        if place[0] + self._heap.classes.wide(place[1]) > records.number(body - 4, 4):
            return None
        return body + place[0], place[1]

    def _reference(self, node: int, name: str) -> int:
        place = self._value_at(node, name)
        return self._heap.records.identity(place[0]) if place is not None and place[1] == REFERENCE else 0

    def _number(self, node: int, name: str) -> int | None:
        place = self._value_at(node, name)
        if place is None or place[1] == REFERENCE:
            return None
        return self._heap.records.number(place[0], self._heap.classes.wide(place[1]))

    def _node_at(self, identity: int) -> int:
        return int(self._heap.records.ids.of(np.array([identity], np.int64))[0]) if identity else -1


@cache
def _is_collection(name: str) -> bool:
    return name.startswith(INSIDES) or any(prefix in name for prefix in _RELOCATED_INSIDES)


@cache
def _is_library(name: str) -> bool:
    return name.startswith(LIBRARIES) or any(prefix in name for prefix in _RELOCATED)
