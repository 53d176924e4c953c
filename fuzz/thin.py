"""``python -m fuzz.thin DUMP SEED``: cuts a real dump down to some hundred objects that hang together.

What is kept stands as the runtime wrote it: a seed is small enough to be asked a hundred times a second.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fuzz.pieces import hprof_pieces, joined
from oakum.heap.formats.census import read_census, write_census
from oakum.heap.formats.census.census import Told
from oakum.heap.formats.detect import read_dump
from oakum.heap.formats.hprof import read_hprof
from oakum.heap.graph import HeapGraph
from oakum.heap.held import held
from oakum.heap.paths import shortest, telling_steps

MOST, DEGREE = 20, 2
CODE = re.compile(r"^(class )?shop\.|(Session|Reminder|hub|sessions|_seen)")


def main() -> int:
    source, target = map(Path, sys.argv[1:])
    data = source.read_bytes()
    dump = read_dump(np.frombuffer(data, np.uint8))
    kept = _kept(dump.graph, [node for node in range(dump.graph.nodes) if CODE.search(dump.label(node))])
    thin = {"hprof": _hprof, "ruby": _ruby, "python": _census}.get(dump.format, _v8)(data, kept)
    target.write_bytes(thin)
    print(f"{target}: {len(kept)} objects, {len(thin)} bytes")
    return 0


def _kept(graph: HeapGraph, wanted: list[int]) -> list[int]:
    """Some of what is wanted with the way to each, then what those refer to, breadth first."""
    found = held(graph)
    parent = telling_steps(found)
    kept: dict[int, None] = {}
    for node in wanted[:: max(1, len(wanted) // 2)]:
        if found.tree.order[node] >= 0:
            kept |= dict.fromkeys(shortest(parent, node, found.root))
    queue = list(kept)
    for node in queue:
        if len(kept) >= MOST:
            break
        news = [to for to in graph.targets(node)[:DEGREE].tolist() if to not in kept]
        kept |= dict.fromkeys(news)
        queue += news
    return sorted(node for node in kept if node < graph.nodes)


def _hprof(data: bytes, kept: list[int]) -> bytes:
    heap = read_hprof(np.frombuffer(data, np.uint8))
    graph = heap.graph
    classes = {int(heap.classes_by_kind[graph.kind[node]].id) for node in kept}
    classes |= {int(graph.address[node]) for node in kept} & set(heap.classes.by_id)
    for found in tuple(classes):
        classes |= {above.id for above in heap.classes.line(found)} if found in heap.classes.by_id else set()
    ids = {int(graph.address[node]) for node in kept} | classes
    texts: set[int] = set()
    pieces = list(hprof_pieces(data))
    for room, piece in pieces:
        if room == "heap" and piece[0] == 0x20 and _id(piece, 1) in classes:
            texts |= {_id(piece, at) for at in range(1, len(piece) - 7)}
        if room == "record" and piece[0] == 0x02 and _id(piece, 13) in classes:
            texts.add(_id(piece, 25))
    roots: dict[int, int] = {}
    return joined("hprof", list(_of(pieces, ids, classes, texts, roots)))


def _of(
    pieces: list[tuple[str, bytes]], ids: set[int], classes: set[int], texts: set[int], roots: dict[int, int]
) -> Iterator[tuple[str, bytes]]:
    for room, piece in pieces:
        tag = piece[0]
        if room == "head" or (room == "record" and tag not in {0x01, 0x02, 0x04, 0x05}):
            yield room, piece
        elif room == "record":
            known = {0x01: lambda p: _id(p, 9) in texts, 0x02: lambda p: _id(p, 13) in classes}.get(tag)
            if known is None or known(piece):
                yield room, piece
        elif tag in {0x20, 0x21, 0x22, 0x23}:
            if _id(piece, 1) in ids:
                yield room, piece
        else:
            roots[tag] = roots.get(tag, 0) + 1
            if _id(piece, 1) in ids or roots[tag] <= 2:
                yield room, piece


def _id(piece: bytes, at: int) -> int:
    return int.from_bytes(piece[at : at + 8], "big", signed=True)


def _ruby(data: bytes, kept: list[int]) -> bytes:
    graph = read_dump(np.frombuffer(data, np.uint8)).graph
    wanted = {f"{int(graph.address[node]):#x}" for node in kept}
    lines = []
    for line in data.splitlines():
        row = json.loads(line)
        if row["type"] == "ROOT" or row.get("address") in wanted:
            row["references"] = [to for to in row.get("references", ()) if to in wanted]
            if row["references"] or row["type"] != "ROOT":
                lines.append(json.dumps(row, separators=(", ", ":")).encode())
    return b"\n".join(lines) + b"\n"


def _census(data: bytes, kept: list[int]) -> bytes:
    whole = read_census(np.frombuffer(data, np.uint8))
    place = np.full(whole.address.size, -1, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    source = np.repeat(np.arange(whole.degree.size), whole.degree)
    edge = (place[source] >= 0) & (place[whole.target] >= 0)
    told, length, text = (place[at] >= 0 for at in (whole.told.node, whole.length_node, whole.text_node))

    def some(nodes: NDArray[np.int32]) -> NDArray[np.int32]:
        return place[nodes][place[nodes] >= 0]

    used = np.unique(np.concatenate([[0], whole.edge_name[edge], whole.told.name[told], whole.told.file[told]]))
    used = used[used >= 0]

    def renamed(names: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.where(names < 0, names, np.searchsorted(used, names)).astype(np.int32)

    thin = replace(
        whole,
        names=tuple(whole.names[at] for at in used.tolist()),
        address=whole.address[kept],
        size=whole.size[kept],
        kind=whole.kind[kept],
        degree=np.bincount(place[source[edge]], minlength=len(kept)).astype(np.int32),
        target=place[whole.target[edge]],
        edge_name=renamed(whole.edge_name[edge]),
        told=Told(
            place[whole.told.node[told]],
            renamed(whole.told.name[told]),
            renamed(whole.told.file[told]),
            whole.told.line[told],
        ),
        length_node=place[whole.length_node[length]],
        length=whole.length[length],
        text_node=place[whole.text_node[text]],
        text_hash=whole.text_hash[text],
        namespace=some(whole.namespace),
        modules=some(whole.modules),
        frames=some(whole.frames),
        native=some(whole.native),
    )
    return b"".join(write_census(thin))


def _v8(data: bytes, kept: list[int]) -> bytes:
    whole = json.loads(data)
    head = whole["snapshot"]
    width, wide = len(head["meta"]["node_fields"]), len(head["meta"]["edge_fields"])
    degree = head["meta"]["node_fields"].index("edge_count")
    place = {node: row for row, node in enumerate(kept)}
    texts: dict[int, int] = {}

    def text(at: int) -> int:
        return texts.setdefault(at, len(texts))

    nodes, edges, first = [], [], 0
    for node in range(len(whole["nodes"]) // width):
        row = whole["nodes"][node * width : (node + 1) * width]
        last = first + row[degree]
        if node in place:
            held_by = [whole["edges"][at * wide : (at + 1) * wide] for at in range(first, last)]
            held_by = [edge for edge in held_by if edge[2] // width in place]
            row[1], row[degree] = text(row[1]), len(held_by)
            nodes.append(row)
            numbered = {"element", "hidden"}
            kinds = head["meta"]["edge_types"][0]
            edges += [
                [kind, name if kinds[kind] in numbered else text(name), place[to // width] * width]
                for kind, name, to in held_by
            ]
        first = last
    told = whole["locations"]
    places = [told[at : at + 4] for at in range(0, len(told), 4) if told[at] // width in place]
    places = [[place[at // width] * width, *rest] for at, *rest in places]
    head |= {"node_count": len(nodes), "edge_count": len(edges), "trace_function_count": 0}
    strings = [whole["strings"][at][:80] for at in texts]
    parts = {"nodes": nodes, "edges": edges, "trace_function_infos": [], "trace_tree": [], "samples": []}
    parts |= {"locations": places, "strings": strings}

    def written(part: list[list[int]] | list[str]) -> str:
        rows = [json.dumps(row) if isinstance(row, str) else ",".join(map(str, row)) for row in part]
        return "[" + "\n,".join(rows) + "]"

    body = ",\n".join(f'"{name}":{written(part)}' for name, part in parts.items())
    snapshot = json.dumps(head, separators=(",", ":"))
    return f'{{"snapshot":{snapshot},\n{body}}}\n'.encode()


if __name__ == "__main__":
    raise SystemExit(main())
