"""Ordinary shapes of leaks in a real JVM: the cause that an expert would name, and what could be meant as well."""

from __future__ import annotations

import numpy as np
import pytest
from jvm import shapes

from oakum.heap.difference import sketch_of
from oakum.heap.formats.detect import read_dump

pytestmark = pytest.mark.lab

MANY = 400
NAMED = {
    "Archive.ORDERS": ("static-collection", "unbounded-cache"),
    "Journal.LINES": ("static-collection", "global"),
    "PriceCache.byKey": ("unbounded-cache", "static-collection"),
    "Quotes.CACHE": ("unbounded-cache", "static-collection"),
    "Portal.byToken": ("session-state", "unbounded-cache"),
    "Shop.baskets": ("unbounded-cache", "session-state"),
    "Bus.all": ("listener", "static-collection"),
    "Topic.subscriptions": ("listener", "unbounded-cache"),
    "Screen.onClose": ("listener", "static-collection"),
    "Gauges.registered": ("static-collection", "listener"),
    "Renderer.pool": ("queue-backlog", "listener"),
    "Escalations.scheduler": ("timer", "queue-backlog"),
    "Reminders.clock": ("timer", "queue-backlog"),
    "Mailer.outbox": ("queue-backlog", "static-collection"),
    "Spooler.sheets": ("queue-backlog", "static-collection"),
    "Retries.later": ("timer", "queue-backlog"),
    "Context.TRAIL (thread-local)": ("thread-local", None),
    "Pool.taken": ("connection-pool", "static-collection"),
    "Dao.open": ("connection-pool", "static-collection"),
    "Desk.ready": ("listener", "static-collection"),
    "Interceptors.known": ("static-collection", "global"),
    "OrderHandler.rows": ("static-collection", "global"),
    "InMemoryLedger.lines": ("static-collection", "global"),
    "Timetable.intervals": ("unbounded-cache", "static-collection"),
    "Finished.results": ("static-collection", "global"),
}
MORE_NAMED = {
    "Beans.disposables": ("static-collection", "unbounded-cache"),
    "Calls.byNumber": ("static-collection", "unbounded-cache"),
    "Resources.cleaner": ("listener", "static-collection"),
    "Bundles.byLocale": ("unbounded-cache", "static-collection"),
    "Symbols.INTERNED": ("static-collection", "unbounded-cache"),
}
EXPECTED = {
    **{f"shapes.Shapes${name}": causes for name, causes in NAMED.items()},
    **{f"shapes.More${name}": causes for name, causes in MORE_NAMED.items()},
    "java.io.DeleteOnExitHook.files": ("static-collection", "global"),
}


def test_the_cause_that_an_expert_would_name_stands_first_and_the_arguable_one_beside_it(tmp_path):
    with shapes(tmp_path) as running:
        path = running.dump(tmp_path / "shapes.hprof")
    holders = sketch_of(read_dump(np.fromfile(path, np.uint8)), file="shapes.hprof", told=lambda _: None).holders
    found = {name: holders[name] for name in EXPECTED}
    told = {name: (each.cause.value, {cause.value for cause, _ in each.others}) for name, each in found.items()}
    wrong = {
        name: told[name]
        for name, (first, second) in EXPECTED.items()
        if told[name][0] != first or (second is not None and second not in told[name][1])
    }
    assert not wrong
    assert holders["java.lang.ApplicationShutdownHooks.hooks"].cause.value == "listener"
    # Branches of a tree of entries are parts of one map, which has told its length; what they hold is no entry.
    assert found["shapes.Shapes$Gauges.registered"].count == MANY
    assert "Lambda" in found["shapes.Shapes$Gauges.registered"].item_type
