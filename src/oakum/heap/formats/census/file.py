"""A census as bytes: sections with a length and a checksum each. Read from bytes that nobody vouches for."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from typing import TypeGuard, TypeVar

import numpy as np
from numpy.typing import NDArray

from oakum.heap.formats.census.census import SHAPES, Census, Facts, Kind, Told
from oakum.model.errors import DataError

MAGIC = b"OAKUM census\n"
VERSION = 1
_HEAD = struct.Struct("<13s3xI")
_SECTION = struct.Struct("<8sQII")
"""Name, bytes of its content, CRC-32 of it, zero. The content is padded with zeros to a multiple of 8."""

_Number = TypeVar("_Number", np.int32, np.int64)

LONGEST_NAME = 1000
MOST_KINDS = 1 << 20
MOST_FACTS_BYTES = 1 << 16

_WIDE = ("address", "size", "length", "xhash")
_NARROW = (
    "kind",
    "degree",
    "target",
    "edge",
    "tnode",
    "tname",
    "tfile",
    "tline",
    "lnode",
    "xnode",
    "space",
    "modules",
    "frames",
    "native",
)
_TEXTS = ("facts", "kinds", "names")


def is_census(begin: bytes) -> bool:
    return begin.startswith(MAGIC)


def write_census(census: Census) -> Iterator[bytes]:
    """The file, piece by piece, not yet packed."""
    yield _HEAD.pack(MAGIC, VERSION)
    told = census.told
    arrays: dict[str, NDArray[np.int32] | NDArray[np.int64]] = {
        "address": census.address,
        "size": census.size,
        "kind": census.kind,
        "degree": census.degree,
        "target": census.target,
        "edge": census.edge_name,
        "tnode": told.node,
        "tname": told.name,
        "tfile": told.file,
        "tline": told.line,
        "lnode": census.length_node,
        "length": census.length,
        "xnode": census.text_node,
        "xhash": census.text_hash,
        "space": census.namespace,
        "modules": census.modules,
        "frames": census.frames,
        "native": census.native,
    }
    kinds = [[kind.name, kind.module, kind.shape] for kind in census.kinds]
    for name, value in (("facts", asdict(census.facts)), ("kinds", kinds), ("names", census.names)):
        yield from _section(name, json.dumps(value, separators=(",", ":")).encode())
    for name, array in arrays.items():
        yield from _section(name, np.ascontiguousarray(array, np.int64 if name in _WIDE else np.int32).tobytes())


def _section(name: str, content: bytes) -> Iterator[bytes]:
    yield _SECTION.pack(name.encode(), len(content), zlib.crc32(content), 0)
    yield content
    yield b"\0" * (-len(content) % 8)


def read_census(data: NDArray[np.uint8]) -> Census:
    """``data``: uint8[b], unpacked. Raises DataError for whatever is not a whole census that makes sense."""
    sections = _sections(data)
    missing = [name for name in (*_TEXTS, *_WIDE, *_NARROW) if name not in sections]
    if missing:
        raise _broken(f"it lacks {', '.join(missing[:4])}; it may be cut off")
    wide = {name: _numbers(sections[name], name, np.int64) for name in _WIDE}
    arrays = {name: _numbers(sections[name], name, np.int32) for name in _NARROW}
    names = _names(sections["names"])
    kinds = _kinds(sections["kinds"])
    census = Census(
        facts=_facts(sections["facts"]),
        kinds=kinds,
        names=names,
        address=wide["address"],
        size=wide["size"],
        kind=arrays["kind"],
        degree=arrays["degree"],
        target=arrays["target"],
        edge_name=arrays["edge"],
        told=Told(arrays["tnode"], arrays["tname"], arrays["tfile"], arrays["tline"]),
        length_node=arrays["lnode"],
        length=wide["length"],
        text_node=arrays["xnode"],
        text_hash=wide["xhash"],
        namespace=arrays["space"],
        modules=arrays["modules"],
        frames=arrays["frames"],
        native=arrays["native"],
    )
    _check(census)
    return census


def _sections(data: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    head = data[: _HEAD.size].tobytes()
    if len(head) < _HEAD.size or not is_census(head):
        raise _broken("its first bytes are not those of a census")
    version = _HEAD.unpack(head)[1]
    if version != VERSION:
        raise DataError(
            f"this census is of version {version}", why=f"version {VERSION} is read", next_step="update oakum"
        )
    found: dict[str, NDArray[np.uint8]] = {}
    at = _HEAD.size
    while at + _SECTION.size <= data.size:
        raw, length, checksum, _ = _SECTION.unpack(data[at : at + _SECTION.size].tobytes())
        at += _SECTION.size
        name = raw.rstrip(b"\0").decode("ascii", "replace")
        # Both are Python's own whole numbers: nothing wraps.
        if length > data.size - at:
            raise _broken(f"section {name!r} is cut off: {length} bytes are said, {data.size - at} are there")
        content = data[at : at + length]
        if zlib.crc32(content.data) != checksum:
            raise _broken(f"the checksum of section {name!r} is wrong")
        if name in found:
            raise _broken(f"section {name!r} stands there twice")
        found[name] = content
        at += length + -length % 8
    return found


def _numbers(content: NDArray[np.uint8], name: str, dtype: type[_Number]) -> NDArray[_Number]:
    if content.size % np.dtype(dtype).itemsize:
        raise _broken(f"section {name!r} holds no whole numbers")
    return np.frombuffer(content.tobytes(), dtype)


def _names(content: NDArray[np.uint8]) -> tuple[str, ...]:
    names = _parsed(content, "names")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise _broken("its names are no list of texts")
    if names[0] != "":
        raise _broken("its first name is not the empty one")
    return tuple(name[:LONGEST_NAME] for name in names)


def _kinds(content: NDArray[np.uint8]) -> tuple[Kind, ...]:
    rows = _parsed(content, "kinds")
    if not isinstance(rows, list) or not 0 < len(rows) <= MOST_KINDS:
        raise _broken("its kinds are no list")
    found = []
    for row in rows:
        if not isinstance(row, list) or len(row) != 3 or not all(isinstance(part, str) for part in row):
            raise _broken("a kind is no name, module and shape")
        if row[2] not in SHAPES:
            raise _broken(f"a kind has the shape {row[2][:40]!r}")
        found.append(Kind(row[0][:LONGEST_NAME], row[1][:LONGEST_NAME], row[2]))
    return tuple(found)


def _facts(content: NDArray[np.uint8]) -> Facts:
    told = _parsed(content[:MOST_FACTS_BYTES], "facts")
    if not isinstance(told, dict):
        raise _broken("its facts are no table")
    python, at_s, pause_s = told.get("python"), told.get("at_s"), told.get("pause_s")
    redacted, skipped = told.get("redacted"), told.get("skipped_bytes")
    if not (
        isinstance(python, str)
        and isinstance(redacted, bool)
        and _is_amount(at_s)
        and _is_amount(pause_s)
        and _is_amount(skipped)
    ):
        raise _broken("its facts are of other types than they should be")
    return Facts(python[:40], float(at_s), float(pause_s), redacted, int(skipped))


def _is_amount(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 <= value < 1e18


def _parsed(content: NDArray[np.uint8], name: str) -> object:
    try:
        return json.loads(content.tobytes())
    except (ValueError, RecursionError) as exc:
        raise _broken(f"section {name!r} is no JSON") from exc


def _check(census: Census) -> None:
    """Every index lies in what it leads into, and rows add up."""
    nodes, edges, names = census.address.size, census.target.size, len(census.names)
    if not nodes or nodes >= 2**31 or edges >= 2**40:
        raise _broken("it holds no objects" if not nodes else "it holds more objects than can be told apart")
    for name, array, size in (
        ("size", census.size, nodes),
        ("kind", census.kind, nodes),
        ("degree", census.degree, nodes),
        ("edge", census.edge_name, edges),
        ("tname", census.told.name, census.told.node.size),
        ("tfile", census.told.file, census.told.node.size),
        ("tline", census.told.line, census.told.node.size),
        ("length", census.length, census.length_node.size),
        ("xhash", census.text_hash, census.text_node.size),
    ):
        if array.size != size:
            raise _broken(f"section {name!r} holds {array.size} numbers where {size} belong")
    for name, index, end in (
        ("kind", census.kind, len(census.kinds)),
        ("target", census.target, nodes),
        ("tnode", census.told.node, nodes),
        ("tname", census.told.name, names),
        ("tfile", census.told.file, names),
        ("lnode", census.length_node, nodes),
        ("xnode", census.text_node, nodes),
        ("space", census.namespace, nodes),
        ("modules", census.modules, nodes),
        ("frames", census.frames, nodes),
        ("native", census.native, nodes),
        ("degree", census.degree, 2**31),
    ):
        if index.size and (int(index.min()) < 0 or int(index.max()) >= end):
            raise _broken(f"section {name!r} leads out of what it belongs to")
    if edges and int(census.edge_name.max()) >= names:
        raise _broken("section 'edge' leads out of the names")
    if int(census.degree.sum(dtype=np.int64)) != edges:
        raise _broken("its rows do not add up to its references")
    if int(census.size.min()) < 0 or float(census.size.sum(dtype=np.float64)) > 2.0**60:
        raise _broken("its sizes are of no real memory")


def _broken(why: str) -> DataError:
    return DataError("this census is broken", why=why, next_step="oakum heap capture pid/N --output FILE")
