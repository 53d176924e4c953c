"""JavaScript heaps in a developer's words: variables, fields, listeners and timers, each with its file."""

from __future__ import annotations

import numpy as np
import pytest
from v8_files import V8File

from oakum.heap.analysis import analyze
from oakum.model.cause import CauseName

APP, LIBRARY = "/srv/app/store.js", "/srv/app/node_modules/lru/index.js"


def report(file):
    return analyze(np.frombuffer(file.bytes(), np.uint8), file="x.heapsnapshot", told=lambda _: None)


def scope(file, name, line, *, script, source=APP):
    """A scope that a function of ``source`` closes over, held by the root."""
    context = file.node("object", "system / Context", 40)
    closure = file.function(name, source, line, script=script, context=context)
    file.edge(0, "element", script, closure)
    return context


def filled_map(file, count=300, *, of="Session"):
    held, table = file.node("object", "Map", 32), file.node("array", "", 4096)
    file.edge(held, "internal", "table", table)
    for number in range(count):
        item, key = file.node("object", of, 200), file.node("string", f"secret-{number}", 32)
        file.edge(table, "internal", f"{2 * number}", key)
        file.edge(table, "internal", f"{2 * number + 1}", item)
    return held


def test_a_variable_of_a_file_is_named_with_the_file():
    file = V8File()
    context = scope(file, "put", 7, script=5)
    file.edge(context, "context", "cache", filled_map(file))
    first = report(file).suspects[0]
    assert first.holder == "cache in store.js"
    assert first.cause is CauseName.SESSION_STATE
    assert first.item_type == "Session"
    assert [str(place) for place in first.places] == ["/srv/app/store.js:8 in put"]
    assert [(step.via, step.node) for step in first.path] == [("", "scope in store.js"), ("variable cache", "Map")]


def test_a_variable_of_a_block_has_no_name_and_is_told_by_the_function_that_uses_it():
    """Where a listener leads there, it is no listener that accumulates."""
    file = V8File()
    context = file.node("object", "system / Context", 40)
    quote = file.function("quote", APP, 10, script=5, context=context)
    listener = file.node("object", "Listener", 40)
    file.edge(0, "element", 1, listener)
    file.edge(listener, "property", "listener", quote)
    file.edge(context, "hidden", 0, filled_map(file))
    first = report(file).suspects[0]
    assert first.holder == "variable of a block, used by quote in store.js"
    assert first.cause is not CauseName.LISTENER
    assert [str(place) for place in first.places] == ["/srv/app/store.js:11 in quote"]


def test_a_field_is_named_by_its_class_and_its_constructors_line():
    file = V8File()
    context = scope(file, "main", 0, script=5)
    store = file.node("object", "Store", 24)
    file.locate(store, 5, 20)
    file.edge(context, "context", "store", store)
    file.edge(store, "property", "entries", filled_map(file))
    first = report(file).suspects[0]
    assert first.holder == "Store.entries"
    assert (first.places[0].file, first.places[0].line) == (APP, 21)


def test_listeners_are_named_by_the_emitter_that_the_application_holds():
    file = V8File()
    context = scope(file, "subscribe", 3, script=5)
    emitter, table, many = (file.node("object", name, 32) for name in ("EventEmitter", "Object", "Array"))
    file.edge(context, "context", "hub", emitter)
    file.edge(emitter, "property", "_events", table)
    file.edge(table, "property", "tick", many)
    for number in range(100):
        listener = file.function("onTick", APP, 9, script=5)
        file.edge(many, "element", number, listener)
        file.edge(listener, "internal", "context", file.node("object", "system / Context", 300))
    first = report(file).suspects[0]
    assert first.holder == "hub in store.js: listeners of 'tick'"
    assert first.cause is CauseName.LISTENER
    assert (first.count, first.item_type) == (100, "function onTick")


def test_timers_are_named_by_what_they_call():
    file = V8File()
    timers = file.node("object", "TimersList", 32)
    file.edge(0, "element", 1, timers)
    for _ in range(100):
        timeout, callback = file.node("object", "Timeout", 300), file.function("poll", APP, 30, script=5)
        file.edge(timers, "property", "_idleNext", timeout)
        file.edge(timeout, "property", "_onTimeout", callback)
    first = report(file).suspects[0]
    assert first.holder == "timers that call poll in store.js:31"
    assert first.cause is CauseName.TIMER


def test_a_library_comes_after_the_application_and_is_told_by_its_folder():
    file = V8File()
    library = scope(file, "get", 1, script=6, source=LIBRARY)
    file.edge(library, "context", "store", filled_map(file, 900, of="Entry"))
    own = scope(file, "put", 1, script=5)
    file.edge(own, "context", "seen", filled_map(file, 100))
    holders = [suspect.holder for suspect in report(file).suspects]
    assert holders == ["seen in store.js", "store in lru/index.js"]


def test_a_store_behind_a_servers_only_listener_is_named_by_its_field_and_not_as_a_listener():
    file = V8File()
    server, table = file.node("object", "Server", 32), file.node("object", "Object", 32)
    file.edge(0, "element", 1, server)
    file.edge(server, "property", "_events", table)
    context, store = file.node("object", "system / Context", 40), file.node("object", "MemoryStore", 24)
    file.locate(store, 6, 20)
    app = file.function("app", LIBRARY, 38, script=6, context=context)
    file.edge(table, "property", "request", app)
    file.edge(context, "context", "store", store)
    file.edge(store, "property", "sessions", filled_map(file))
    first = report(file).suspects[0]
    assert (first.holder, first.cause) == ("MemoryStore.sessions", CauseName.SESSION_STATE)


def test_the_snapshots_own_root_is_no_suspect_however_much_is_spread_below_it():
    file = V8File()
    gathered = file.node("synthetic", "(GC roots)", 0)
    file.edge(0, "element", 1, gathered)
    for number in range(2000):
        file.edge(0 if number % 2 else gathered, "element", number + 2, file.node("object", "Loose", 400))
    context = scope(file, "put", 7, script=5)
    file.edge(context, "context", "cache", filled_map(file))
    assert [suspect.holder for suspect in report(file).suspects] == ["cache in store.js"]


def test_what_node_keeps_in_a_module_is_not_told_as_the_applications_own():
    file = V8File()
    module, name = file.node("object", "Module", 64), file.node("string", APP, 32)
    file.edge(0, "element", 1, module)
    file.edge(module, "property", "filename", name)
    file.edge(module, "property", "children", filled_map(file, 100))
    exports = file.node("object", "Object", 32)
    file.edge(module, "property", "exports", exports)
    file.edge(exports, "property", "cache", filled_map(file, 200))
    ours = [suspect.holder for suspect in report(file).suspects if not suspect.foreign]
    assert ours == ["store.js: exports.cache"]


def test_the_runtime_comes_after_libraries():
    file = V8File()
    inner = scope(file, "load", 1, script=7, source="node:internal/realm")
    file.edge(inner, "context", "loaded", filled_map(file, 900, of="BuiltinModule"))
    library = scope(file, "get", 1, script=6, source=LIBRARY)
    file.edge(library, "context", "store", filled_map(file, 100, of="Entry"))
    found = report(file).suspects
    assert [suspect.holder for suspect in found] == ["store in lru/index.js", "loaded in realm"]
    assert [suspect.runtime for suspect in found] == [False, True]


def test_no_text_of_the_program_is_shown():
    file = V8File()
    context = scope(file, "put", 7, script=5)
    file.edge(context, "context", "cache", filled_map(file))
    assert "secret" not in repr(report(file))


@pytest.mark.parametrize("columns", [(), ("object_index", "script_id")])
def test_a_snapshot_without_locations_still_names_the_variable(columns):
    file = V8File()
    context = scope(file, "put", 7, script=5)
    file.edge(context, "context", "cache", filled_map(file))
    text = file.bytes().replace(
        b'["object_index", "script_id", "line", "column"]', str(list(columns)).replace("'", '"').encode()
    )
    found = analyze(np.frombuffer(text, np.uint8), file="x", told=lambda _: None)
    assert found.suspects[0].holder == "cache in store.js"


def test_a_handle_of_the_compiler_is_no_answer_where_a_variable_holds_the_same():
    file = V8File()
    context = scope(file, "put", 7, script=5)
    cache, handles = filled_map(file), file.node("synthetic", "(Handle scope)")
    file.edge(0, "element", 99, handles)
    file.edge(handles, "internal", "1", cache)
    file.edge(context, "context", "cache", cache)
    assert report(file).suspects[0].holder == "cache in store.js"


def test_a_modules_exports_are_named_by_its_file():
    file = V8File()
    module, exports, name = file.node("object", "Module"), file.node("object", "Object"), file.node("string", APP)
    file.edge(0, "element", 1, module)
    file.edge(module, "property", "filename", name)
    file.edge(module, "property", "exports", exports)
    file.edge(exports, "property", "cache", filled_map(file))
    first = report(file).suspects[0]
    assert first.holder == "store.js: exports.cache"
    assert first.path[0].node == "module store.js"
