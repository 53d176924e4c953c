"""Go source: where a function puts what it allocates, and what that makes of a call path and of a variable."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from textwrap import dedent
from time import process_time

import pytest

from oakum.explain import by_source
from oakum.explain.causes import findings
from oakum.explain.go_due import due_s
from oakum.explain.go_follow import Follower
from oakum.explain.go_syntax import read
from oakum.explain.rank import clues, files_wanted, rank
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import HeapGrowth, HolderGrowth, PathStep, RootKind

FILE = "/srv/shop/shop.go"
STORE = """
    package main

    type Item struct {
        name  string
        parts []string
    }

    type Store struct {
        mu    sync.Mutex
        items map[string]*Item
        ring  [64]*Item
        at    int
    }

    var store = &Store{items: make(map[string]*Item)}
"""


def kept(body, *stack, package="main"):
    """``stack``: (function, what its line begins with), innermost first."""
    text = dedent(STORE) + dedent(body)
    lines = text.splitlines()
    places = [
        CodePlace(FILE, next(at for at, line in enumerate(lines, 1) if line.strip().startswith(begins)), function)
        for function, begins in stack
    ]
    return Follower(read({FILE: text}), {FILE: lines}, package).kept(places)


def names(*args, **more):
    return [each.name for each in kept(*args, **more)]


@pytest.mark.parametrize(
    ("body", "begins", "name", "kind"),
    [
        ("s.items[name] = &Item{name: name}", "s.items", "Store.items", "map"),
        ("made := &Item{}\n\ts.items[name] = made", "made", "Store.items", "map"),
        ("made := &Item{\n\t\tname: name,\n\t}\n\ts.items[name] = made", "name: name,", "Store.items", "map"),
        ("if made := load(name); made != nil {\n\t\ts.items[name] = made\n\t}", "if made", "Store.items", "map"),
        ("made, err := load(name)\n\ts.items[name] = made", "made, err", "Store.items", "map"),
        ("s.done = append(s.done, name)", "s.done", "Store.done", "slice"),
        ("s.order.PushBack(name)", "s.order", "Store.order", "list"),
        ("s.seen.Store(name, &Item{})", "s.seen", "Store.seen", "map"),
        ("made := &Item{}\n\ts.out <- made", "made", "Store.out", "channel"),
        ("made := Item{}\n\ts.out <- wrapped{&made}", "made", "Store.out", "channel"),
        ("go func() {\n\t\ts.items[name] = new(Item)\n\t}()", "s.items", "Store.items", "map"),
        ("recent = append(recent, name)", "recent =", "main.recent", "slice"),
        ("store.items[name] = &Item{}", "store.items", "Store.items", "map"),
    ],
)
def test_a_statement_says_what_keeps_it(body, begins, name, kind):
    text = f"var recent []string\n\nfunc (s *Store) Put(name string) {{\n\t{body}\n}}\n"
    (found,) = kept(text, ("main.(*Store).Put", begins))
    assert (found.name, found.kind) == (name, kind)
    assert found.place.file == FILE


@pytest.mark.parametrize(
    "body",
    [
        "made := &Item{}\n\tcount += len(made.name)",  # counted, and let go
        "made := &Item{}\n\ts.ring[s.at%len(s.ring)] = made",  # so many places, and no more
        "made := &Item{}\n\tlocal := map[string]*Item{}\n\tlocal[name] = made",  # ends with the call
        "made := &Item{}\n\ts.labels[name] = fmt.Sprint(made.name)",  # what a call makes of it is something else
        "made := &Item{}\n\t// s.items[name] = made",
        'made := &Item{}\n\tlog("s.items[name] = made")',
    ],
)
def test_what_is_not_kept_names_nothing(body):
    text = f"func (s *Store) Put(name string) {{\n\t{body}\n}}\n"
    assert kept(text, ("main.(*Store).Put", "made")) == []


def test_what_is_given_back_is_followed_to_the_caller():
    body = """
    func newItem(name string) *Item {
        return &Item{name: name}
    }

    func (s *Store) Put(name string) {
        made := newItem(name)
        s.items[name] = made
    }
    """
    stack = ("main.newItem", "return &Item"), ("main.(*Store).Put", "made := newItem")
    assert names(body, *stack) == ["Store.items"]


def test_what_is_handed_on_is_followed_into_what_is_called():
    body = """
    func (s *Store) Put(item *Item) {
        s.items[item.name] = item
    }

    type Handler struct {
        store *Store
    }

    func (h *Handler) Serve(name string) {
        h.store.Put(&Item{name: name})
    }
    """
    assert names(body, ("main.(*Handler).Serve", "h.store.Put")) == ["Store.items"]


def test_what_is_put_into_an_object_made_anew_is_held_by_what_holds_that():
    body = """
    func (i *Item) Note(part string) { i.parts = append(i.parts, part) }

    func (s *Store) Start(name string) *Item {
        made := &Item{name: name}
        s.items[name] = made
        return made
    }

    func serve(name string) {
        item := store.Start(name)
        item.Note("begun " + name)
    }
    """
    stack = ("main.(*Item).Note", "func (i *Item) Note"), ("main.serve", "item.Note")
    assert names(body, *stack) == ["Store.items"]


def test_what_is_put_into_an_object_that_was_there_is_held_by_its_field():
    body = """
    func (i *Item) Note(part string) { i.parts = append(i.parts, part) }

    func (s *Store) Note(name string) {
        item := s.items[name]
        item.Note("seen " + name)
    }
    """
    stack = ("main.(*Item).Note", "func (i *Item) Note"), ("main.(*Store).Note", "item.Note")
    assert names(body, *stack) == ["Item.parts"]


def test_a_variable_that_a_function_literal_keeps_has_the_name_of_its_function():
    body = """
    func counted(next Handler) Handler {
        seen := map[string]int{}
        return func(name string) {
            seen[name] = len(name)
        }
    }
    """
    assert names(body, ("main.counted.func1", "seen[name]")) == ["seen of main.counted"]


def test_places_that_conflict_are_both_told():
    body = """
    func (s *Store) Put(log *Log, name string) {
        made := &Item{name: name}
        s.items[name] = made
        log.rows = append(log.rows, made)
    }
    """
    assert names(body, ("main.(*Store).Put", "made :=")) == ["Store.items", "Log.rows"]


@pytest.mark.parametrize(
    ("cancelled", "kept_there"),
    [
        ("if bad(ctx) {\n\t\tcancel()\n\t\treturn\n\t}", True),
        ("_ = ctx", True),
        ("defer cancel()", False),
        ("work(ctx)\n\tcancel()", False),
        ("return ctx, cancel", False),
    ],
)
def test_a_context_keeps_what_is_put_into_it_where_it_is_not_cancelled(cancelled, kept_there):
    body = f"""
func newItem(name string) *Item {{
\treturn &Item{{name: name}}
}}

func serve(parent context.Context, name string) {{
\tctx := context.WithValue(parent, key, newItem(name))
\tctx, cancel := context.WithTimeout(ctx, time.Hour)
\t{cancelled}
}}
"""
    found = kept(body, ("main.newItem", "return &Item"), ("main.serve", "ctx := context.WithValue"))
    assert [each.kind for each in found] == (["contexts"] if kept_there else [])
    if found:
        place = found[0].place
        one = holder("main.serve", place.line, name="what main.newItem allocates")
        text = dedent(STORE) + dedent(body)
        (told,) = by_source(grown(one), {FILE: text}).holders
        assert (told.kind, told.cause) == ("timers", CauseName.TIMER)
        assert told.name == f"contexts that main.serve (shop.go:{place.line}) makes"


APP = """
    type App struct { hooks []func() error }

    func (a *App) OnClose(fn func() error) {
        a.hooks = append(a.hooks, fn)
    }

    func wrap(item *Item, fn func() error) *Item {
        fn()
        return item
    }

    func remember(item *Item, fn func() error) {
        store.items[item.name] = item
        fn()
    }

    func (a *App) show(name string) {
        item := load(name)
        BODY
    }
"""


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("a.OnClose(func() error { return item.release() })", ["App.hooks"]),
        ("a.OnClose(func() error {\n\t\treturn item.release()\n\t})", ["App.hooks"]),
        ("close := func() error { return item.release() }\n\ta.OnClose(close)", ["App.hooks"]),
        ("a.hooks = append(a.hooks, func() error { return nil })", ["App.hooks"]),
        ("defer func() { item.release() }()", []),
        ("store.items[name] = wrap(item, func() error { return nil })", []),
        ("store.items[name] = func() *Item { return item }()", []),
        ("remember(item, func() error { return nil })", []),
        ("store.items[name], a.done = item, func() error { return nil }", []),
    ],
)
def test_who_keeps_a_function_that_is_made_in_a_call_is_told(body, found):
    text = dedent(STORE) + dedent(APP).replace("BODY", body)
    lines = text.splitlines()
    line = next(
        at for at, each in enumerate(lines, 1) if "func() " in each and at > lines.index("    item := load(name)")
    )
    place = CodePlace(FILE, line, "main.(*App).show.func1")
    assert [each.name for each in Follower(read({FILE: text}), {FILE: lines}, "main").closure(place)] == found
    functions = replace(holder("main.(*App).show.func1", line), name="functions", kind="functions", allocated=(place,))
    named = by_source(grown(functions), {FILE: text}).holders[0]
    assert named.name == (found or ["functions"])[0]
    assert not found or "functions that main.(*App).show.func1 (shop.go:" in named.by_source.told


def test_source_of_another_build_says_nothing():
    body = """
    func (s *Store) Drop(name string) {
        s.items[name] = &Item{}
    }
    """
    assert names(body, ("main.(*Store).Put", "s.items")) == []


@pytest.mark.parametrize(
    ("body", "function"),
    [
        ("func f() (out []Item, err error) {\n\tout = append(out, Item{}) // made\n\treturn\n}\n", "f"),
        ("func f() int {\n\tvar a, b []Item\n\tb = append(b, Item{}) // made\n\treturn len(a)\n}\n", "f"),
        ("func f() {\n\tvar (\n\t\ta int\n\t\tb = map[int]int{}\n\t)\n\tb[a] = 1 // made\n}\n", "f"),
        ("func f() {\n\thandle(func(r *Request) {\n\t\tr.Form[1] = Item{} // made\n\t})\n}\n", "f.func1"),
        ("func f(c *web.Context) {\n\tc.Keys[1] = Item{} // made\n}\n", "f"),
        ("func f(into map[int]Item) {\n\tinto[1] = Item{} // made\n}\n", "f"),
        ("func f() {\n\tdeclared_nowhere[1] = Item{} // made\n}\n", "f"),
    ],
)
def test_what_ends_with_the_call_or_is_of_nobody_known_names_nothing(body, function):
    line = 1 + body[: body.index("// made")].count("\n")
    text = "package main\n" + body
    places = [CodePlace(FILE, line + 1, f"main.{function}")]
    assert Follower(read({FILE: text}), {FILE: text.split("\n")}, "main").kept(places) == []


PUT = """
    func (s *Store) Put(item *Item) {
        s.items[item.name] = item
    }

    func serve(PARAMS) {
        made := &Item{}
        PUTS
    }
    """


@pytest.mark.parametrize(
    ("params", "put", "expected"),
    [
        ("s *Store", "s.Put(made)", ["Store.items"]),
        ("b *bolt.Bucket", "b.Put(made)", []),
        ("b *bolt.Store", "b.Put(made)", []),
        ("b Bucket", "b.Put(made)", []),
        ("w Writer", "w.Header().Put(made)", []),
        ("", "s := &Store{}; s.Put(made)", []),
        ("", "s := &Store{}; s.Put(made); keep(s)", ["Store.items"]),
    ],
)
def test_a_method_is_followed_only_where_it_is_that_of_the_type(params, put, expected):
    body = PUT.replace("PARAMS", params).replace("PUTS", put)
    assert names(body, ("main.serve", "made :=")) == expected


def test_a_map_that_the_caller_made_for_the_call_is_no_holder_and_one_that_it_keeps_is():
    body = """
    func fill(into map[string]*Item, name string) {
        into[name] = &Item{}
    }

    func serve(name string) int {
        found := map[string]*Item{}
        fill(found, name)
        return len(found)
    }

    func (s *Store) Put(name string) {
        fill(s.items, name)
    }
    """
    assert names(body, ("main.fill", "into[name]"), ("main.serve", "fill(found")) == []
    assert names(body, ("main.fill", "into[name]"), ("main.(*Store).Put", "fill(s.items")) == ["Store.items"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("bool", "made == nil", []),
        ("int", "made.size", []),
        ("*Item", "made", ["main.seen"]),
        ("[]Item", "[]Item{{made == nil, made}}", ["main.seen"]),
    ],
)
def test_a_value_that_cannot_hold_anything_keeps_nothing(kind, value, expected):
    body = f"var seen = map[string]{kind}{{}}\n\nfunc f(k string) {{\n\tmade := &Item{{}}\n\tseen[k] = {value}\n}}\n"
    assert names(body, ("main.f", "made :=")) == expected


def test_what_two_packages_call_alike_is_told_apart():
    files = {
        "/srv/a/a.go": "package a\nvar seen = map[string]*T{}\ntype T struct { rows [4]int }\n",
        "/srv/b/b.go": (
            "package b\ntype T struct { rows map[int]*T }\nfunc Put(t *T) {\n\tt.rows[1] = &T{}\n}\n"
            "func Note(k string) {\n\tseen[k] = &T{}\n}\n"
        ),
    }
    for program in (read(files), read(dict(reversed(files.items())))):
        follower = Follower(program, {}, "b")
        (found,) = follower.kept([CodePlace("/srv/b/b.go", 4, "b.Put")])
        assert (found.name, found.kind, found.fixed) == ("T.rows", "map", False)
        assert follower.kept([CodePlace("/srv/b/b.go", 7, "b.Note")]) == []


@pytest.mark.parametrize("begun", ["x := ;", "var x =", "x := "])
def test_a_variable_without_a_value_has_no_type(begun):
    body = f"func f(k string) {{\n\t{begun}\n\tgo func() {{\n\t\tx[k] = new(Item)\n\t}}()\n}}\n"
    assert kept(body, ("main.f", "x[k] =")) is not None


@pytest.mark.parametrize(
    "written",
    [
        "func init() {\n" + '\tseen["k"] = 1\n' * 2900 + "}\n",
        "func load() {\n\tx := mk()\n" + "".join(f"\ty{at} := x\n\tseen[1] = y{at}\n" for at in range(1000)) + "}\n",
        'func load() {\n\tx := mk("' + "ab12" * 10_000 + '")\n\tseen[1] = x\n}\n',
        "func load() {\n\tx := mk()\n\tseen[1] = x\n}\n" + "/* " * 20_000,
        "func load() {\n\tx := mk()\n\tx = " + "f(" * 1500 + ")" * 1500 + "\n}\n",
    ],
)
def test_source_that_a_program_wrote_is_looked_at_in_no_time(written):
    text = "package main\nvar seen = map[string]int{}\n" + written
    begun = process_time()
    follower = Follower(read({FILE: text}), {FILE: text.split("\n")}, "main")
    follower.variable("seen")
    follower.kept([CodePlace(FILE, 4, "main.load")])
    assert process_time() - begun < 4.0


def holder(function, line, **more):
    place = CodePlace(FILE, line, function)
    known = {
        "name": f"what {function} (shop.go:{line}) allocates",
        "kind": "call path",
        "root": RootKind.MODULE,
        "path": (PathStep(f"{function} (shop.go:{line})", ""),),
        "items_before": 100,
        "items_after": 400,
        "bytes_before": 1 << 20,
        "bytes_after": 8 << 20,
        "evicted_items": 0,
        "item_type": "",
        "defined": place,
        "cause": CauseName.GLOBAL,
        "eviction_known": False,
        "counted": "objects",
        "seconds": 10.0,
        "allocated": (place,),
    }
    return HolderGrowth(**{**known, **more})


def grown(*holders):
    return HeapGrowth(20.0, 1000, 5000, 10 << 20, 20 << 20, (), holders, language="Go")


CACHE = dedent(STORE) + dedent("""
    func (s *Store) Get(name string) *Item {
        if found, ok := s.items[name]; ok {
            return found
        }
        made := &Item{name: name}
        s.items[name] = made
        return made
    }

    func (s *Store) sweep(name string) {
        delete(s.items, name)
    }
    """)
MADE = 1 + CACHE[: CACHE.index("made := &Item")].count("\n")


def test_a_call_path_becomes_the_field_that_keeps_it():
    first = grown(
        holder("main.(*Store).Get", MADE), holder("main.(*Store).Get", MADE + 1, name="what the map allocates")
    )
    assert files_wanted(first) == (FILE,)
    after = by_source(first, {FILE: CACHE})
    (one,) = after.holders
    assert (one.name, one.kind, one.item_type, one.owner_type) == ("Store.items", "map", "Item", "Store")
    assert (one.items_before, one.items_after, one.bytes_after) == (200, 800, 16 << 20)
    (cause,) = rank(after, clues(after, {FILE: CACHE}), None)
    assert (cause.name, cause.holder) == (CauseName.UNBOUNDED_CACHE, "Store.items")
    assert "read from the source" in cause.why[0]
    assert "main.(*Store).sweep would take items out, and nothing that was read calls it" in cause.why[0]
    assert [place.line for place in cause.where] == [MADE + 1, MADE]
    assert cause.where[0].source == "s.items[name] = made"


def test_without_its_source_a_call_path_stays_what_it_was():
    before = grown(holder("main.(*Store).Get", MADE))
    assert by_source(before, {}) is before
    assert by_source(before, {FILE: "package main\n"}) == before


def test_a_key_that_names_somebody_may_be_a_session():
    text = CACHE.replace("name string) *Item", "client string) *Item").replace("[name]", "[client]")
    (one,) = by_source(grown(holder("main.(*Store).Get", MADE)), {FILE: text}).holders
    (clue,) = clues(grown(one), {FILE: text})
    assert [each.name for each in findings(clue)] == [CauseName.UNBOUNDED_CACHE, CauseName.SESSION_STATE]


def test_a_length_that_is_compared_where_items_are_put_is_a_bound():
    text = CACHE.replace(
        "        return made\n", "        if len(s.items) > 100 {\n            delete(s.items, oldest())\n        }\n"
    ).replace("    return made\n", "    if len(s.items) > 100 {\n        delete(s.items, oldest())\n    }\n")
    after = by_source(grown(holder("main.(*Store).Get", MADE)), {FILE: text})
    (clue,) = clues(after, {FILE: text})
    assert [place.source for place in clue.sites.bounds] == ["if len(s.items) > 100 {"]


@pytest.mark.parametrize(
    ("looked", "taken", "bounds"),
    [
        ("len(s.items) > 100", "delete(s.items, old)", 1),
        ("len(s.items) > 0", "delete(s.items, old)", 0),
        ("len(s.items) >= 1", "delete(s.items, old)", 0),
        ("len(s.labels) > 100", "delete(s.live, name)", 0),
        ("s.order.Len() > 100", "s.order.PushBack(name); delete(s.items, old)", 1),
    ],
)
def test_a_length_of_something_else_or_of_nothing_is_no_bound(looked, taken, bounds):
    body = f"""
    func (s *Store) Put(name string) {{
        if {looked} {{
            {taken}
        }}
        s.items[name] = &Item{{}}
    }}
    """
    (found,) = [each for each in kept(body, ("main.(*Store).Put", "s.items[name]")) if each.field == "items"]
    assert len(found.bounds) == bounds


def test_a_variable_by_its_name_alone_is_less_sure_than_a_field():
    text = "package main\nvar seen []string\nfunc f() {\n\tseen = append(seen, mk())\n}\n"
    (clue,) = clues(grown(one := by_source(grown(holder("main.f", 4)), {FILE: text}).holders[0]), {FILE: text})
    assert (one.name, findings(clue)[0].fit) == ("main.seen", 0.6)


def test_lines_are_counted_as_go_counts_them():
    text = CACHE.replace("package main", "package main // a\x0cb\u2028c", 1)
    after = by_source(grown(holder("main.(*Store).Get", MADE)), {FILE: text})
    assert after.holders[0].by_source.places[0].source == "s.items[name] = made"
    (clue,) = clues(after, {FILE: text})
    assert clue.sites.defined[0].source == "made := &Item{name: name}"


def test_source_that_takes_too_long_is_left():
    before = grown(holder("main.(*Store).Get", MADE))
    assert by_source(before, {FILE: CACHE}, count(0, 3).__next__) is before
    assert by_source(before, {FILE: CACHE}, lambda: 5.0) != before


@pytest.mark.parametrize("error", [IndexError, RecursionError, ValueError])
def test_source_that_cannot_be_followed_is_left(monkeypatch, error):
    def fails(*_):
        raise error

    before = grown(holder("main.(*Store).Get", MADE))
    monkeypatch.setattr(Follower, "kept", fails)
    assert by_source(before, {FILE: CACHE}) is before


def test_a_variable_is_told_with_the_field_of_its_type_that_grows():
    text = CACHE.replace("if found, ok := s.items[name]; ok {", "if found := s.last; found != nil {")
    path = PathStep("package main", ""), PathStep("variable", "variable store")
    of_memory = holder("main.store", 16, name="main.store", kind="variable", attribute="store", path=path, allocated=())
    (one,) = by_source(grown(of_memory), {FILE: text}).holders
    assert (one.name, one.kind, one.cause) == ("main.store → Store.items", "map", CauseName.STATIC_COLLECTION)
    assert [step.via for step in one.path] == ["", "variable store", ".items"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "package main\nfunc (",
        "func f() {" * 500,
        "type T struct {",
        "var x = `",
        "func f() { a[ = b }",
        "\0\xff}{)(",
    ],
)
def test_text_that_is_no_go_says_nothing(text):
    before = grown(holder("main.(*Store).Get", 1))
    assert by_source(before, {FILE: text}) == before


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("p := &Pool{leased: map[int]*Item{}}\n\tserve(p)", ["Pool.leased", "Pool.idle"]),
        ("serve(&Pool{})", ["Pool.leased", "Pool.idle"]),
        ("box := Box{pool: open()}\n\tserve(box.pool)", ["Pool.leased", "Pool.idle"]),
        ("log.Print(1)", []),
    ],
)
def test_what_variables_of_a_function_lead_to_is_named_by_the_nearest_fields_that_grow(body, says):
    text = dedent(STORE) + dedent(POOL).replace("BODY", body)
    line = 1 + text.split("\n").index("    block()")
    place = CodePlace(FILE, line, "main.main")
    one = replace(holder("main.main", line, name="what main.main keeps"), kind="locals", defined=place, allocated=())
    (told,) = by_source(grown(one), {FILE: text}).holders
    assert told.name == (" and ".join(says) or "what main.main keeps")
    if says:
        assert (told.kind, told.owner_type, told.attribute) == ("map", "Pool", "leased")
        assert "variables of main.main lead to it" in told.by_source.told
        assert told.cause is CauseName.CONNECTION_POOL


POOL = """
    type Pool struct {
        idle   []*Item
        leased map[int]*Item
        recent []string
    }

    type Box struct { pool *Pool }

    func open() *Pool { return &Pool{} }

    func (p *Pool) Get(id int) *Item {
        made := &Item{}
        p.leased[id] = made
        return made
    }

    func (p *Pool) note(name string) {
        if len(p.recent) > 50 {
            p.recent = append(p.recent[:0], p.recent[1:]...)
        }
        p.recent = append(p.recent, name)
    }

    func (p *Pool) Put(item *Item) {
        p.idle = append(p.idle, item)
    }

    func main() {
        BODY
        block()
    }
"""


@pytest.mark.parametrize(
    ("ends", "found"), [("", ["Desk.life"]), ("defer stop()", []), ("if failed() {\n\t\tstop()\n\t}", ["Desk.life"])]
)
def test_what_a_context_calls_when_it_ends_is_kept_by_it(ends, found):
    body = f"""
type Desk struct {{ life context.Context }}

func (d *Desk) reserve(item *Item) {{
\tstop := context.AfterFunc(d.life, item.release)
\t{ends}
}}

func (d *Desk) show(name string) {{
\titem := &Item{{name: name}}
\td.reserve(item)
}}
"""
    assert names(body, ("main.(*Desk).show", "item :=")) == found
    if found:
        text = dedent(STORE) + dedent(body)
        line = 1 + next(at for at, each in enumerate(text.split("\n")) if "item :=" in each)
        (told,) = by_source(
            grown(holder("main.(*Desk).show", line, name="what main.show allocates")), {FILE: text}
        ).holders
        assert (told.name, told.cause) == ("Desk.life", CauseName.LISTENER)


DUE = """
package main

const coolingOff = 30 * time.Second

func settle(t *Trade) {
\twait := time.NewTimer(coolingOff)
\tdefer wait.Stop()
\tBODY
\tdone(t)
}
"""


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ("<-wait.C", 30.0),
        ("<-time.After(2 * time.Minute)", 120.0),
        ("time.Sleep(time.Second)", 1.0),
        ("time.Sleep(time.Millisecond * 250)", 0.25),
        ("time.Sleep(t.wait())", None),
        ("<-t.done", None),
        ("<-other.C", None),
        ("for {\n\t\ttime.Sleep(time.Second) // HERE\n\t}", None),
        ("select {\n\tcase <-t.done:\n\t\ttime.Sleep(time.Second) // HERE\n\t}", None),
    ],
)
def test_a_goroutine_that_waits_for_the_clock_alone_ends_by_itself(body, seconds):
    text = DUE.replace("BODY", body).replace(" // HERE", "")
    wanted = body if "HERE" not in body else "time.Sleep(time.Second)"
    line = 1 + next(at for at, each in enumerate(text.split("\n")) if each.strip() == wanted.strip())
    place = CodePlace(FILE, line, "main.settle")
    assert due_s(text, place) == seconds
    waiting = replace(holder("main.settle", line, name="goroutines"), kind="goroutines", defined=place, allocated=())
    (told,) = by_source(grown(waiting), {FILE: text}).holders
    assert (told.bound is not None) is (seconds is not None)
    if seconds == 30.0:
        assert told.bound.limit_items == int(1.1 * 30.0 * waiting.items_grown / waiting.grown_in_s(grown(waiting))) + 1
