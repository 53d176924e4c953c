"""V8 snapshots made node by node."""

from __future__ import annotations

import json

NODE_TYPES = ["hidden", "array", "string", "object", "code", "closure", "regexp", "number", "native", "synthetic"]
EDGE_TYPES = ["context", "element", "property", "internal", "hidden", "shortcut", "weak"]
NUMBERED = {"element", "hidden"}


class V8File:
    """Nodes are numbered from 0, the root. ``traced``: with the two columns that newer versions have."""

    def __init__(self, *, traced=True):
        self.node_fields = ["type", "name", "id", "self_size", "edge_count"]
        self.node_fields += ["trace_node_id", "detachedness"] if traced else []
        self.nodes, self.edges, self.locations = [], [], []
        self._strings = {}
        self.node("synthetic", "")

    def text(self, text):
        return self._strings.setdefault(text, len(self._strings))

    def node(self, kind, name, size=16):
        self.nodes.append((kind, name, size))
        return len(self.nodes) - 1

    def edge(self, source, kind, name, target):
        self.edges.append((source, kind, name, target))

    def locate(self, node, script, line, column=0):
        """``line`` from 0, as V8 counts."""
        self.locations += [node * len(self.node_fields), script, line, column]

    def function(self, name, file, line, *, script, context=None):
        """A closure with its shared function and script."""
        closure, shared, code = self.node("closure", name, 64), self.node("code", name), self.node("code", file)
        self.edge(closure, "internal", "shared", shared)
        self.edge(shared, "internal", "script", code)
        self.locate(closure, script, line)
        if context is not None:
            self.edge(closure, "internal", "context", context)
        return closure

    def bytes(self, indent=None):
        rows = [[edge for edge in self.edges if edge[0] == node] for node in range(len(self.nodes))]
        width = len(self.node_fields)
        nodes, edges = [], []
        for node, (kind, name, size) in enumerate(self.nodes):
            row = [NODE_TYPES.index(kind), self.text(name), 2 * node + 1, size, len(rows[node])]
            nodes += row + [0] * (width - len(row))
        for _, kind, name, target in (edge for row in rows for edge in row):
            edges += [EDGE_TYPES.index(kind), name if kind in NUMBERED else self.text(name), target * width]
        meta = {
            "node_fields": self.node_fields,
            "node_types": [NODE_TYPES, *["number"] * (width - 1)],
            "edge_fields": ["type", "name_or_index", "to_node"],
            "edge_types": [EDGE_TYPES, "string_or_number", "node"],
            "location_fields": ["object_index", "script_id", "line", "column"],
        }
        head = {"meta": meta, "node_count": len(self.nodes), "edge_count": len(self.edges), "trace_function_count": 0}
        whole = {
            "snapshot": head,
            "nodes": nodes,
            "edges": edges,
            "trace_function_infos": [],
            "trace_tree": [],
            "samples": [],
            "locations": self.locations,
            "strings": list(self._strings),
        }
        return json.dumps(whole, indent=indent).encode()
