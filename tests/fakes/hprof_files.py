"""HPROF files made record by record."""

from __future__ import annotations

import struct

from hypothesis import strategies as st

ID, LOCAL, THREAD = 8, 0x03, 0x08
WIDTHS = {4: 1, 5: 2, 6: 4, 7: 8, 8: 1, 9: 2, 10: 4, 11: 8}


class HprofFile:
    """Ids are of ``wide`` bytes. Strings get ids of their own from 1 on."""

    def __init__(self, wide=8, version="1.0.2"):
        self.wide = wide
        self.head = f"JAVA PROFILE {version}".encode() + b"\0" + struct.pack(">IQ", wide, 1_700_000_000_000)
        self.records = []
        self.heap = []
        self._strings = {}
        self._serial = 0

    def id(self, number):
        return struct.pack(">Q" if self.wide == 8 else ">I", number)

    def text(self, text):
        if text not in self._strings:
            self._strings[text] = len(self._strings) + 1
            self.record(0x01, self.id(self._strings[text]) + text.encode())
        return self.id(self._strings[text])

    def record(self, tag, body):
        self.records.append(struct.pack(">BII", tag, 0, len(body)) + body)

    def load_class(self, number, name):
        self._serial += 1
        self.record(0x02, struct.pack(">I", self._serial) + self.id(number) + struct.pack(">I", 0) + self.text(name))
        return self._serial

    def class_dump(self, number, name, *, above=0, loader=0, statics=(), fields=()):
        """``statics``: (name, type, value as a number); ``fields``: (name, type)."""
        serial = self.load_class(number, name)
        body = self.id(number) + struct.pack(">I", 0) + b"".join(map(self.id, (above, loader, 0, 0, 0, 0)))
        body += struct.pack(">IHH", 0, 0, len(statics))
        for field, kind, value in statics:
            body += self.text(field) + bytes([kind]) + self.value(kind, value)
        body += struct.pack(">H", len(fields)) + b"".join(self.text(field) + bytes([kind]) for field, kind in fields)
        self.heap.append(b"\x20" + body)
        return serial

    def value(self, kind, value):
        return self.id(value) if kind == 2 else value.to_bytes(WIDTHS[kind], "big")

    def instance(self, number, of, values=b""):
        self.heap.append(b"\x21" + self.id(number) + bytes(4) + self.id(of) + struct.pack(">I", len(values)) + values)

    def objects(self, number, of, items):
        head = b"\x22" + self.id(number) + bytes(4) + struct.pack(">I", len(items)) + self.id(of)
        self.heap.append(head + b"".join(map(self.id, items)))

    def primitives(self, number, kind, data):
        head = b"\x23" + self.id(number) + bytes(4) + struct.pack(">I", len(data) // WIDTHS[kind]) + bytes([kind])
        self.heap.append(head + data)

    def root(self, tag, number, *more):
        self.heap.append(bytes([tag]) + self.id(number) + b"".join(struct.pack(">I", word) for word in more))

    def bytes(self, segments=1):
        """The heap in so many segments."""
        step = -(-len(self.heap) // segments) or 1
        parts = [b"".join(self.heap[at : at + step]) for at in range(0, len(self.heap), step)]
        body = b"".join(struct.pack(">BII", 0x1C, 0, len(part)) + part for part in parts)
        return self.head + b"".join(self.records) + body + struct.pack(">BII", 0x2C, 0, 0)


BASE = 0x7000_0000
CLASS, ARRAY, WEAK, REFERENCE = BASE, BASE + 8, BASE + 16, BASE + 24
FIRST = BASE + 1024


def place(node):
    return FIRST + 64 * node


OBJECTS = st.lists(
    st.one_of(
        st.tuples(st.just("pair"), st.integers(-1, 11), st.integers(-1, 11)),
        st.tuples(st.just("array"), st.lists(st.integers(-1, 11), max_size=4)),
        st.tuples(st.just("bytes"), st.binary(max_size=9)),
        st.tuples(st.just("weak"), st.integers(-1, 11)),
    ),
    min_size=1,
    max_size=8,
)


def made(objects, roots, *, wide=8, segments=1):
    """A file of ``objects``; -1 is null, a number past the last is an object that is not there."""
    file = HprofFile(wide)
    file.class_dump(REFERENCE, "java/lang/ref/Reference", fields=[("referent", 2)])
    file.class_dump(WEAK, "java/lang/ref/WeakReference", above=REFERENCE)
    file.class_dump(CLASS, "shop/Pair", fields=[("count", 10), ("left", 2), ("flag", 4), ("right", 2)])
    file.class_dump(ARRAY, "[Ljava/lang/Object;")
    for class_id in (REFERENCE, WEAK, CLASS, ARRAY):
        file.root(0x05, class_id)
    for node, row in enumerate(objects):
        ids = [0 if held < 0 else place(held) for held in row[1:] if isinstance(held, int)]
        if row[0] == "pair":
            values = bytes(4) + file.id(ids[0]) + b"\1" + file.id(ids[1])
            file.instance(place(node), CLASS, values)
        elif row[0] == "array":
            file.objects(place(node), ARRAY, [0 if held < 0 else place(held) for held in row[1]])
        elif row[0] == "bytes":
            file.primitives(place(node), 8, row[1])
        else:
            file.instance(place(node), WEAK, file.id(ids[0]))
    for node in roots:
        file.root(0xFF, place(node))
    return file.bytes(segments)


def edges_of(objects):
    """(source, target, name, weak) by the definition."""
    found = []
    for node, row in enumerate(objects):
        if row[0] == "pair":
            held = [(row[1], "left", False), (row[2], "right", False)]
        elif row[0] == "array":
            held = [(target, f"[{index}]", False) for index, target in enumerate(row[1])]
        elif row[0] == "weak":
            held = [(row[1], "referent", True)]
        else:
            held = []
        found += [(node, target, name, weak) for target, name, weak in held if 0 <= target < len(objects)]
    return found
