"""A Ruby heap in a Ruby developer's words. A dump says who refers to whom; by which variable, Oakum's helper does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from oakum.heap.compiled import chosen
from oakum.heap.formats.ruby import kernels
from oakum.heap.formats.ruby.reader import RubyHeap
from oakum.heap.graph import HeapGraph
from oakum.model.cause import CodePlace
from oakum.model.heap import Waste

INSIDE = frozenset({"HASH", "ARRAY", "STRING", "SYMBOL", "IMEMO", "ICLASS", "ROOT", "NODE", "MATCH", "RATIONAL"})
CONTAINERS = {"HASH": "Hash", "ARRAY": "Array"}
OWN_MODULES = frozenset(
    """
    ARGF Addrinfo Array BasicObject BasicSocket BigDecimal Binding Bundler CGI Class Comparable Complex
    ConditionVariable Coverage Data Date DateTime Delegator DidYouMean Digest Dir ERB Encoding Enumerable
    Enumerator Errno ErrorHighlight Etc Exception FFI FalseClass Fiber Fiddle File FileTest FileUtils Float
    Forwardable GC Gem Hash IO IRB Integer JSON Kernel Logger Marshal MatchData Math Method Module Monitor
    MonitorMixin Mutex Net NilClass NoMethodError Numeric OakumHeap Object ObjectSpace Observable OpenSSL OpenStruct
    OptionParser Pathname Proc Process Psych Queue RDoc Ractor Random Range Rational RbConfig Refinement Regexp
    Ripper Rinda RubyVM SecureRandom Set Shellwords Signal SimpleDelegator Singleton SizedQueue Socket
    StandardError String StringIO StringScanner Struct Symbol SyntaxSuggest TCPServer TCPSocket Tempfile Thread
    ThreadGroup Thread::Backtrace Time Timeout TracePoint TrueClass URI UnboundMethod UnicodeNormalize Warning
    WeakRef YAML Zlib fatal main
    """.split()  # noqa: SIM905  (a hundred lines of one word each)
)
"""What comes with Ruby."""

OWN_CONSTANTS = frozenset({"ENV", "ARGF", "ARGV", "DATA", "TOPLEVEL_BINDING", "SCRIPT_LINES__", "$LOADED_FEATURES"})

LIBRARIES = frozenset(
    """
    AbstractController ActionCable ActionController ActionDispatch ActionMailer ActionView ActiveJob ActiveModel
    ActiveRecord ActiveStorage ActiveSupport Arel Concurrent Dalli Devise Dry Excon Faraday Grape GraphQL HTTP
    I18n Mail Mime Mustermann Mysql2 NewRelic Nokogiri OpenTelemetry PG Prometheus Puma Rack Rails Rake Redis
    RedisClient Resque Sentry Sequel Sidekiq Sinatra Sprockets SQLite3 Thor Tilt Tzinfo TZInfo Unicorn Warden
    Zeitwerk
    """.split()  # noqa: SIM905  (a hundred lines of one word each)
)


class RubyDump:
    """See heap.dump.Dump."""

    format = "ruby"

    def __init__(self, heap: RubyHeap) -> None:
        self._heap = heap
        self.graph: HeapGraph = heap.graph
        self.runtime = "Ruby"
        self.warnings = heap.warnings
        self.partial = bool(heap.warnings)

    def label(self, node: int) -> str:
        kind = self._heap.type_of(node)
        if kind == "ROOT":
            return f"root {self._heap.text(node, kernels.AT_SORT)}"
        if kind in {"CLASS", "MODULE"}:
            return f"{kind.lower()} {self._heap.text(node, kernels.AT_NAME) or '(without a name)'}"
        if kind == "IMEMO":
            return f"({self._heap.text(node, kernels.AT_SORT) or 'imemo'})"
        return self.graph.kind_name(node)

    def kind_label(self, node: int) -> str:
        return self.graph.kind_name(node)

    def is_anchor(self, node: int) -> bool:
        return self._heap.type_of(node) in {"CLASS", "MODULE", "ROOT"} or self.graph.kind_name(node) == "Thread"

    def is_inside(self, node: int) -> bool:
        """A subclass of Hash or Array is somebody's own class."""
        kind = self._heap.type_of(node)
        return kind in INSIDE and (kind not in CONTAINERS or self.graph.kind_name(node) == CONTAINERS[kind])

    def is_foreign(self, node: int) -> bool:
        return self.is_runtime(node) or self._top(node) in LIBRARIES

    def is_runtime(self, node: int) -> bool:
        if self._heap.type_of(node) in {"ROOT", "IMEMO", "ICLASS", "NODE"}:
            return True
        top = self._top(node)
        return not top or top.startswith("(") or top in OWN_MODULES

    def _top(self, node: int) -> str:
        """The first part of the name of a class, or of an object's class."""
        own = self._heap.type_of(node) in {"CLASS", "MODULE"}
        name = self._heap.text(node, kernels.AT_NAME) if own else self.graph.kind_name(node)
        return name.partition("::")[0]

    def is_written(self, edge: int) -> bool:
        """A reference to a class may be a constant, but mostly is what the class derives from or an object is of."""
        return self._heap.type_of(int(self.graph.edge_targets[edge])) not in {"CLASS", "MODULE", "ICLASS"}

    def via(self, edge: int) -> str:
        """A dump by itself names no variable."""
        target = int(self.graph.edge_targets[edge])
        source = int(np.searchsorted(self.graph.edge_offsets, edge, side="right")) - 1
        known = self._heap.names.get((source, target))
        if known is not None:
            return known.name
        if self._heap.type_of(source) in {"CLASS", "MODULE"} and self._heap.type_of(target) not in {"CLASS", "MODULE"}:
            return "constant or class-level variable"
        return "refers to"

    def names_on(self, source: int, edge: int) -> bool:
        del source, edge
        return False

    def owned_name(self, path: tuple[int, ...], at: int) -> str:
        """``Shop::Store#@entries``; ``Shop::Store → Hash``, whose it is and what it is, where no variable is told."""
        source, target = path[at - 1], path[at]
        known = self._heap.names.get((source, target))
        if known is not None:
            return self._variable(source, known.name)
        owner = self.label(source) if self.is_anchor(source) else self.graph.kind_name(source)
        return f"{owner} → {self.graph.kind_name(target)}"

    def _variable(self, owner: int, name: str) -> str:
        """``Shop::Store#@entries``, ``Shop::Hub.@listeners``, ``Shop::COUNTERS``, ``$seen``."""
        if self._heap.type_of(owner) not in {"CLASS", "MODULE"}:
            return f"{self.graph.kind_name(owner)}#{name}" if name.startswith("@") else name
        of = self._heap.text(owner, kernels.AT_NAME)
        if name.startswith("@"):
            return f"{of or 'a class without a name'}.{name}"
        return name if of in {"Object", ""} else f"{of}::{name}"

    def aside(self, path: tuple[int, ...]) -> tuple[str, str] | None:
        """What only a block captured is named by the place where the block was made, if that was recorded.

        A variable of a thread, a global one and a constant at the top are whoever's program it is.
        """
        for at in range(len(path) - 1, 0, -1):
            if not self.is_inside(path[at]) and not self.is_foreign(path[at]):
                return None
            known = self._heap.names.get((path[at - 1], path[at]))
            name = known.name if known is not None else ""
            if name and name not in OWN_CONSTANTS and self.is_runtime(path[at - 1]):
                of_thread = self.graph.kind_name(path[at - 1]) == "Thread"
                if of_thread or self._heap.text(path[at - 1], kernels.AT_NAME) == "Object" or name.startswith("$"):
                    return self._variable(path[at - 1], name), "thread-local" if of_thread else "constant"
            if self.graph.kind_name(path[at]) == "Proc":
                place = self._place(path[at])
                where = f" made in {place.file.rpartition('/')[2]}:{place.line}" if place else ""
                return (f"variables of a block{where}", "closure") if at + 1 < len(path) else None
        return None

    def generations(self) -> tuple[tuple[int, ...], ...]:
        return ()

    def length(self, node: int) -> int | None:
        if self._heap.type_of(node) not in CONTAINERS:
            return None
        said = int(self._heap.rows[node, kernels.AT_LENGTH])
        return said if said >= 0 else None

    def places(self, path: tuple[int, ...]) -> tuple[CodePlace, ...]:
        """Where the objects of the way were allocated, from the holder outwards, if the program had recorded that.

        Then where the variables of the way are made, or their classes.
        """
        made = [known for pair in pairwise(path) if (known := self._heap.names.get(pair)) is not None and known.file]
        places = [place for node in reversed(path) if (place := self._place(node)) is not None]
        places += [CodePlace(known.file, known.line, "") for known in reversed(made)]
        own = [place for place in places if "/gems/" not in place.file and "/lib/ruby/" not in place.file]
        return tuple(dict.fromkeys(own))[:3]

    def lines(self, reached: NDArray[np.bool_]) -> dict[tuple[str, str, int], tuple[int, int]]:
        """(count, bytes) of those ``reached`` (bool[n]), by class, file and line of their allocation. O(n log n)."""
        marks = np.empty(self.graph.nodes, np.int64)
        with np.errstate(over="ignore"):
            chosen(kernels.marks_of, self.graph.nodes)(self._heap.data, self._heap.rows, marks)
        told = np.flatnonzero(reached & (marks != 0))
        if not told.size:
            return {}
        pairs = np.stack([marks[told], self.graph.kind[told].astype(np.int64)], axis=1)
        _, first, row = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
        count = np.bincount(row)
        size = np.bincount(row, weights=self.graph.size[told])
        found: dict[tuple[str, str, int], tuple[int, int]] = {}
        for at, each, total in zip(told[first].tolist(), count.tolist(), size.tolist(), strict=True):
            place = self._place(at)
            if place is not None:
                found[self.graph.kind_name(at), place.file, place.line] = (each, int(total))
        return found

    def _place(self, node: int) -> CodePlace | None:
        file = self._heap.text(node, kernels.AT_FILE)
        line = int(self._heap.rows[node, kernels.AT_LINE])
        return CodePlace(file, min(max(line, 0), 1 << 31), "") if file else None

    def waste(self, reached: NDArray[np.bool_]) -> tuple[Waste, ...]:
        """A dump tells too little of texts and tables."""
        del reached
        return ()
