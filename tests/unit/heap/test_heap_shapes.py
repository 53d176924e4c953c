"""Which words speak of a cause: the field and its items first, then the class that has it, never a package."""

from __future__ import annotations

import pytest

from oakum.heap.shapes import Shape, guess
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
