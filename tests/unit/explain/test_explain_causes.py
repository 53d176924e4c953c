"""The catalogue: each cause on the growth that it is made for, and the ranking."""

from __future__ import annotations

import ast
import shlex

import pytest
from examples_explain import MIB, PLACE, clue, growth, holder, series

from oakum.explain import explain
from oakum.explain.causes import RULES, findings, readings
from oakum.explain.plan import plan
from oakum.explain.rank import clues, files_wanted, rank
from oakum.explain.source import MOST_KEPT, Sites
from oakum.model.cause import CauseName, CodePlace
from oakum.model.growth import Bound, PathStep, RootKind
from oakum.model.policy import Policy
from oakum.model.step import Plan
from oakum.model.verdict import VerdictName

MODULE = PathStep("module shop.cart", "")
SITUATIONS = {
    CauseName.UNBOUNDED_CACHE: {"attribute": "cache", "name": "shop.cart.cache"},
    CauseName.LISTENER: {"kind": "list", "item_type": "function", "attribute": "handlers", "name": "Bus.handlers"},
    CauseName.TIMER: {"kind": "list", "item_type": "threading.Timer", "attribute": "pending"},
    CauseName.CLOSURE: {
        "kind": "list",
        "name": "closure of make() in hub.py: seen_rows",
        "attribute": "rows",
        "path": (MODULE, PathStep("function", "global keep"), PathStep("list", "closure variable rows")),
    },
    CauseName.GLOBAL: {"kind": "list", "attribute": "_rows", "name": "shop._rows", "item_type": "tuple"},
    CauseName.THREAD_LOCAL: {
        "kind": "list",
        "attribute": "crumbs",
        "path": (MODULE, PathStep("_thread._local", "global _context"), PathStep("list", ".crumbs")),
    },
    CauseName.STATIC_COLLECTION: {
        "attribute": "registry",
        "path": (MODULE, PathStep("type shop.cart.Order", "class Order"), PathStep("dict", "class attribute registry")),
    },
    CauseName.SESSION_STATE: {"attribute": "sessions", "item_type": "shop.Session", "name": "Store.sessions"},
    CauseName.CONNECTION_POOL: {"kind": "list", "attribute": "in_use", "item_type": "shop.db.Connection"},
    CauseName.LARGE_LOAD: {"kind": "list", "attribute": "held", "item_type": "bytes", "items_after": 1001},
    CauseName.QUEUE_BACKLOG: {"kind": "collections.deque", "attribute": "outbox", "item_type": "shop.Mail"},
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_each_cause_is_first_on_the_growth_that_it_is_made_for(name):
    found = findings(clue(**SITUATIONS[name]))
    assert found[0].name is name
    assert [finding.fit for finding in found] == sorted((finding.fit for finding in found), reverse=True)


def test_every_rule_is_shown_and_gives_a_reason_an_advice_and_a_fix_that_is_python():
    assert len(SITUATIONS) == len(RULES)
    for situation in SITUATIONS.values():
        for finding in findings(clue(**situation)):
            assert 0 < finding.fit <= 1
            assert finding.why
            assert finding.advice.endswith(".")
            ast.parse(finding.example.before)
            assert finding.example.before != finding.example.after
            ast.parse(finding.example.after)


@pytest.mark.parametrize("attribute", ["obsession", "possessions", "intersession_gap"])
def test_a_word_that_only_contains_session_is_none(attribute):
    found = findings(clue(attribute=attribute, name=attribute))
    assert CauseName.SESSION_STATE not in {finding.name for finding in found}


def test_what_an_instance_has_is_its_own_though_an_attribute_of_a_class_leads_to_it():
    page = (MODULE, PathStep("type shop.Page", "class Page"), PathStep("shop.Market", "class attribute market"))
    path = (*page, PathStep("shop.Feed", ".feeds"), PathStep("dict", ".watchers"))
    found = findings(clue(name="shop.Feed.watchers", attribute="watchers", item_type="shop.Watch", path=path))
    assert found[0].name is CauseName.LISTENER
    assert CauseName.STATIC_COLLECTION in {finding.name for finding in found[1:]}


def test_a_mapping_whose_lists_grow_and_that_gains_no_key_is_no_load():
    grows = {"bytes_before": 10 * MIB, "bytes_after": 60 * MIB, "item_type": "list"}
    assert CauseName.LARGE_LOAD not in {
        each.name for each in findings(clue(items_before=107, items_after=107, **grows))
    }
    assert CauseName.LARGE_LOAD in {each.name for each in findings(clue(items_before=107, items_after=108, **grows))}


def test_tasks_that_are_done_are_results_and_whoever_keeps_them_is_the_cause():
    path = (MODULE, PathStep("set", "global background_tasks"))
    found = findings(
        clue(
            kind="set", name="shop.background_tasks", attribute="background_tasks", item_type="_asyncio.Task", path=path
        )
    )
    assert [finding.name for finding in found[:2]] == [CauseName.GLOBAL, CauseName.TIMER]


def test_whatever_grows_has_a_cause():
    assert findings(clue(kind="shop.Odd", item_type="", attribute="", path=(MODULE,)))[0].name is CauseName.GLOBAL


def test_causes_are_ranked_by_what_they_gain_and_garbage_is_nobodys():
    rows = [
        holder(name="small", bytes_after=12 * MIB),
        holder(name="large", bytes_after=40 * MIB),
        holder(name="gone", bytes_after=90 * MIB, root=RootKind.UNREACHABLE),
    ]
    grown = growth(*rows)
    causes = rank(grown, clues(grown, {}), 4.0 * MIB)
    assert [cause.holder for cause in causes if cause.instead_of is None] == ["large", "small"]
    assert causes[0].growth_bytes_per_s == 3.0 * MIB
    assert any("75 % of the process's measured growth" in why for why in causes[0].why)


def test_what_gained_a_trifle_explains_nothing_of_a_process_that_gains_much_more():
    little = holder(bytes_before=MIB, bytes_after=MIB + (20 << 10))
    grown = growth(little)
    assert rank(grown, clues(grown, {}), 4.0 * MIB) == ()
    assert rank(grown, clues(grown, {}), 4 << 10)[0].holder == little.name


@pytest.mark.parametrize("rate", [None, 0.0, -5.0])
def test_a_share_of_no_growth_is_not_told(rate):
    grown = growth(holder())
    cause = rank(grown, clues(grown, {}), rate)[0]
    assert not [why for why in cause.why if "measured growth" in why]


def test_what_speaks_against_it_lowers_the_confidence_and_is_told():
    firm = rank(growth(holder()), [clue()], None)[0]
    bounded = rank(growth(holder()), [clue(Sites(bounds=[PLACE]))], None)[0]
    limited = rank(growth(holder()), [clue(bound=Bound(5000, "maxsize"))], None)[0]
    assert bounded.confidence < firm.confidence
    assert limited.confidence < firm.confidence
    assert "something may bound it: /srv/shop/cart.py:12 in put" in bounded.against[0]
    assert "7 of its items went" in rank(growth(holder()), [clue(evicted_items=7)], None)[0].against[-1]


def test_the_source_of_the_function_comes_before_that_of_the_module():
    defined = CodePlace("/srv/shop/hub.py", 3, "make")
    grown = growth(holder(defined=defined), holder(module="nowhere"))
    assert files_wanted(grown) == ("/srv/shop/cart.py", "/srv/shop/hub.py")
    sources = {
        "/srv/shop/hub.py": "def make():\n    def put(x):\n        _seen[x] = 1\n",
        "/srv/shop/cart.py": "_seen = {}\n",
    }
    found = clues(grown, sources)
    assert [place.file for place in found[0].sites.inserts] == ["/srv/shop/hub.py"]


def test_compiled_modules_are_no_source():
    grown = growth(holder())
    object.__setattr__(grown, "module_files", {"shop.cart": "/srv/shop/cart.cpython-311.so"})
    assert files_wanted(grown) == ()


TARGET = "cgroup/system.slice/a\\x2db c.service"


@pytest.mark.parametrize("name", VerdictName)
def test_every_command_of_a_plan_can_be_typed_and_names_the_target(name):
    made = plan(series(name), (), TARGET, Policy())
    assert (made == Plan()) == (name is VerdictName.HEALTHY)
    for step in made.steps:
        assert step.title
        assert step.effect
        assert step.risk
        words = shlex.split(step.command)
        assert not words or words[0] == "oakum"
        if "investigate" in words:
            assert words[2] == TARGET or "…" in words[2]


def test_a_leak_is_kept_restarted_fixed_and_verified_in_this_order():
    grown = growth(holder())
    causes = rank(grown, [clue(Sites(inserts=[PLACE]))], 1.0 * MIB)
    steps = plan(series(VerdictName.LEAK), causes, "pid/7", Policy(quick_check_s=7200)).steps
    assert [step.title.split()[0] for step in steps] == ["Keep", "Restart", "Fix", "Verify"]
    assert "within 1 min 40 s" in steps[1].title
    assert steps[2].title == "Fix shop.cart._seen at /srv/shop/cart.py:12 in put"
    assert steps[3].takes_s == 7200


def test_a_healthy_target_is_accused_of_nothing():
    grown = growth(holder(bytes_after=10 * MIB))
    healthy = series(VerdictName.HEALTHY, rate_per_s=0.0)
    found = explain("pid/7", healthy, grown, sources={}, policy=Policy())
    assert (found.causes, found.plan) == ((), Plan())


@pytest.mark.parametrize("root", ["class attribute legs_between", "global legs_between"])
def test_a_memo_of_functools_is_a_cache_wherever_it_hangs(root):
    way = (MODULE, PathStep("class shop.Planner", "global Planner"))
    wrapped = PathStep("functools._lru_cache_wrapper", root)
    for path in ((*way, wrapped, PathStep("dict", "holds")), (MODULE, wrapped)):
        found = findings(clue(attribute="legs_between", path=path))
        assert found[0].name is CauseName.UNBOUNDED_CACHE
        assert "maxsize" in found[0].why


def test_what_a_cached_function_merely_leads_to_is_no_memo():
    far = (MODULE, PathStep("functools._lru_cache_wrapper", "global service"), PathStep("shop.Bus", "holds"))
    found = findings(
        clue(
            kind="list",
            attribute="handlers",
            item_type="function",
            path=(*far, PathStep("list", ".a"), PathStep("list", ".handlers")),
        )
    )
    assert found[0].name is CauseName.LISTENER


def test_the_applications_own_code_stands_before_that_of_libraries():
    library = CodePlace("/usr/lib/python3.12/queue.py", 20, "put", "self.queue.append(item)")
    own = CodePlace("/srv/shop/cart.py", 12, "put", "_seen[key] = value")
    found = [clue(Sites(inserts=[library, own]))]
    cause = rank(growth(found[0].holder), found, None)[0]
    assert [place.file for place in cause.where] == [own.file, library.file]


def test_what_was_left_out_of_a_source_is_told_with_its_places():
    text = "seen.push(1);\n" * (MOST_KEPT + 3) + "seen.push(1);" * 1000
    file = "/srv/shop/cart.js"
    grown = growth(holder(attribute="seen", module=file))
    cause, *_ = rank(grown, clues(grown, {file: text}), None)
    assert cause.where[0].line == 1
    assert any("in 3 more places, which are not looked at" in why for why in cause.why)
    assert any("1 of them may name it" in why for why in cause.why)


def test_a_source_of_long_lines_alone_is_told_although_no_place_is_known():
    file = "/srv/shop/cart.js"
    grown = growth(holder(attribute="seen", module=file))
    cause, *_ = rank(grown, clues(grown, {file: "seen.push(1);" * 1000}), None)
    assert not cause.where
    assert any("1 of them may name it" in why for why in cause.why)


def test_what_could_be_meant_as_well_stands_behind_the_first_with_what_speaks_against_it():
    rows = [holder(attribute="orders", name="shop.orders"), holder(name="other", bytes_after=12 * MIB)]
    grown = growth(*rows)
    first, second, third, *_ = rank(grown, clues(grown, {}), 1.0 * MIB)
    assert [first.holder, second.holder, third.holder] == ["shop.orders", "shop.orders", "other"]
    assert (first.instead_of, second.instead_of, third.instead_of) == (None, first.name, None)
    assert second.confidence < first.confidence < 0.7
    assert second.against == (f"{first.name} fits better: a variable that lives as long as the process holds it",)
    assert second.growth_bytes_per_s == first.growth_bytes_per_s
    assert first.against == ()


def test_what_is_certain_has_no_other_reading():
    path = (MODULE, PathStep("_thread._local", "global _context"), PathStep("list", ".crumbs"))
    told = findings(clue(kind="list", attribute="crumbs", path=path))
    assert readings(told) == []
    assert len(readings(findings(clue(kind="list", attribute="pending_orders", item_type="function")))) > 0


def test_another_reading_is_no_more_growth_and_no_more_of_an_accusation():
    told = explain("pid/7", series(), growth(holder()), sources={}, policy=Policy())
    assert [cause.share for cause in told.causes] == [1.0, None]
    assert told.accounted.explained_bytes_per_s == 1.0 * MIB


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"kind": "list", "module": "shop.handlers", "name": "shop.handlers.Desk.rows", "attribute": "rows"}, "global"),
        ({"kind": "list", "owner_type": "shop.RequestHandler", "attribute": "rows"}, "global"),
        ({"kind": "list", "owner_type": "shop.MemoryStore", "attribute": "rows"}, "global"),
        ({"kind": "list", "attribute": "screens"}, "global"),
        ({"attribute": "by_pair", "owner_type": "shop.RateCache"}, "unbounded-cache"),
        ({"attribute": "by_token", "item_type": "shop.UserSession"}, "session-state"),
        ({"attribute": "sessions", "item_type": "requests.sessions.Session", "kind": "list"}, "connection-pool"),
        ({"attribute": "opened", "item_type": "psycopg2.extensions.connection", "kind": "list"}, "connection-pool"),
        ({"attribute": "jobs", "item_type": "function", "kind": "collections.deque"}, "queue-backlog"),
        ({"attribute": "registry", "item_type": "function"}, "listener"),
    ],
)  # fmt: skip
def test_words_speak_where_they_stand_near(changes, name):
    assert findings(clue(**changes))[0].name.value == name


def test_who_looks_up_what_it_inserts_has_a_cache_and_who_takes_out_the_next_has_a_queue():
    assert (
        findings(clue(Sites(inserts=[PLACE], recalls=[PLACE]), attribute="pages"))[0].name is CauseName.UNBOUNDED_CACHE
    )
    taken = Sites(inserts=[PLACE], removals=[PLACE], taken=True)
    assert findings(clue(taken, kind="list", attribute="sheets"))[0].name is CauseName.QUEUE_BACKLOG
    assert (
        findings(clue(Sites(inserts=[PLACE]), kind="collections.deque", attribute="rows"))[0].name is CauseName.GLOBAL
    )


def test_a_mapping_that_gains_no_key_is_no_cache_whatever_its_items_hold():
    """Lists by key that grow: a pool that shelves under one key, and looks under another."""
    told = {"items_before": 2, "items_after": 2, "evicted_items": 1, "kind": "Map", "module": "/srv/shop/mill.js"}
    first, second = findings(clue(cause=CauseName.UNBOUNDED_CACHE, **told))[:2]
    assert (first.name, second.name) == (CauseName.STATIC_COLLECTION, CauseName.UNBOUNDED_CACHE)
    assert "inside" in first.why


REGISTRY = PathStep("logging.Manager", ".manager"), PathStep("dict", ".loggerDict")
KEPT = {"name": "logging.Manager.loggerDict", "owner_type": "logging.Manager", "attribute": "loggerDict"}
OF_APPLICATION = PathStep("module shop.log", ""), PathStep("logging.Logger", "global BASE"), *REGISTRY
OF_LIBRARY = (
    PathStep("module logging", ""),
    PathStep("class logging.Logger", "global Logger"),
    PathStep("logging.Manager", "class attribute manager"),
    REGISTRY[1],
)


def test_the_field_of_a_librarys_single_object_is_a_static_collection_and_a_mapping_second():
    found = findings(clue(**KEPT, path=OF_APPLICATION, module="logging", item_type="logging.Logger"))
    names = [finding.name for finding in found]
    assert names[:3] == [CauseName.STATIC_COLLECTION, CauseName.UNBOUNDED_CACHE, CauseName.GLOBAL]
    assert found[0].why.endswith("keeps all it was told; reached from shop.log.BASE")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "shop.CACHE", "path": (PathStep("module shop", ""), PathStep("dict", "global CACHE"))},
        {
            "name": "shop.BASE",
            "path": (PathStep("module shop", ""), PathStep("logging.Logger", "global BASE"), *REGISTRY),
            "owner_type": "",
        },
        {**KEPT, "path": OF_LIBRARY},
        {
            "name": "shop.Store.rows",
            "path": (PathStep("module shop", ""), PathStep("shop.Store", "global S"), PathStep("dict", ".rows")),
            "owner_type": "shop.Store",
        },
    ],
)
def test_what_is_the_applications_is_no_field_of_a_librarys_single_object(changes):
    assert not clue(**changes).of_single


def test_a_holder_with_no_more_items_is_no_cache_and_no_session_state():
    found = findings(clue(items_before=2000, items_after=2000, attribute="accounts", bytes_after=42 * MIB))
    assert [each.name.value for each in found] == ["global"]
    assert found[0].why == "each of its 2,000 items gained about 16.4 KiB"
    assert "each of its items" in found[0].advice
    turned = findings(clue(items_before=2000, items_after=2000, evicted_items=2000))
    assert turned[0].why.startswith("it has no more items than before")


@pytest.mark.parametrize(
    ("node", "told"), [("module shop", "variables of module shop"), ("shop.Hub", "fields of shop.Hub")]
)
def test_a_table_of_names_is_never_a_cache(node, told):
    path = (PathStep(node, ""), PathStep("dict", ".__dict__"))
    found = findings(clue(path=path, attribute="__dict__"))
    assert found[0].name is CauseName.GLOBAL
    assert found[0].why == f"several {told} hold them together"
    assert CauseName.UNBOUNDED_CACHE not in {each.name for each in found}


def test_a_memo_with_a_bound_is_not_told_to_have_none():
    path = (PathStep("module shop", ""), PathStep("functools._lru_cache_wrapper", "global render"))
    memo = {"path": path, "kind": "functools._lru_cache_wrapper"}
    first = findings(clue(**memo, bound=Bound(60_000, "functools.lru_cache(maxsize=…)")))[0]
    assert first.name is CauseName.UNBOUNDED_CACHE
    assert "functools.lru_cache(maxsize=…) is reached: 60,000" in first.why
    assert "maxsize is None" in findings(clue(**memo))[0].why
