"""A small Java heap with a leak in a static map, a list of listeners, a thread-local, and garbage beside them."""

from __future__ import annotations

import struct

from hprof_files import HprofFile

SESSIONS = 400
BASE = 0x10_0000
(
    OBJECT,
    MAP,
    NODE,
    NODES,
    LIST,
    THREAD,
    LOCALS,
    ENTRY,
    ENTRIES,
    WEAK,
    REFERENCE,
    LOCAL,
    CACHE,
    SESSION,
    BUS,
    STRING,
) = range(BASE, BASE + 16 * 512, 512)
OBJECTS = BASE + 17 * 512


class _Ids:
    def __init__(self):
        self.next = BASE + 0x10_0000

    def __call__(self):
        self.next += 1 << 14
        return self.next


def shop_dump(*, sessions=SESSIONS):
    """Bytes of an HPROF file. Objects stand far apart: nothing proves narrow references."""
    file, new = HprofFile(), _Ids()
    the_map, table, items, bus, thread, history = new(), new(), new(), new(), new(), new()
    listeners, name, text = new(), new(), new()
    serial = _classes(file, the_map, bus, history)
    nodes = []
    for number in range(sessions):
        node, session, cart = new(), new(), new()
        nodes.append(node)
        file.instance(node, NODE, file.id(session) + file.id(0))
        file.instance(session, SESSION, file.id(cart))
        file.primitives(cart, 8, bytes([number % 256]) * 500)
    file.objects(table, NODES, nodes)
    file.instance(the_map, MAP, struct.pack(">I", sessions) + file.id(table))
    _bus(file, new, bus, items, listeners)
    _thread(file, new, thread, name, text, history)
    for _ in range(30):
        file.primitives(new(), 8, bytes(5000))
    file.record(0x04, b"".join(map(file.id, (0x77,))) + file.text("take") + file.text("()V") + file.text("Worker.java")
                + struct.pack(">II", serial, 42))  # fmt: skip
    file.record(0x05, struct.pack(">III", 1, 9, 1) + file.id(0x77))
    file.root(0x08, thread, 9, 1)
    held = new()
    file.primitives(held, 8, bytes(60_000))
    file.root(0x03, held, 9, 0)
    return file.bytes()


def _classes(file, the_map, bus, history):
    file.class_dump(OBJECT, "java/lang/Object")
    file.class_dump(OBJECTS, "[Ljava/lang/Object;")
    file.class_dump(MAP, "java/util/HashMap", above=OBJECT, fields=[("size", 10), ("table", 2)])
    file.class_dump(NODE, "java/util/HashMap$Node", above=OBJECT, fields=[("value", 2), ("next", 2)])
    file.class_dump(NODES, "[Ljava/util/HashMap$Node;")
    file.class_dump(LIST, "java/util/ArrayList", above=OBJECT, fields=[("size", 10), ("elementData", 2)])
    file.class_dump(THREAD, "java/lang/Thread", above=OBJECT, fields=[("name", 2), ("threadLocals", 2)])
    file.class_dump(REFERENCE, "java/lang/ref/Reference", above=OBJECT, fields=[("referent", 2)])
    file.class_dump(WEAK, "java/lang/ref/WeakReference", above=REFERENCE)
    file.class_dump(ENTRY, "java/lang/ThreadLocal$ThreadLocalMap$Entry", above=WEAK, fields=[("value", 2)])
    file.class_dump(ENTRIES, "[Ljava/lang/ThreadLocal$ThreadLocalMap$Entry;")
    file.class_dump(LOCALS, "java/lang/ThreadLocal$ThreadLocalMap", above=OBJECT, fields=[("table", 2)])
    file.class_dump(STRING, "java/lang/String", above=OBJECT, fields=[("value", 2), ("coder", 8)])
    file.class_dump(CACHE, "shop/SessionCache", above=OBJECT, statics=[("entries", 2, the_map)])
    file.class_dump(SESSION, "shop/Session", above=OBJECT, fields=[("cart", 2)])
    file.class_dump(BUS, "shop/Bus", above=OBJECT, statics=[("only", 2, bus)], fields=[("listeners", 2)])
    serial = file.class_dump(LOCAL, "shop/Worker", above=OBJECT, statics=[("history", 2, history)])
    for class_id in (CACHE, BUS, LOCAL):
        file.root(0x05, class_id)
    return serial


def _bus(file, new, bus, items, listeners):
    held = []
    for _ in range(100):
        held.append(new())
        file.primitives(held[-1], 11, bytes(800))
    file.objects(items, OBJECTS, held + [0] * 28)
    file.instance(listeners, LIST, struct.pack(">I", 100) + file.id(items))
    file.instance(bus, BUS, file.id(listeners))


def _thread(file, new, thread, name, text, history):
    entry, table, the_map, kept = new(), new(), new(), new()
    file.instance(history, OBJECT)
    file.primitives(kept, 8, bytes(40_000))
    file.instance(entry, ENTRY, file.id(kept) + file.id(history))
    file.objects(table, ENTRIES, [entry])
    file.instance(the_map, LOCALS, file.id(table))
    file.primitives(text, 8, b"worker-1")
    file.instance(name, STRING, file.id(text) + b"\0")
    file.instance(thread, THREAD, file.id(name) + file.id(the_map))
