"""Which words speak of a cause: the field and its items first, then the class that has it, never a package."""

# ruff: noqa: E501  (shapes in a table: one line each)

from __future__ import annotations

import pytest

from oakum.heap.shapes import Shape, guess, others
from oakum.model.cause import CauseName

CACHE, LISTENER, QUEUE, SESSION = (
    CauseName.UNBOUNDED_CACHE,
    CauseName.LISTENER,
    CauseName.QUEUE_BACKLOG,
    CauseName.SESSION_STATE,
)


def cause(name, items="", kind="java.util.HashMap", *, static=False):
    return guess(Shape(name=name, items=items, kind=kind, special="", static=static, single=False)).cause


@pytest.mark.parametrize(
    ("name", "items", "kind", "told"),
    [
        ("shop.web.OrderHandler.byCustomer", "shop.Order", "java.util.HashMap", CACHE),
        ("shop.handlers.Basket.lines", "shop.Line", "java.util.HashMap", CACHE),
        ("shop.web.ConnectionFactory.seen", "java.lang.String", "java.util.HashSet", CACHE),
        ("shop.CursorPool.borrowed", "shop.Cursor", "java.util.ArrayDeque", CauseName.CONNECTION_POOL),
        ("shop.Deadlines.heap", "shop.Hold", "java.util.ArrayList", CauseName.TIMER),
        ("Mailer.compiled", "Object", "Object", CACHE),
        ("shop.SessionApp$Prices.known", "shop.Price", "java.util.TreeMap", CACHE),
        ("prices in requestHandler.js", "Object", "Map", CACHE),
        ("shop.Bus.all", "shop.PaidListener", "java.util.ArrayList", LISTENER),
        ("shop.Hooks.registered", "shop.App", "java.util.ArrayList", LISTENER),
        ("Room.handlers", "function ping", "Array", LISTENER),
        ("shop.Mailer.outbox", "shop.Mail", "java.util.concurrent.LinkedBlockingQueue", QUEUE),
        ("jobs in queue.js", "Object", "Array", QUEUE),
        ("shop.Registry.byToken", "shop.UserSession", "java.util.HashMap", SESSION),
        ("SessionStore.all", "Object", "Map", SESSION),
        ("shop.SessionCache.entries", "shop.Session", "java.util.HashMap", SESSION),
    ],
)
def test_the_field_and_its_items_say_more_than_the_class_that_has_it(name, items, kind, told):
    assert cause(name, items, kind) is told


def test_a_plain_list_is_no_cache_because_it_is_called_entries():
    assert cause("entries in audit.js", "Object", "Array") is CauseName.GLOBAL
    assert cause("shop.Audit.entries", "shop.Entry", "java.util.ArrayList", static=True) is CauseName.STATIC_COLLECTION


def test_a_static_map_is_a_static_collection_unless_its_name_speaks_of_a_cache():
    kind = "java.util.concurrent.ConcurrentHashMap"
    assert cause("shop.Gauges.registered", "shop.Gauge", kind, static=True) is CauseName.STATIC_COLLECTION
    assert cause("shop.Prices.CACHE", "shop.Price", kind, static=True) is CauseName.UNBOUNDED_CACHE
    assert cause("seen in hub.js", "Object", "Map", static=True) is CauseName.UNBOUNDED_CACHE
    assert cause("entries in audit.js", "Object", "Map") is CACHE
    assert cause("shop.Audit.cache", "shop.Entry", "java.util.ArrayList") is CACHE


def test_what_is_kept_to_be_closed_later_was_registered_and_is_no_cache():
    def of(name, items):
        return Shape(name, items, "java.util.LinkedHashMap", "", static=False, single=False, singleton=True)

    shape = of("shop.Beans.disposables", "shop.Writer")
    assert guess(shape).cause is CauseName.STATIC_COLLECTION
    assert [cause for cause, _ in others(shape)] == [CACHE, CauseName.GLOBAL]
    assert guess(of("shop.Pages.byKey", "shop.CloseableImage")).cause is CauseName.STATIC_COLLECTION
    assert guess(of("shop.Beans.definitions", "shop.Writer")).cause is CACHE
    assert guess(of("shop.Beans.disposablesCache", "shop.Writer")).cause is CACHE


LAMBDA = "shop.Desk$$Lambda$14"
JAVA = {
    "a static map": ("shop.Archive.ORDERS", "shop.Order", "java.util.HashMap", {"static": True}, "static-collection", "unbounded-cache"),
    "a static map called a cache": ("shop.Quotes.CACHE", "shop.Order", "java.util.HashMap", {"static": True}, "unbounded-cache", "static-collection"),
    "a map of a singleton": ("shop.Shop.orders", "shop.Order", "java.util.HashMap", {"singleton": True}, "unbounded-cache", "static-collection"),
    "a map by somebody": ("shop.Shop.baskets", "shop.Order", "java.util.HashMap", {}, "unbounded-cache", "session-state"),
    "a registry of suppliers": ("shop.Gauges.known", LAMBDA, "java.util.TreeMap", {"singleton": True}, "static-collection", "listener"),
    "lambdas in a list": ("shop.Screen.onClose", LAMBDA, "java.util.ArrayList", {}, "listener", "global"),
    "what a future will call": ("shop.Desk.ready", LAMBDA, "java.util.concurrent.CompletableFuture", {}, "listener", "global"),
    "an executor": ("shop.Renderer.pool", LAMBDA, "java.util.concurrent.ThreadPoolExecutor", {"inside": ("java.util.concurrent.LinkedBlockingQueue",)}, "queue-backlog", "listener"),
    "a library's executor": ("shop.Renderer.workers", LAMBDA, "org.lib.Workers", {"inside": ("org.lib.Workers", "java.util.concurrent.LinkedBlockingQueue$Node")}, "queue-backlog", "listener"),
    "a scheduled executor": ("shop.Desk.scheduler", LAMBDA, "java.util.concurrent.ScheduledThreadPoolExecutor", {}, "timer", "listener"),
    "a delay queue": ("shop.Retries.later", "shop.Retry", "java.util.concurrent.DelayQueue", {}, "timer", "queue-backlog"),
    "a timetable": ("shop.Timetable.intervals", "shop.Row", "java.util.TreeMap", {}, "unbounded-cache", "global"),
    "a set of a map": ("shop.Known.rows", "shop.Row", "java.util.Collections$SetFromMap", {"static": True}, "static-collection", "global"),
    "statements": ("shop.Dao.rows", "org.h2.jdbc.JdbcPreparedStatement", "java.util.ArrayList", {}, "connection-pool", "global"),
    "rows of results": ("shop.Dao.rows", "com.mysql.cj.jdbc.result.ResultSetImpl", "java.util.ArrayList", {}, "connection-pool", "global"),
    "statements of a bank": ("shop.Bank.rows", "shop.Statement", "java.util.ArrayList", {}, "global", None),
    "errors of deadlines": ("shop.Api.failures", "shop.DeadlineExceeded", "java.util.ArrayList", {}, "global", None),
    "books of a library": ("shop.Library.books", "shop.BorrowedBook", "java.util.ArrayList", {}, "global", None),
    "what is lent": ("shop.Library.borrowed", "shop.Book", "java.util.ArrayList", {}, "connection-pool", "global"),
    "a list of rules": ("shop.Rules.compiled", "shop.Rule", "java.util.ArrayList", {}, "global", None),
    "finalizers": ("java.lang.ref.Finalizer.unfinalized", "shop.Picture", "java.lang.ref.Finalizer", {"static": True}, "queue-backlog", "static-collection"),
    "shutdown hooks": ("java.lang.ApplicationShutdownHooks.hooks", LAMBDA, "java.util.IdentityHashMap", {"static": True}, "listener", "static-collection"),
    "a ledger in memory": ("shop.InMemoryLedger.lines", "shop.Line", "java.util.ArrayList", {}, "global", None),
    "a webhook's answers": ("shop.Webhooks.answers", "shop.Answer", "java.util.ArrayList", {}, "global", None),
    "a thread-local": ("shop.Context.TRAIL (thread-local)", "shop.Row", "java.util.ArrayList", {"special": "thread-local"}, "thread-local", None),
    "Ruby procs": ("Bus#@all", "Proc", "Array", {}, "listener", "global"),
    "a Ruby hash": ("Shop#@orders", "Order", "Hash", {}, "unbounded-cache", "global"),
    "functions of JavaScript": ("Room.all", "function ping", "Array", {}, "listener", "global"),
}  # fmt: skip


@pytest.mark.parametrize("case", JAVA)
def test_the_cause_that_an_expert_would_name_stands_first_and_the_arguable_one_beside_it(case):
    name, items, kind, more, first, second = JAVA[case]
    shape = Shape(**({"special": "", "static": False, "single": False} | more), name=name, items=items, kind=kind)
    beside = others(shape)
    assert guess(shape).cause.value == first
    assert second is None or second in [cause.value for cause, _ in beside]
    assert len(beside) <= 2
    assert all(0 < fit < guess(shape).fit for _, fit in beside)
    assert guess(shape).cause not in [cause for cause, _ in beside]
